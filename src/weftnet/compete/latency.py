"""The latency of a candidate that has been trained."""

from collections.abc import Sequence
from pathlib import Path

import torch

from weftnet.architecture.signal import Signal
from weftnet.compete.jobs import Outcome
from weftnet.execution.latency import latency as forward
from weftnet.run.loading import load


def latency(folder: Path, name: str, outcomes: Sequence[Outcome]) -> float:
    """Median seconds for a single example on one CPU thread, over 30 calls after 5 warm-up calls.

    Measured when all trainings are over, so that none competes with it for the processor; 0 if no training of the
    candidate finished.
    """
    mine = [outcome for outcome in outcomes if outcome.name == name and outcome.status == "finished"]
    if not mine:
        return 0.0
    loaded = load(folder / mine[0].folder)
    part = next(iter(loaded.model))
    inputs = {key: _example(signal) for key, signal in loaded.task.inputs(loaded.signals)[part].items()}
    return forward(loaded.model[part], inputs)


def _example(signal: Signal) -> torch.Tensor:
    if signal.dtype == "int":
        return torch.randint(signal.known.get("vocabulary", 2), signal.shape(1))
    return torch.randn(signal.shape(1))
