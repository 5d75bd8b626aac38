"""The tasks: one folder each. A task owns head, losses, metrics and the decoding of outputs into answers.

tasks/NAME/task.py      what is learnt: inputs, head, losses, metrics (torch)
tasks/NAME/answer.py    outputs → answers, with NumPy alone: run, runner and server decode alike; `Answer`, their schema

tasks/NAME/infer.py     inputs → outputs, where one pass of the network is not enough (NumPy)
tasks/NAME/judge.py     answers beside the truth → figures and tables as data
tasks/NAME/explain.py   what can be explained about an answer
tasks/NAME/propose.py   which networks suit which inputs
tasks/NAME/distil.py    how a student learns from a teacher's outputs
tasks/NAME/example.py   a tiny data set, and what a network must learn from it

TASKS.get("classification").from_data(data)
ANSWERS.get("classification")(outputs, settings) → [{"label": …, "probabilities": {…}}, …]   `settings`: the task's
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from weftnet.tasks._registries import ANSWERS as ANSWERS
from weftnet.tasks._registries import DISTILLATIONS as DISTILLATIONS
from weftnet.tasks._registries import EXAMPLES as EXAMPLES
from weftnet.tasks._registries import EXPLANATIONS as EXPLANATIONS
from weftnet.tasks._registries import INFERENCES as INFERENCES
from weftnet.tasks._registries import JUDGES as JUDGES
from weftnet.tasks._registries import PROPOSALS as PROPOSALS
from weftnet.tasks._registries import TASKS as TASKS

if TYPE_CHECKING:
    from weftnet.tasks._distillation import Distillation as Distillation
    from weftnet.tasks._example import Example as Example
    from weftnet.tasks._judgement import Answered as Answered
    from weftnet.tasks._judgement import Baseline as Baseline
    from weftnet.tasks._judgement import Bounds as Bounds
    from weftnet.tasks._judgement import Case as Case
    from weftnet.tasks._judgement import Judgement as Judgement
    from weftnet.tasks._judgement import Section as Section
    from weftnet.tasks._judgement import Worst as Worst
    from weftnet.tasks._propose.candidate import Candidate as Candidate
    from weftnet.tasks._targets import Targets as Targets
    from weftnet.tasks._task import Task as Task

#: what a task's facets are made of; it comes when it is asked for, since answers are decoded without torch
_LAZY = {
    "Candidate": "_propose.candidate",
    "Distillation": "_distillation",
    "Task": "_task",
    "Example": "_example",
    "Targets": "_targets",
    **dict.fromkeys(("Answered", "Baseline", "Bounds", "Case", "Judgement", "Section", "Worst"), "_judgement"),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
