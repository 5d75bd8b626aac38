"""An evaluation during training: the metrics, the same whenever it is repeated."""

from collections.abc import Iterable

import torch

from weftnet.data.batch import Batch
from weftnet.tasks._scoring import Scoring
from weftnet.train.freezing import to_training
from weftnet.train.randomness import reseed
from weftnet.train.state import State


def evaluate(
    state: State, scoring: Scoring, batches: Iterable[Batch], device: torch.device, generator: torch.Generator,
    seed: int,
) -> dict[str, float]:  # fmt: skip
    """The metrics with the weights the model has now: the mean weights, if the caller put them in place.

    Args:
        state: of the training; its step seeds the random numbers.
        scoring: the metrics.
        batches: of the split.
        device, generator: of the training.
        seed: of the recipe.
    """
    reseed(device, generator, seed, state.step, "evaluation")
    state.for_evaluation.eval()
    with torch.no_grad():
        metrics = scoring.evaluate(state.for_evaluation, (batch.to(device) for batch in batches))
    to_training(state.model)
    agreed: dict[str, float] = state.team.from_leader(metrics)
    return agreed
