"""Solvers: weights found at once instead of by steps; one file a solver.

    ridge(model, task, data, seed, **settings)     sets weights and buffers of a whole network, its head included

A solver reads the training split alone and draws nothing that the seed does not decide: solved again, the network is
the same, bit for bit. What it needs of network and task it checks. A recipe names it (`solver: ridge`); the run it
leaves is a run like any other: it predicts, explains, exports and serves.

A solver's file may also hold `networks(signals, task) → [Candidate, …]`: the baselines that it solves, whose recipes
name it. It gives none where it suits no such input or task.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from weftnet.registry import Registry

if TYPE_CHECKING:
    from weftnet.architecture.signal import Signal
    from weftnet.architecture.spec import Architecture
    from weftnet.tasks._propose.candidate import Candidate
    from weftnet.tasks._task import Task

SOLVERS: Registry[Callable[..., None]] = Registry("solver", __name__, Path(__file__).parent)


def baselines(signals: "Mapping[str, Signal]", task: "Task") -> "list[Candidate]":
    """The networks that the solvers propose for these inputs and this task.

    Args:
        signals: the data's inputs by name.
        task: made for the data.
    """
    proposals = (getattr(SOLVERS.module(name), "networks", _none) for name in SOLVERS)
    return [candidate for networks in proposals for candidate in networks(signals, task)]


def probes(body: "Architecture", signals: "Mapping[str, Signal]", task: "Task") -> "list[Candidate]":
    """The networks that the solvers propose on the features of a network that was trained before.

    Args:
        body: its architecture without a head.
        signals: the data's inputs by name.
        task: made for the data.
    """
    proposals = (getattr(SOLVERS.module(name), "started", None) for name in SOLVERS)
    return [candidate for started in proposals if started for candidate in started(body, signals, task)]


def _none(signals: "Mapping[str, Signal]", task: "Task") -> "list[Candidate]":
    """Of a solver that proposes nothing."""
    return []
