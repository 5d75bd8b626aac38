"""The cost of a candidate before it is trained, and its latency afterwards."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from weftnet.architecture.signal import Signal
from weftnet.compete.jobs import Outcome
from weftnet.compose import Network, build
from weftnet.cost.cost import cost
from weftnet.data import Data
from weftnet.errors import ArchitectureError, WeftnetError
from weftnet.execution.latency import latency as forward
from weftnet.run.loading import load
from weftnet.tasks import Candidate
from weftnet.tasks._assemble import assemble
from weftnet.tasks._task import Task


def costs(candidates: Sequence[Candidate], task: Task, data: Data) -> dict[str, dict[str, Any]]:
    """Parameters and FLOPs of every candidate, including its head.

    Raises:
        WeftnetError: some candidates don't fit the data; the message lists all their faults.
    """
    facts, wrong = {}, []
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
        facts[candidate.name] = {
            "parameters": sum(each.parameters for each in costs),
            "flops": sum(each.flops for each in costs),
            "why": candidate.why,
        }
    if wrong:
        text = "\n\n".join(map(str, wrong))
        raise WeftnetError(f"{text}\n\nNothing was trained. weftnet check ARCH --data {data.source} shows the same.")
    return facts


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
