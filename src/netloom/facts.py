"""What is known of a candidate before it is trained, and how fast it answers afterwards."""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from netloom.assemble import assemble
from netloom.build import Network, build
from netloom.cost import cost
from netloom.data import Data
from netloom.errors import ArchitectureError, NetloomError
from netloom.evaluate import load
from netloom.jobs import Outcome
from netloom.propose import Candidate


def costs(candidates: Sequence[Candidate], task: Any, data: Data) -> dict[str, dict[str, Any]]:
    """Parameters and FLOPs of every candidate with its head.

    Raises:
        NetloomError: some don't fit the data; with all the faults of every one.
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
        raise NetloomError(f"{text}\n\nNothing was trained. netloom check ARCH --data {data.source} shows the same.")
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
    times = []
    with _one_thread(), torch.inference_mode():
        for call in range(35):
            start = time.perf_counter()
            loaded.model[part](inputs)
            if call >= 5:
                times.append(time.perf_counter() - start)
    return statistics.median(times)


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _example(signal: Any) -> torch.Tensor:
    if signal.dtype == "int":
        return torch.randint(signal.known.get("vocabulary", 2), signal.shape(1))
    return torch.randn(signal.shape(1))
