"""An evaluation during training: the task's metrics, the same whenever it is repeated."""

from collections.abc import Iterable

import torch

from weftnet.data.batch import Batch
from weftnet.tasks._task import Task
from weftnet.train.randomness import reseed
from weftnet.train.state import State


def evaluate(
    state: State, task: Task, batches: Iterable[Batch], device: torch.device, generator: torch.Generator, seed: int
) -> dict[str, float]:
    """The task's metrics with the weights the model has now: the mean weights, if the caller put them in place.

    Args:
        state: of the training; its step seeds the random numbers.
        task: whose metrics.
        batches: of the split.
        device, generator: of the training.
        seed: of the recipe.
    """
    reseed(device, generator, seed, state.step, "evaluation")
    state.for_evaluation.eval()
    with torch.no_grad():
        metrics = task.evaluate(state.for_evaluation, (batch.to(device) for batch in batches))
    state.model.train()
    agreed: dict[str, float] = state.team.from_leader(metrics)
    return agreed
