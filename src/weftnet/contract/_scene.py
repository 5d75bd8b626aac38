"""A task's example, opened and assembled: what the task's contract is checked on."""

import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

from weftnet.architecture.reading import from_dict
from weftnet.architecture.spec import Architecture
from weftnet.base.workplace import temporary
from weftnet.compose import build
from weftnet.contract._check import Broken
from weftnet.data import Batch, Data, open_data
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded, load
from weftnet.tasks import EXAMPLES, TASKS, Example
from weftnet.tasks._assemble import Assembled, assemble
from weftnet.tasks._task import Task
from weftnet.train import Recipe, fit

#: examples in a batch
BATCH = 16


@dataclass(frozen=True)
class Scene:
    """A task on its example.

    Args:
        name: of the task.
        task: made for the example's data.
        example: as the task brings it.
        data: opened.
        assembled: the example's network with the task's heads.
        home: where the example lies; it goes with the scene.
    """

    name: str
    task: Task
    example: Example
    data: Data
    assembled: Assembled
    home: Path

    @property
    def architecture(self) -> Architecture:
        """As the example has it, without heads."""
        return from_dict(self.example.architecture)

    def model(self) -> nn.ModuleDict:
        """The networks with their initial weights, in training mode."""
        return build(self.assembled.architecture, self.assembled.inputs, seed=0).train()

    def batch(self) -> Batch:
        """A batch of training."""
        return self.data.train_batch(0, BATCH, 0)

    def recipe(self, **fields: Any) -> Recipe:
        """The example's recipe, executed plainly, with some fields set."""
        return Recipe.for_task(self.task, **{**self.example.recipe, "plan": "eager", **fields})

    def open(self) -> Data:
        """The data, opened once more."""
        return open_data(self.example.source, **self.example.options)

    def fit(self, folder: str, recipe: Recipe, data: Data | None = None) -> Run:
        """A run in a folder of this name beside the example."""
        return fit(self.architecture, self.task, data or self.data, recipe, self.path(folder))

    def path(self, name: str) -> Path:
        """A path beside the example."""
        return self.home / name

    def trained(self) -> Loaded:
        """The run that the example's recipe gives; trained once."""
        if not (self.path("trained") / "run.json").exists():
            self.fit("trained", self.recipe())
        return load(self.path("trained"))


def scene(name: str) -> Scene:
    """The scene of a task, made once.

    Raises:
        Broken: it brings no example, or one that can't be opened.
    """
    make = EXAMPLES.find(name)
    if make is None:
        fix = f"write tasks/{name}/example.py with a function {name}(folder) → Example"
        raise Broken("there is nothing to try the task on", got=EXAMPLES.reason(name), fix=fix)
    return _scene(name, TASKS.get(name), make)


@lru_cache(maxsize=16)
def _scene(name: str, cls: Any, make: Callable[[Path], Example]) -> Scene:
    stack = ExitStack()
    home = stack.enter_context(temporary("contract"))
    example = make(home)
    data = open_data(example.source, **example.options)
    task = cls.from_data(data, **example.settings)
    made = Scene(name, task, example, data, assemble(from_dict(example.architecture), task, data.signals), home)
    weakref.finalize(made, stack.close)
    return made


def generator(seed: int = 0) -> torch.Generator:
    """A generator with a seed."""
    return torch.Generator().manual_seed(seed)


@contextmanager
def counted(model: nn.ModuleDict) -> Iterator["Counter[str]"]:
    """How often each part runs inside this context."""
    calls: Counter[str] = Counter()
    hooks = [
        network.register_forward_pre_hook(lambda *_, part=part: calls.update([part])) for part, network in model.items()
    ]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()
