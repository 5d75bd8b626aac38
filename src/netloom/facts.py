"""What is known of a candidate before it is trained, and how fast it answers afterwards."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from netloom.assemble import assemble
from netloom.build import Network, build
from netloom.compete import Outcome
from netloom.cost import cost
from netloom.data import Data
from netloom.evaluate import load
from netloom.propose import Candidate


def costs(candidates: Sequence[Candidate], task: Any, data: Data) -> dict[str, dict[str, Any]]:
    """Parameters and FLOPs of every candidate with its head.

    Raises:
        ArchitectureError: one does not fit the data; with all its faults.
    """
    found = {}
    for candidate in candidates:
        assembled = assemble(candidate.architecture, task, data.signals)
        with torch.device("meta"):
            model = build(assembled.architecture, assembled.inputs)
        costs = [cost(network, 1) for network in model.values() if isinstance(network, Network)]
        found[candidate.name] = {
            "parameters": sum(each.parameters for each in costs),
            "flops": sum(each.flops for each in costs),
            "why": candidate.why,
        }
    return found


def latency(folder: Path, name: str, outcomes: Sequence[Outcome]) -> float:
    """Median seconds for a single example, over 30 calls after 5 that warm up; 0 if no training of it finished."""
    mine = [outcome for outcome in outcomes if outcome.name == name and outcome.status == "finished"]
    if not mine:
        return 0.0
    loaded = load(folder / mine[0].folder)
    part = next(iter(loaded.model))
    inputs = {key: _example(signal) for key, signal in loaded.task.inputs(loaded.signals)[part].items()}
    times = []
    with torch.inference_mode():
        for call in range(35):
            start = time.perf_counter()
            loaded.model[part](inputs)
            if call >= 5:
                times.append(time.perf_counter() - start)
    return statistics.median(times)


def _example(signal: Any) -> torch.Tensor:
    if signal.dtype == "int":
        return torch.randint(signal.known.get("vocabulary", 2), signal.shape(1))
    return torch.randn(signal.shape(1))
