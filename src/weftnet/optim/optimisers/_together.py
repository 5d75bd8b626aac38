"""Several optimisers that act as one: for parts of a network that want different rules."""

from collections.abc import Callable
from typing import Any

import torch


class Together(torch.optim.Optimizer):
    """Steps each of its optimisers; `param_groups` are theirs, so a change of lr reaches them.

    Args:
        optimisers: over parameters that none of them shares.
    """

    def __init__(self, *optimisers: torch.optim.Optimizer) -> None:
        self.optimisers = optimisers
        super().__init__([group for optimiser in optimisers for group in optimiser.param_groups], {})

    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Step every optimiser."""
        if closure is not None:
            raise ValueError("closure: expected none, got one; call backward before step")
        for optimiser in self.optimisers:
            optimiser.step()

    def state_dict(self) -> dict[str, Any]:
        """Every optimiser's own."""
        return {"optimisers": [optimiser.state_dict() for optimiser in self.optimisers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Give each optimiser its own."""
        for optimiser, state in zip(self.optimisers, state_dict["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        self.param_groups = [group for optimiser in self.optimisers for group in optimiser.param_groups]
