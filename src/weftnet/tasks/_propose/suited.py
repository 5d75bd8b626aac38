"""A task's `propose.py` is asked: it names networks for the inputs, and for the task if it wants to know it.

propose(signals) → [Candidate, …]
propose(signals, task) → [Candidate, …]        where networks depend on the task's settings, such as its horizon
"""

import inspect
from collections.abc import Callable, Mapping

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._task import Task


def suited(
    proposal: Callable[..., list[Candidate]], signals: Mapping[str, Signal], task: Task | None
) -> list[Candidate]:
    """The networks that a proposal names for these inputs; none where it needs a task that is not made yet."""
    if len(inspect.signature(proposal).parameters) == 1:
        return proposal(signals)
    return [] if task is None else proposal(signals, task)
