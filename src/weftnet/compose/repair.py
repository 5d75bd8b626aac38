"""Look for the edit that fixes a node. Every edit is tried on the meta device before it is offered.

The edits to try come from `candidates.py` (for a block) and `adapt.py` (for kinds and shapes of signals).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, TypeAlias

from pydantic import ValidationError

from weftnet.architecture.faults import Edit, edited
from weftnet.architecture.schema import Schema, Setting
from weftnet.architecture.spec import Block, Chain, Node
from weftnet.compose import merging
from weftnet.compose.adapt import WIDTH, projections
from weftnet.compose.candidates import candidates
from weftnet.compose.flow import Bound, Flow, Path
from weftnet.errors import closest

#: Resolves a node on trial: its output, or None if it has any fault. The flows are those of `Resolver.block`.
Trial: TypeAlias = Callable[[Node, Mapping[str, Flow | None]], Flow | None]


#: edits tried for one architecture; a file of thousands of faults is reported without fixes for the last of them
TRIALS = 4000


class Repair:
    """Searches for fixes; what works is decided by a trial, which the resolver hands in.

    Args:
        trial: resolves a node; its output, or None if it has a fault.
    """

    def __init__(self, trial: Trial) -> None:
        self._try, self._left = trial, TRIALS

    def name(
        self, node: Block, flows: Mapping[str, Flow | None], spec: Path, close: Sequence[str]
    ) -> tuple[Edit | None, Node]:
        """Another name for an unknown block: the closest that works, else the closest. A block unlike any is kept."""
        renamed = [Edit(spec, "rename", other) for other in close]
        for edit in renamed:
            if self._works(edited(node, spec, [edit]), flows):
                return edit, edited(node, spec, [edit])
        if renamed:
            return renamed[0], edited(node, spec, renamed[:1])
        return None, Chain()

    def missing(self, node: Block, form: Schema, names: Sequence[str], bound: Bound) -> dict[str, Any] | None:
        """Values for required settings that are missing: the incoming width or a usual one, small counts, a shape."""
        if form.plain and form.filled & {*names}:  # the input has no such axis: no value is right
            return None
        flows = {argument: flow for argument, (_, flow) in bound.items()}
        base = {key: value for key, value in node.settings.items() if key not in form.filled}
        for values in product(_usual_values(next(iter(flows.values()))), repeat=len(names)):
            chosen = {name: list(v) if isinstance(v, tuple) else v for name, v in zip(names, values, strict=True)}
            if self._works(Block(node.name, {**base, **chosen}), flows):
                return chosen
        return None

    def misfit(
        self, node: Block, flows: Mapping[str, Flow | None], spec: Path, what: str
    ) -> tuple[Edit | None, Node | None]:
        """The first candidate that works for a block which rejects its settings or its input."""
        for edit in candidates(node, flows, spec, what):
            fixed = edited(node, spec, [edit])
            if self._works(fixed, flows):
                return edit, fixed
        if len(flows) == 1 and self._left >= 0:
            return Edit(spec, "remove"), Chain()
        return None, None

    def shortcut(self, flow: Flow, body: Flow, spec: Path) -> tuple[Edit | None, Node | None]:
        """A projection of a residual's input to the shape of its body's output."""
        wanted = body.signal
        for node in projections(flow.signal, wanted):
            output = self._output(node, flow)
            if output is not None and output.signal.sizes == wanted.sizes and output.signal.axes == wanted.axes:
                return Edit(spec, "shortcut", node), node
        return None, None

    def merge(self, how: str, flows: Sequence[Flow]) -> tuple[str, list[tuple[Node, ...]]] | None:
        """Make sources fit each other: nodes after each of them, or another merge; None if nothing works."""
        for other in (how, *(merge for merge in ("concat", "add") if merge != how)):
            if not merging.problem(other, [flow.signal for flow in flows]):
                return other, [()] * len(flows)
            if other == "gate" and len(flows) != 2:
                continue
            # Fewest axes first: rather pool a sequence than spread a vector.
            for goal in sorted(flows, key=lambda flow: len(flow.signal.axes)):
                added = [self._towards(flow, goal, other) for flow in flows]
                nodes = [each for each in added if each is not None]
                if len(nodes) == len(flows):
                    return other, nodes
        return None

    def fits(self, node: Node, flow: Flow) -> bool:
        """Whether a node reads a flow without a fault."""
        return self._output(node, flow) is not None

    def through(self, flow: Flow, nodes: Sequence[Node]) -> Flow:
        """The output of nodes that were tried before."""
        return (self._output(Chain(tuple(nodes)), flow) or flow) if nodes else flow

    def _towards(self, flow: Flow, goal: Flow, how: str) -> tuple[Node, ...] | None:
        """Nodes after which a flow can be merged with the goal; none if it can be already."""
        if flow is goal or not merging.problem(how, [goal.signal, flow.signal]):
            return ()
        for node in projections(flow.signal, goal.signal):
            output = self._output(node, flow)
            if output is not None and not merging.problem(how, [goal.signal, output.signal]):
                return node.nodes if isinstance(node, Chain) else (node,)
        return None

    def _works(self, node: Node, flows: Mapping[str, Flow | None]) -> bool:
        return self._trial(node, flows) is not None

    def _trial(self, node: Node, flows: Mapping[str, Flow | None]) -> Flow | None:
        """The output of an edit; none once all trials are used."""
        self._left -= 1
        return self._try(node, flows) if self._left >= 0 else None

    def _output(self, node: Node, flow: Flow) -> Flow | None:
        return self._trial(node, {"": flow})


def converted(setting: Setting, value: Any, filled: bool) -> Any:
    """A value of the setting's type in place of one of another type; None means: leave the setting out."""
    if filled:
        return None
    tries: list[Any] = []
    if isinstance(value, str):
        tries += [int(value)] if value.strip().lstrip("-").isdecimal() else []
        tries += [float(value)] if re.fullmatch(r"\s*-?\d*\.?\d+(e-?\d+)?\s*", value) else []
        tries += {"true": [True], "yes": [True], "false": [False], "no": [False]}.get(value.lower(), [])
        tries += closest(value, setting.choices, 1)
    elif isinstance(value, float):
        tries += [int(value)] if value == int(value) else [round(value)]
    elif isinstance(value, list) and value:
        tries += [value[0]]
    elif isinstance(value, int) and not isinstance(value, bool):
        tries += [*([bool(value)] if value in (0, 1) else []), [value], [value, value]]
    for candidate in tries:
        try:
            return setting.check(candidate)
        except ValidationError:
            continue
    return None


def _usual_values(flow: Flow) -> list[Any]:
    """What a required setting may be, the likeliest first; lists as tuples."""
    signal = flow.signal
    widths = [signal.size(axis) for axis in ("dim", "channels") if axis in signal.axes and signal.size(axis) >= 16]
    pairs = [(h, signal.sizes[0] // h) for h in range(64, 0, -1) if len(signal.sizes) == 2 and not signal.sizes[0] % h]
    pairs.sort(key=lambda pair: abs(pair[0] - pair[1]))
    sides = [side for pair in pairs for side in pair]
    return list(dict.fromkeys([*widths, WIDTH, 32, 8, 7, 4, 2, 1, (signal.numel,), *sides]))
