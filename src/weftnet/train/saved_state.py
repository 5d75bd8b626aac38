"""What a checkpoint says besides its tensors, checked before a training takes it for its own."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from weftnet.base.typed import brief, misfit
from weftnet.errors import DamagedCheckpoint
from weftnet.run.facts import check_history

COUNTERS: dict[str, Any] = {
    "yields": dict[str, int], "best_score": float | None, "best_step": int, "stale": int, "seconds": float,
    "waited": float, "sums": dict[str, list[Any]], "history": list[dict[str, Any]],
}  # fmt: skip


def check_counters(facts: dict[str, Any], step: int) -> None:
    """Refuse counters and history of a wrong type.

    Raises:
        DamagedCheckpoint: with the first that is.
    """
    for name, kind in COUNTERS.items():
        value = facts.get(name)
        diverged = isinstance(value, float) and value != value
        if not diverged and (wrong := misfit(value, kind)):
            raise DamagedCheckpoint(f"{name} is wrong", where=f"checkpoint {step}", expected=wrong, got=brief(value))
    check_history(facts["history"], f"checkpoint {step}: history")
    if not all(isinstance(each, int | float) for pair in facts["sums"].values() for each in pair):
        raise DamagedCheckpoint("sums is wrong", where=f"checkpoint {step}", expected="numbers")


def refuse_uneven(optimiser: torch.optim.Optimizer, group: str) -> None:
    """Refuse moments of another shape than their parameter's, or of another type than another parameter's, or missing.

    Raises:
        ValueError: with the first.
    """
    types: dict[str, type] = {}
    for entry in optimiser.param_groups:
        states = [
            (parameter, optimiser.state[parameter]) for parameter in entry["params"] if parameter in optimiser.state
        ]
        known = {name for _, state in states for name in state}
        for parameter, state in states:
            if missing := sorted(known - state.keys()):
                raise ValueError(f"optimiser of {group}: a parameter lacks {missing[0]!r}")
            for name, value in state.items():
                if not isinstance(value, Tensor | int | float | None):
                    raise ValueError(f"optimiser of {group}: {name!r} is neither a tensor nor a number")
                if isinstance(value, Tensor) is not issubclass(types.setdefault(name, type(value)), Tensor):
                    raise ValueError(f"optimiser of {group}: {name!r} is a tensor of some parameters only")
                if isinstance(value, Tensor) and value.ndim and value.shape != parameter.shape:
                    raise ValueError(f"optimiser of {group}: {name!r} has another shape than its parameter")


def other_form(has: Any, saved: Any) -> str:
    """How an optimiser's saved settings differ in type or number from those it has; empty if they don't."""
    number = (int, float, Tensor)
    if isinstance(has, Mapping):
        if not isinstance(saved, Mapping) or set(has) != set(saved):
            return "other settings"
        names = [name for name in has if name != "state"]  # which is empty before the first step
        return next((f"{name}: {wrong}" for name in names if (wrong := other_form(has[name], saved[name]))), "")
    if isinstance(has, list | tuple):
        if not isinstance(saved, list | tuple) or len(has) != len(saved):
            return "another number of values"
        return next((wrong for pair in zip(has, saved, strict=True) if (wrong := other_form(*pair))), "")
    plain = isinstance(has, number) and isinstance(saved, number) and isinstance(has, bool) == isinstance(saved, bool)
    return "" if plain or type(has) is type(saved) else f"expected {type(has).__name__}, got {type(saved).__name__}"
