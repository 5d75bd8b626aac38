"""What is explained: one of the network's outputs for each example.

A label's score is its logit. The softmax's probability would not do: it changes with the logits of the other labels,
and where it is near 0 or 1 nothing seems to matter. A number's score is in the target's own unit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from weftnet.errors import SettingError, UnknownName
from weftnet.run.loading import Loaded

Link = Literal["softmax", "sigmoid", "none"]


@dataclass(frozen=True)
class Targets:
    """An output for each example.

    Args:
        names: (batch) what is explained, in words.
        index: (batch,) which of an example's outputs, counted flat.
        units: (outputs,) by what each output is multiplied.
        shifts: (outputs,) what is added then.
        link: what makes a probability of the outputs.
    """

    names: list[str]
    index: Tensor
    units: Tensor
    shifts: Tensor
    link: Link

    def scores(self, outputs: Tensor, index: Tensor) -> Tensor:
        """(batch,) the outputs asked for, in their units."""
        chosen = outputs.flatten(1).gather(1, index[:, None])[:, 0]
        return chosen * self.units.to(outputs)[index] + self.shifts.to(outputs)[index]

    def certainty(self, outputs: Tensor, index: Tensor) -> Tensor:
        """(batch,) probabilities of labels; of numbers the scores."""
        if self.link == "none":
            return self.scores(outputs, index)
        shares = outputs.softmax(1) if self.link == "softmax" else outputs.sigmoid()
        return shares.gather(1, index[:, None])[:, 0]


def choose(loaded: Loaded, outputs: Any, target: str | int | None) -> Targets:
    """The targets of a batch.

    Args:
        loaded: the run.
        outputs: what its network gave.
        target: a label, or a step of a forecast; None for the likeliest label, the value, the first step of the first.

    Raises:
        UnknownName: no label or column is called so.
        SettingError: the task's outputs can't be explained, or there is no such step.
    """
    task = loaded.run.document["task"]["name"]
    if not isinstance(outputs, Tensor) or task not in _TASKS:
        expected = ", ".join(_TASKS)
        raise SettingError("this run's outputs can't be explained", where=f"task {task}", expected=expected)
    return _TASKS[task](loaded.task, outputs, target)


def _labels(task: Any, outputs: Tensor, target: str | int | None, link: Link) -> Targets:
    labels = list(task.labels)
    if target is None:
        index = outputs.argmax(1)
    elif str(target) in labels:
        index = _all(outputs, labels.index(str(target)))
    else:
        raise UnknownName("label", str(target), labels, where="target")
    count = torch.ones(len(labels))
    return Targets([labels[k] for k in index.tolist()], index, count, torch.zeros_like(count), link)


def _value(task: Any, outputs: Tensor, target: str | int | None) -> Targets:
    if target not in (None, "value"):
        raise SettingError("a regression has one target", where="target", expected="value", got=repr(target))
    units, shifts = torch.tensor([float(task.scale)]), torch.tensor([float(task.mean)])
    return Targets(["value"] * len(outputs), _all(outputs, 0), units, shifts, "none")


def _step(task: Any, outputs: Tensor, target: str | int | None) -> Targets:
    """`3` is the third step of the first column, `temperature:3` that of another, `temperature` its first."""
    column, _, step = ("" if target is None else str(target)).rpartition(":")
    if not column and step in task.targets:
        column, step = step, "1"
    column, step = column or task.targets[0], step or "1"
    if column not in task.targets:
        raise UnknownName("forecast", column, task.targets, where="target")
    if not (step.isdecimal() and 1 <= int(step) <= task.horizon):
        expected = f"a step from 1 to {task.horizon}, or COLUMN:STEP"
        raise SettingError("there is no such step", where="target", expected=expected, got=repr(target))
    place = (int(step) - 1) * len(task.targets) + task.targets.index(column)
    units, shifts = torch.tensor(task.scale).repeat(task.horizon), torch.tensor(task.mean).repeat(task.horizon)
    return Targets([f"{column}, step {step}"] * len(outputs), _all(outputs, place), units, shifts, "none")


def _all(outputs: Tensor, place: int) -> Tensor:
    """(batch,) the same output of every example."""
    return torch.full((len(outputs),), place, dtype=torch.int64, device=outputs.device)


_TASKS: Mapping[str, Callable[[Any, Tensor, str | int | None], Targets]] = {
    "classification": partial(_labels, link="softmax"),
    "multilabel": partial(_labels, link="sigmoid"),
    "regression": _value,
    "forecasting": _step,
}
