"""How a block is called in a network: with the masks it reads, and what becomes of them."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from torch import Tensor, nn

from weftnet.architecture.schema import schema
from weftnet.compose.flow import Resolved
from weftnet.compose.stepping import States, Stepping

#: A value and its mask.
Value: TypeAlias = tuple[Tensor, Tensor | None]
#: Auxiliary losses by name, one for each block that gives one.
Losses: TypeAlias = dict[str, list[Tensor]]


class Call:
    """How a block is called: which masks it reads, and what becomes of the first value's mask.

    Not a module, so that the block keeps the path of its node.
    """

    def __init__(self, resolved: Resolved) -> None:
        form = schema(resolved.cls)
        self.arguments = tuple(resolved.reads)
        self.masks = {name: mask for name in self.arguments if (mask := form.mask_of(name)) in form.masks}
        self.reads_mask, self.fate = bool(self.masks.get(self.arguments[0])), resolved.mask
        self.others, self.losses = {name: signal.padded for name, signal in resolved.others.items()}, resolved.losses
        self.stepping = Stepping(resolved)

    def one(self, module: nn.Module, x: Tensor, mask: Tensor | None, losses: Losses | None = None) -> Value:
        """Run the block on one value; of several outputs the first one."""
        if self.others or self.losses:
            return self.every(module, {self.arguments[0]: (x, mask)}, losses)[""]
        if mask is None:
            return module(x), None
        y: Tensor = module(x, mask=mask) if self.reads_mask else module(x)
        return y, self._after(module, mask)

    def every(self, module: nn.Module, values: Mapping[str, Value], losses: Losses | None = None) -> dict[str, Value]:
        """Run the block on values by argument: all its outputs by name, the first one's is empty.

        Its auxiliary losses are appended to `losses`, if there is one.
        """
        y, mask = self.several(module, values)
        if isinstance(y, Tensor):
            return {"": (y, mask)}
        if losses is not None:
            for name in self.losses:
                losses.setdefault(name, []).append(getattr(y, name))
        others = {name: (getattr(y, name), mask if padded else None) for name, padded in self.others.items()}
        return {"": (y[0], mask), **others}

    def several(self, module: nn.Module, values: Mapping[str, Value]) -> tuple[Any, Tensor | None]:
        """Run the block on values by argument: what it returns, and the mask of that."""
        arguments = {name: value for name, (value, _) in values.items()}
        for name, argument in self.masks.items():
            if values[name][1] is not None:
                arguments[argument] = values[name][1]  # type: ignore[assignment]  # None was just ruled out
        mask = values[self.arguments[0]][1]
        return module(**arguments), None if mask is None else self._after(module, mask)

    def beside(self, module: nn.Module, values: Mapping[str, Value], states: States, node: str) -> Tensor:
        """The next steps of a block that reads whole values beside them; its state is replaced."""
        arguments = {name: value for name, (value, _) in values.items()}
        for name, argument in list(self.masks.items())[1:] if self.reads_mask else self.masks.items():
            if values[name][1] is not None:
                arguments[argument] = values[name][1]  # type: ignore[assignment]  # None was just ruled out
        y, states[node] = self.stepping.step_beside(module, arguments, states[node])
        return y

    def _after(self, module: nn.Module, mask: Tensor) -> Tensor | None:
        if self.fate == "keeps":
            return mask
        moved: Tensor | None = module.next_mask(mask) if self.fate == "moves" else None  # type: ignore[operator]
        return moved
