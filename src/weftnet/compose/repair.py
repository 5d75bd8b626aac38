"""Look for the edit that mends a node. Every edit is tried on the meta device before it is offered.

The edits to try come from `candidates.py` (a block) and `adapt.py` (kinds and shapes of signals).
"""

import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from weftnet.architecture.faults import Edit, edited
from weftnet.architecture.spec import Block, Chain, Node
from weftnet.compose import merging
from weftnet.compose.adapt import WIDTH, projections
from weftnet.compose.axes import Schema, Setting
from weftnet.compose.candidates import candidates
from weftnet.compose.flow import Bound, Flow
from weftnet.errors import closest

if TYPE_CHECKING:
    from weftnet.compose.resolve import Path


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
        tries += [float(given)] if re.fullmatch(r"\s*-?\d*\.?\d+(e-?\d+)?\s*", given) else []
        tries += {"true": [True], "yes": [True], "false": [False], "no": [False]}.get(given.lower(), [])
        tries += closest(given, setting.choices, 1)
    elif isinstance(given, float):
        tries += [int(given)] if given == int(given) else [round(given)]
    elif isinstance(given, list) and given:
        tries += [given[0]]
    elif isinstance(given, int) and not isinstance(given, bool):
        tries += [*([bool(given)] if given in (0, 1) else []), [given], [given, given]]
    for candidate in tries:
        try:
            return setting.check(candidate)
        except ValidationError:
            continue
    return None


def missing(node: Block, form: Schema, names: Sequence[str], bound: Bound) -> dict[str, Any] | None:
    """Values for required settings nobody gave: the width that comes in, or a usual one; small counts; the shape."""
    signal = next(iter(bound.values()))[1].signal
    widths = [signal.size(axis) for axis in ("dim", "channels") if axis in signal.axes and signal.size(axis) >= 16]
    pairs = [[h, signal.sizes[0] // h] for h in range(64, 0, -1) if len(signal.sizes) == 2 and not signal.sizes[0] % h]
    pairs.sort(key=lambda pair: abs(pair[0] - pair[1]))
    options: list[Any] = [*widths, WIDTH, 32, 8, 7, 4, 2, 1, [signal.numel]]
    options += [size for pair in pairs for size in pair]
    flows = {key: flow for key, (_, flow) in bound.items()}
    base = {key: val for key, val in node.settings.items() if key not in form.filled}
    for values in product(dict.fromkeys(map(_frozen, options)), repeat=len(names)):
        chosen = {key: list(val) if isinstance(val, tuple) else val for key, val in zip(names, values, strict=True)}
        if _works(Block(node.name, {**base, **chosen}), flows):
            return chosen
    return None


def misfit(node: Block, flows: Mapping[str, Flow | None], spec: "Path", what: str) -> tuple[Edit | None, Node | None]:
    """The first candidate that works for a block which refuses its settings or what it was given."""
    for edit in candidates(node, flows, spec, what):
        mended = edited(node, spec, [edit])
        if _works(mended, flows):
            return edit, mended
    if len(flows) == 1:
        return Edit(spec, "remove"), Chain()
    return None, None


def shortcut(flow: Flow, body: Flow, spec: "Path") -> tuple[Edit | None, Node | None]:
    """A projection that brings a residual's input to its body's shape."""
    wanted, have = body.signal, flow.signal
    for path in projections(have, wanted):
        result = _try(path, flow)
        if result is not None and result.signal.sizes == wanted.sizes and result.signal.axes == wanted.axes:
            return Edit((*spec,), "shortcut", path), path
    return None, None


def merge(how: str, flows: Sequence[Flow]) -> tuple[str, list[tuple[Node, ...]]] | None:
    """Make sources fit each other: nodes behind each of them, or another merge; None if nothing was found."""
    for other in (how, *(m for m in ("concat", "add") if m != how)):
        if not merging.problem(other, [flow.signal for flow in flows]):
            return other, [()] * len(flows)
        if other == "gate" and len(flows) != 2:
            continue
        for goal in sorted(
            flows, key=lambda flow: len(flow.signal.axes)
        ):  # sooner pool a sequence than spread a vector
            added = [_towards(flow, goal, other) for flow in flows]
            found = [nodes for nodes in added if nodes is not None]
            if len(found) == len(flows):
                return other, found
    return None


def _towards(flow: Flow, goal: Flow, how: str) -> tuple[Node, ...] | None:
    """Nodes that bring a flow to where it merges with the goal; none are needed if it does so already."""
    if flow is goal or not merging.problem(how, [goal.signal, flow.signal]):
        return ()
    for path in projections(flow.signal, goal.signal):
        result = _try(path, flow)
        if result is not None and not merging.problem(how, [goal.signal, result.signal]):
            return path.nodes if isinstance(path, Chain) else (path,)
    return None


def through(flow: Flow, nodes: Sequence[Node]) -> Flow:
    """What comes out of nodes that were tried."""
    return (_try(Chain(tuple(nodes)), flow) or flow) if nodes else flow


def _works(node: Node, flows: Mapping[str, Flow | None]) -> bool:
    return _try(node, flows) is not None


def _try(node: Node, flows: Flow | Mapping[str, Flow | None]) -> Flow | None:
    """What the node gives, if it has no fault at all."""
    from weftnet.compose.resolve import Resolver  # the resolver calls this module: the circle is theirs alone

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
