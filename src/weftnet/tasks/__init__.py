"""The tasks: one folder each. A task owns head, losses, metrics and the decoding of outputs into answers.

tasks/NAME/task.py      what is learnt: inputs, head, losses, metrics (torch)
tasks/NAME/answer.py    outputs → answers, with NumPy alone: run, runner and server decode alike; `Answer`, their schema

TASKS.get("classification").from_data(data)
ANSWERS.get("classification")(outputs, settings) → [{"label": …, "probabilities": {…}}, …]   `settings`: the task's
"""

from pathlib import Path
from typing import Any

from weftnet.registry import Registry

_HERE = Path(__file__).parent
TASKS: Registry[Any] = Registry("task", __name__, _HERE, facet="task")
ANSWERS: Registry[Any] = Registry("kind of answer", __name__, _HERE, facet="answer")
