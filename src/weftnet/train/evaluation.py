"""An evaluation while training: the task's metrics with the mean weights, the same whenever it is repeated."""

from collections.abc import Iterable
from typing import Any

import torch

from weftnet.train.randomness import reseed
from weftnet.train.state import State


def evaluate(
    state: State, task: Any, batches: Iterable[Any], device: torch.device, generator: torch.Generator, seed: int
) -> dict[str, float]:
    """The task's metrics; the model has its mean weights meanwhile, if the caller put them in place."""
    reseed(device, generator, seed, state.step, "evaluation")
    state.evaluated.eval()
    with torch.no_grad():
        metrics: dict[str, float] = task.evaluate(state.evaluated, (batch.to(device) for batch in batches))
    state.model.train()
    found: dict[str, float] = state.team.from_leader(metrics)
    return found
