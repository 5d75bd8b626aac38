"""The registries of tasks, one for each facet. They lie below the base class, which looks facets up by them."""

from pathlib import Path
from typing import Any

from weftnet.registry import Registry

_PACKAGE, _HERE = "weftnet.tasks", Path(__file__).parent
TASKS: Registry[Any] = Registry("task", _PACKAGE, _HERE, facet="task")
ANSWERS: Registry[Any] = Registry("kind of answer", _PACKAGE, _HERE, facet="answer")
INFERENCES: Registry[Any] = Registry("inference", _PACKAGE, _HERE, facet="infer")
JUDGES: Registry[Any] = Registry("judge", _PACKAGE, _HERE, facet="judge")
EXPLANATIONS: Registry[Any] = Registry("explanation", _PACKAGE, _HERE, facet="explain")
PROPOSALS: Registry[Any] = Registry("proposal", _PACKAGE, _HERE, facet="propose")
DISTILLATIONS: Registry[Any] = Registry("distillation", _PACKAGE, _HERE, facet="distil")
EXAMPLES: Registry[Any] = Registry("example", _PACKAGE, _HERE, facet="example")
