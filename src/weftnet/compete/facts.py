"""What is known of a candidate before it is trained, and how fast it answers afterwards."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from weftnet.compete.jobs import Outcome
from weftnet.compete.propose import Candidate
from weftnet.compose import Network, build
from weftnet.cost.cost import cost
from weftnet.data import Data
from weftnet.errors import ArchitectureError, WeftnetError
from weftnet.execution.latency import latency as forward
from weftnet.run.loading import load
from weftnet.tasks._assemble import assemble
from weftnet.tasks._task import Task


def costs(candidates: Sequence[Candidate], task: Task, data: Data) -> dict[str, dict[str, Any]]:
    """Parameters and FLOPs of every candidate with its head.

    Raises:
        WeftnetError: some don't fit the data; with all the faults of every one.
    """
    found, wrong = {}, []
    for candidate in candidates:
        try:
            assembled = assemble(candidate.architecture, task, data.signals)
        except ArchitectureError as error:
            error.where = candidate.name
            wrong.append(error)
            continue
        with torch.device("meta"):
            model = build(assembled.architecture, assembled.inputs)
        costs = [cost(network, 1) for network in model.values() if isinstance(network, Network)]
        found[candidate.name] = {
            "parameters": sum(each.parameters for each in costs),
            "flops": sum(each.flops for each in costs),
            "why": candidate.why,
        }
    if wrong:
        text = "\n\n".join(map(str, wrong))
        raise WeftnetError(f"{text}\n\nNothing was trained. weftnet check ARCH --data {data.source} shows the same.")
    return found


def latency(folder: Path, name: str, outcomes: Sequence[Outcome]) -> float:
    """Median seconds for a single example on one thread of the CPU, over 30 calls after 5 that warm up.

    Measured when all trainings are over, so that none is in its way; 0 if no training of it finished.
    """
    mine = [outcome for outcome in outcomes if outcome.name == name and outcome.status == "finished"]
    if not mine:
        return 0.0
    loaded = load(folder / mine[0].folder)
    part = next(iter(loaded.model))
    inputs = {key: _example(signal) for key, signal in loaded.task.inputs(loaded.signals)[part].items()}
    return forward(loaded.model[part], inputs)


def _example(signal: Any) -> torch.Tensor:
    if signal.dtype == "int":
        return torch.randint(signal.known.get("vocabulary", 2), signal.shape(1))
    return torch.randn(signal.shape(1))
