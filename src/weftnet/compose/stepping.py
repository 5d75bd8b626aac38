"""Step by step: which blocks can continue a sequence where it ended, and how.

A block can if it offers `initial_state(batch, time)` and `step(x, state) -> (y, state)`, where x holds the next one or
more steps; or if it works on each step alone, which its annotations say: `*axes` stand for positions that don't mix,
so a block whose input and output have the time axis among the same `*axes` needs no state.

Of several inputs the first comes step by step, the others are whole: `step(x, state, memory=…, memory_mask=…)`. A
network says which inputs are whole (`Network.whole`); a block may read those, and nothing else, beside its steps.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from torch import Tensor, nn

from weftnet.architecture.axes import bind
from weftnet.architecture.schema import schema
from weftnet.compose.flow import Resolved
from weftnet.errors import SettingError

#: What the nodes of a combinator remember, by path segment; each block knows what its own state is.
States: TypeAlias = dict[str, Any]


class Stepping:
    """How one block continues a sequence.

    Args:
        resolved: the block.
    """

    def __init__(self, resolved: Resolved) -> None:
        self.where = resolved.path or resolved.name
        self.name, self.offers = resolved.name, hasattr(resolved.cls, "step")
        self.others = tuple(resolved.reads)[1:]
        self.able = _by_steps(resolved) if self.offers else _each_alone(resolved)

    def initial_state(self, module: nn.Module, batch: int, time: int, *, whole: bool = False) -> object:
        """What the block remembers before the first step.

        Args:
            module: the block.
            batch: sequences.
            time: the most steps that will come.
            whole: whether all that it reads beside its first input is whole.

        Raises:
            SettingError: it can't work step by step.
        """
        if self.others and not whole:
            raise self._error(f"{', '.join(self.others)} would have to be whole before the first step")
        if not self.able:
            raise self._error("it reads several steps at once and offers no `step`")
        try:
            return module.initial_state(batch, time) if self.offers else None  # type: ignore[operator]  # its method
        except ValueError as error:
            raise self._error(str(error)) from error

    def step(self, module: nn.Module, x: Tensor, state: object) -> tuple[Tensor, object]:
        """The next steps (batch, n, …) and the state after them."""
        if self.offers:
            y, state = module.step(x, state)  # type: ignore[operator]  # its method
            return y, state
        alone = module(x)
        return (alone[0] if isinstance(alone, tuple) else alone), None

    def step_beside(self, module: nn.Module, arguments: Mapping[str, Tensor], state: object) -> tuple[Tensor, object]:
        """As `step`, with whole values beside: all by argument, the masks of the whole ones too."""
        (_, x), *others = arguments.items()
        y, state = module.step(x, state, **dict(others))  # type: ignore[operator]  # its method
        return y, state

    def _error(self, why: str) -> SettingError:
        return SettingError(f"{self.name} can't work step by step: {why}", where=f"node {self.where}")


def _by_steps(resolved: Resolved) -> bool:
    """Whether time is the first axis of what it reads first, and of what it gives."""
    return all(signal.axes[:1] == ("time",) for signal in (next(iter(resolved.reads.values())), resolved.output))


def _each_alone(resolved: Resolved) -> bool:
    """Whether the time axis of every input is among `*axes`, and the output has the same ones."""
    form = schema(resolved.cls)
    if not _by_steps(resolved) or len(resolved.reads) > 1:
        return False
    for port in form.reads:
        if port.name in resolved.reads:
            bound = bind(port.axes, resolved.reads[port.name]) or {}
            stars = [axis for axis, matched in bound.items() if axis.startswith("*") and "time" in dict(matched)]
            if not stars or stars[0] not in form.gives:
                return False
    return True
