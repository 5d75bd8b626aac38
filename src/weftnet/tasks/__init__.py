"""The tasks: one folder each. A task owns head, losses, metrics and the decoding of outputs into answers.

tasks/NAME/task.py      what is learnt: inputs, head, losses, metrics (torch)
tasks/NAME/answer.py    outputs → answers, with NumPy alone: run, runner and server decode alike; `Answer`, their schema

tasks/NAME/infer.py     inputs → outputs, where one pass of the network is not enough (NumPy)
tasks/NAME/judge.py     answers beside the truth → figures and tables as data
tasks/NAME/explain.py   what can be explained about an answer
tasks/NAME/propose.py   which networks suit which inputs
tasks/NAME/example.py   a tiny data set, and what a network must learn from it

TASKS.get("classification").from_data(data)
ANSWERS.get("classification")(outputs, settings) → [{"label": …, "probabilities": {…}}, …]   `settings`: the task's
"""

from pathlib import Path
from typing import Any

from weftnet.registry import Registry

_HERE = Path(__file__).parent
TASKS: Registry[Any] = Registry("task", __name__, _HERE, facet="task")
ANSWERS: Registry[Any] = Registry("kind of answer", __name__, _HERE, facet="answer")
INFERENCES: Registry[Any] = Registry("inference", __name__, _HERE, facet="infer")
JUDGES: Registry[Any] = Registry("judge", __name__, _HERE, facet="judge")
EXPLANATIONS: Registry[Any] = Registry("explanation", __name__, _HERE, facet="explain")
PROPOSALS: Registry[Any] = Registry("proposal", __name__, _HERE, facet="propose")
EXAMPLES: Registry[Any] = Registry("example", __name__, _HERE, facet="example")
