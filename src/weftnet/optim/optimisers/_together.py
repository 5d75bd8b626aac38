"""Several optimisers that act as one, for parameters that need different rules."""

from collections.abc import Callable
from typing import Any

import torch


class Together(torch.optim.Optimizer):
    """Steps each of its optimisers; its `param_groups` are theirs, so a changed lr reaches them, and so is its `state`.

    Args:
        optimisers: of disjoint parameters.
    """

    def __init__(self, *optimisers: torch.optim.Optimizer) -> None:
        self.optimisers = optimisers
        super().__init__([group for optimiser in optimisers for group in optimiser.param_groups], {})

    @property
    def state(self) -> Any:
        """What each of them keeps of its parameters."""
        return {parameter: kept for optimiser in self.optimisers for parameter, kept in optimiser.state.items()}

    @state.setter
    def state(self, value: Any) -> None:
        """Nothing: torch sets an empty one when it begins."""

    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Step every optimiser."""
        if closure is not None:
            raise ValueError("closure: expected none, got one; call backward before step")
        for optimiser in self.optimisers:
            optimiser.step()

    def state_dict(self) -> dict[str, Any]:
        """The states of all optimisers."""
        return {"optimisers": [optimiser.state_dict() for optimiser in self.optimisers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load each optimiser's state."""
        for optimiser, state in zip(self.optimisers, state_dict["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        self.param_groups = [group for optimiser in self.optimisers for group in optimiser.param_groups]
