"""Look for the edit that mends a node. Every edit is tried on the meta device before it is offered.

The candidates come in the order in which a person would think of them: another value of the setting the complaint
names, the block's sibling for this kind of signal (`conv1d` for `conv2d`), an adapter before it, and only then nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from netloom.blocks import BLOCKS
from netloom.build import merging
from netloom.build.axes import Port, Schema, Setting, schema
from netloom.build.flow import Flow
from netloom.errors import closest
from netloom.faults import Edit, edited
from netloom.signal import Signal
from netloom.spec import Block, Chain, Node, Residual

if TYPE_CHECKING:
    from netloom.build.resolve import Path

WIDTH = 64  # the width of a layer that nobody gave one
TRIES = 64  # values of one setting that are tried


def name(node: Block, flows: Mapping[str, Flow | None], spec: "Path", close: Sequence[str]) -> tuple[Edit, Node | None]:
    """Another name for a block nobody knows: the closest that fits, else the closest, else none at all."""
    for other in close:
        edit = Edit(spec, "rename", other)
        if _works(edited(node, spec, [edit]), flows):
            return edit, edited(node, spec, [edit])
    if close:
        edit = Edit(spec, "rename", close[0])
        return edit, edited(node, spec, [edit])
    return Edit(spec, "remove"), Chain()


def value(setting: Setting, given: Any, filled: bool) -> Any:
    """A value of the right type in place of one that is not; None means: leave the setting out."""
    if filled:
        return None
    tries: list[Any] = []
    if isinstance(given, str):
        tries += [int(given)] if given.strip().lstrip("-").isdecimal() else []
        tries += [float(given)] if re.fullmatch(r"\s*-?\d*\.\d+\s*", given) else []
        tries += {"true": [True], "yes": [True], "false": [False], "no": [False]}.get(given.lower(), [])
        tries += closest(given, re.findall(r"'(\w+)'", str(setting.annotation)), 1)
    elif isinstance(given, bool | float):
        tries += [int(given), bool(given)] if given == int(given) else [round(given)]
    elif isinstance(given, list) and given:
        tries += [given[0]]
    elif isinstance(given, int):
        tries += [bool(given), [given], [given, given]]
    for candidate in tries:
        try:
            return setting.check(candidate)
        except ValidationError:
            continue
    return None


def missing(
    node: Block, form: Schema, settings: Mapping[str, Any], names: Sequence[str],
    bound: Mapping[str, tuple[Port, Flow]], spec: "Path",
) -> dict[str, Any] | None:  # fmt: skip
    """Values for required settings nobody gave: the width that comes in, or a usual one; small counts; the shape."""
    signal = next(iter(bound.values()))[1].signal
    widths = [signal.size(axis) for axis in ("dim", "channels") if axis in signal.axes and signal.size(axis) > 3]
    pairs = [[h, signal.numel // h // signal.sizes[-1]] for h in range(1, 65) if len(signal.sizes) == 2]
    options: list[Any] = [*widths, WIDTH, 32, 8, 4, 2, 1, [signal.numel]]
    options += [size for pair in pairs if pair[0] * pair[1] == signal.sizes[0] for size in pair]
    flows = {key: flow for key, (_, flow) in bound.items()}
    base = {key: val for key, val in settings.items() if key not in form.filled or key in node.settings}
    for values in product(dict.fromkeys(map(_frozen, options)), repeat=len(names)):
        chosen = {key: list(val) if isinstance(val, tuple) else val for key, val in zip(names, values, strict=True)}
        if _works(Block(node.name, {**base, **chosen}), flows):
            return chosen
    return None


def misfit(node: Block, flows: Mapping[str, Flow | None], spec: "Path", what: str) -> tuple[Edit | None, Node | None]:
    """The first candidate that works for a block which refuses its settings or what it was given."""
    for edit in _candidates(node, flows, spec, what):
        mended = edited(node, spec, [edit])
        if _works(mended, flows):
            return edit, mended
    if len(flows) == 1:
        return Edit(spec, "remove"), Chain()
    return None, None


def shortcut(node: Residual, flow: Flow, body: Flow, spec: "Path") -> tuple[Edit | None, Node | None]:
    """A projection that brings a residual's input to its body's shape."""
    wanted, have = body.signal, flow.signal
    for path in _projections(have, wanted):
        result = _try(path, flow)
        if result is not None and result.signal.sizes == wanted.sizes and result.signal.axes == wanted.axes:
            return Edit((*spec,), "shortcut", path), path
    return None, None


def merge(
    how: str, flows: Sequence[Flow], spec: "Path", targets: Sequence["Path"]
) -> tuple[str, list[Edit | None]] | None:
    """Make sources fit each other: project the others to the first, else another merge, else both."""
    for other in (how, *(m for m in ("concat", "add") if m != how)):
        if not merging.problem(other, [flow.signal for flow in flows]):
            return other, [None] * len(flows)
        for goal in flows:
            edits: list[Edit | None] = []
            for flow, target in zip(flows, targets, strict=True):
                if not merging.problem(other, [goal.signal, flow.signal]) or flow is goal:
                    edits.append(None)
                    continue
                path = _path_to(flow, goal, other)
                if path is None or len(target) < 2 or ("." not in flow.by and flow.by not in target):
                    break
                edits.append(Edit(target, "after", list(path.nodes) if isinstance(path, Chain) else [path]))
            else:
                if other == "gate" and len(flows) != 2:
                    continue
                return other, edits
    return None


def mended_flow(flow: Flow, edit: Edit | None) -> Flow:
    """What a source gives once the edit put nodes after it."""
    if edit is None:
        return flow
    result = _try(Chain(tuple(edit.value)), flow)
    return result or flow


def _path_to(flow: Flow, goal: Flow, how: str) -> Node | None:
    for path in _projections(flow.signal, goal.signal):
        result = _try(path, flow)
        if result is not None and not merging.problem(how, [goal.signal, result.signal]):
            return path
    return None


def _projections(have: Signal, wanted: Signal) -> Iterator[Node]:
    """Short chains that may bring one signal to another's shape."""
    if wanted.kind == "image" and have.kind == "image":
        channels = wanted.size("channels")
        strides = {max(1, round(a / b)) for a, b in zip(have.sizes[1:], wanted.sizes[1:], strict=True)}
        for stride in sorted(strides):
            settings = {"channels": channels, "kernel": 1, **({"stride": stride} if stride > 1 else {})}
            yield Block("conv2d", settings)
        kernel = have.size("height") - wanted.size("height") + 1
        if kernel > 1:
            yield Block("conv2d", {"channels": channels, "kernel": kernel, "padding": "valid"})
        pool = max(1, have.size("height") // wanted.size("height"))
        yield Chain((Block("average_pool2d", {"size": pool}), Block("conv2d", {"channels": channels, "kernel": 1})))
        scale = max(1, wanted.size("height") // have.size("height"))
        yield Chain((Block("upsample2d", {"factor": scale}), Block("conv2d", {"channels": channels, "kernel": 1})))
        return
    width = wanted.sizes[-1]
    if wanted.kind in ("vector", "series") and have.kind == wanted.kind:
        yield Block("dense", {"dim": width})
    if wanted.kind == "series" and have.kind == "series" and "time" in wanted.axes:
        long, short = have.size("time"), wanted.size("time")
        if long > short:
            yield Chain((Block("conv1d", {"dim": width, "kernel": long - short + 1, "padding": "valid"}),))
            if long // short > 1:
                yield Block("conv1d", {"dim": width, "stride": -(-long // short)})
        elif short % long == 0:
            yield Block("transposed_conv1d", {"dim": width, "kernel": short // long, "stride": short // long})
        else:
            yield Block("transposed_conv1d", {"dim": width, "kernel": short - long + 1, "stride": 1})
    for adapters in _adapters(have):
        yield (
            Chain((*adapters, Block("dense", {"dim": width})))
            if wanted.kind in ("vector", "series")
            else Chain(adapters)
        )
    if wanted.kind == "series" and have.kind == "vector":
        yield Chain((Block("dense", {"dim": wanted.numel}), Block("reshape", {"shape": list(wanted.sizes)})))
    if wanted.kind == "image":
        flat: tuple[Node, ...] = () if have.kind == "vector" else (Block("flatten"),)
        yield Chain((*flat, Block("dense", {"dim": wanted.numel}), Block("reshape", {"shape": list(wanted.sizes)})))


def _adapters(signal: Signal) -> list[tuple[Node, ...]]:
    """What turns this kind of signal into another kind, the usual first."""
    match signal.kind:
        case "image":
            names = ["flatten", "global_average_pool2d", "image_to_sequence", "image_rows"]
            return [(Block(name),) for name in names] + [(Block("image_to_sequence"), Block("global_average_pool1d"))]
        case "series" | "wave":
            one: list[Node] = [Block(name) for name in ("global_average_pool1d", "last_step", "flatten")]
            return [*((node,) for node in one), (Block("sequence_to_channels"),)]
        case "tokens":
            embedding = Block("embedding", {"dim": WIDTH})
            after = ["global_average_pool1d", "sequence_to_channels", "flatten"]
            return [(embedding,), *((embedding, Block(name)) for name in after)]
        case "vector":
            size = signal.numel
            side = int(size**0.5)
            square = [[1, side, side]] if side * side == size else []
            return [(Block("reshape", {"shape": shape}),) for shape in ([size, 1], *square, [1, 1, size])]
        case _:
            return [(Block("flatten"),)]


def _candidates(node: Block, flows: Mapping[str, Flow | None], spec: "Path", what: str) -> Iterator[Edit]:
    form = schema(BLOCKS.get(node.name))
    flow = next(iter(flows.values()))
    if flow is None:
        return
    fits = flow.signal.dtype in form.reads[0].dtypes
    yield from _settings(node, form, spec, what)
    yield from _siblings(node, form, spec)
    if len(flows) == 1:
        for nodes in _adapters(flow.signal):
            yield Edit(spec, "before", list(nodes))
        if not fits:
            yield Edit(spec, "rename", "dense")


def _settings(node: Block, form: Schema, spec: "Path", what: str) -> Iterator[Edit]:
    """Other values of one setting, the ones the complaint names first, the nearest value first."""
    names = [key for key in form.settings if key not in form.filled]
    names.sort(key=lambda key: (not re.search(rf"\b{key}\b", what), key not in node.settings))
    for key in names:
        setting = form.settings[key]
        given = node.settings.get(key, setting.default)
        if isinstance(given, bool) or given is None:
            continue
        for other in _values(given, setting):
            yield Edit(spec, "set", {key: other})


def _values(given: Any, setting: Setting) -> Iterator[Any]:
    if isinstance(given, int):
        below = range(given - 1, max(0, given - TRIES), -1)
        yield from sorted([*below, *range(max(given + 1, 1), given + 9)], key=lambda v: (abs(v - given), v))
        yield from (v for v in (1, 2, 3, 4, 8) if v < given - TRIES)
    elif isinstance(given, list | tuple) and all(isinstance(item, int) for item in given) and given:
        yield from (type(given)(min(item, size) for item in given) for size in range(max(given) - 1, 0, -1))
    if not setting.required and given != setting.default:
        yield None


def _siblings(node: Block, form: Schema, spec: "Path") -> Iterator[Edit]:
    """The same block for other signals (conv1d for conv2d), or the family's block that reads one signal."""
    stem = node.name.removesuffix("1d").removesuffix("2d")
    same = [other for other in (stem, stem + "1d", stem + "2d") if other in BLOCKS and other != node.name]
    for other in same:
        yield Edit(spec, "rename", other)
    if len(form.required) > 1:
        for other in BLOCKS.names():
            if BLOCKS.family(other) == BLOCKS.family(node.name) and other != node.name:
                yield Edit(spec, "rename", other)


def _works(node: Node, flows: Mapping[str, Flow | None]) -> bool:
    return _try(node, flows) is not None


def _try(node: Node, flows: Flow | Mapping[str, Flow | None]) -> Flow | None:
    """What the node gives, if it has no fault at all."""
    from netloom.build.resolve import Resolver  # the resolver calls this module: the circle is theirs alone

    trial = Resolver(mending=False)
    if isinstance(flows, Flow):
        result = trial.node(node, flows, (), ())
    elif isinstance(node, Block):
        result = trial.block(node, flows, (), ())
    else:
        result = trial.node(node, next(iter(flows.values())), (), ())
    return result[1] if result and not trial.faults else None


def _frozen(option: Any) -> Any:
    return tuple(option) if isinstance(option, list) else option
