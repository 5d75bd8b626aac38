"""What is explained: one of the network's outputs for each example.

A label's score is its logit. The softmax's probability would not do: it changes with the logits of the other labels,
and where it saturates near 0 or 1 every attribution vanishes. A number's score is in the target's own unit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from weftnet.errors import SettingError, UnknownName
from weftnet.run.loading import Loaded

Link: TypeAlias = Literal["softmax", "sigmoid", "none"]
#: a task's settings, its outputs and the requested target → the targets
Chooser: TypeAlias = Callable[[Mapping[str, Any], Tensor, str | int | None], "Targets"]


@dataclass(frozen=True)
class Targets:
    """One output for each example.

    Args:
        names: (batch) what is explained, in words.
        index: (batch,) which of an example's outputs, as an index into the flattened outputs.
        units: (outputs,) the factor of each output.
        shifts: (outputs,) what is then added to each output.
        link: what turns outputs into probabilities.
    """

    names: list[str]
    index: Tensor
    units: Tensor
    shifts: Tensor
    link: Link

    def scores(self, outputs: Tensor, index: Tensor) -> Tensor:
        """(batch,) the outputs at the index, in their units."""
        chosen = outputs.flatten(1).gather(1, index[:, None])[:, 0]
        return chosen * self.units.to(outputs)[index] + self.shifts.to(outputs)[index]

    def certainty(self, outputs: Tensor, index: Tensor) -> Tensor:
        """(batch,) the probability of a label; the score itself for a number."""
        if self.link == "none":
            return self.scores(outputs, index)
        probabilities = outputs.softmax(1) if self.link == "softmax" else outputs.sigmoid()
        return probabilities.gather(1, index[:, None])[:, 0]


def choose(loaded: Loaded, outputs: Any, target: str | int | None) -> Targets:
    """The targets of a batch.

    Args:
        loaded: the run.
        outputs: of its network.
        target: a label, or the step of a forecast; None for the likeliest label, the value, or the first step of the
            first column.

    Raises:
        UnknownName: there is no label or column of that name.
        SettingError: the task's outputs can't be explained, or there is no such step.
    """
    # a task that comes from a plugin may not declare it: then nothing of its outputs is known
    explainable = getattr(loaded.task, "explainable", None)
    if not isinstance(outputs, Tensor) or explainable not in _CHOOSERS:
        raise SettingError(
            "this run's outputs can't be explained",
            where=f"task {loaded.run.facts.task.name}",
            expected="a task that answers with a label, several labels, a number or a forecast",
        )
    return _CHOOSERS[explainable](loaded.task.settings(), outputs, target)


def _label(settings: Mapping[str, Any], outputs: Tensor, target: str | int | None, link: Link) -> Targets:
    labels = list(settings["labels"])
    if target is None:
        index = outputs.argmax(1)
    elif str(target) in labels:
        index = _same_index(outputs, labels.index(str(target)))
    else:
        raise UnknownName("label", str(target), labels, where="target")
    ones = torch.ones(len(labels))
    return Targets([labels[k] for k in index.tolist()], index, ones, torch.zeros_like(ones), link)


def _number(settings: Mapping[str, Any], outputs: Tensor, target: str | int | None) -> Targets:
    if target not in (None, "value"):
        raise SettingError("a regression has one target", where="target", expected="value", got=repr(target))
    units, shifts = torch.tensor([float(settings["scale"])]), torch.tensor([float(settings["mean"])])
    return Targets(["value"] * len(outputs), _same_index(outputs, 0), units, shifts, "none")


def _step(settings: Mapping[str, Any], outputs: Tensor, target: str | int | None) -> Targets:
    """`3` is the third step of the first column, `temperature:3` that of another, `temperature` its first."""
    columns, horizon = list(settings["targets"]), int(settings["horizon"])
    column, _, step = ("" if target is None else str(target)).rpartition(":")
    if not column and step in columns:
        column, step = step, "1"
    column, step = column or columns[0], step or "1"
    if column not in columns:
        raise UnknownName("forecast", column, columns, where="target")
    if not (step.isdecimal() and 1 <= int(step) <= horizon):
        expected = f"a step from 1 to {horizon}, or COLUMN:STEP"
        raise SettingError("there is no such step", where="target", expected=expected, got=repr(target))
    place = (int(step) - 1) * len(columns) + columns.index(column)
    units, shifts = torch.tensor(settings["scale"]).repeat(horizon), torch.tensor(settings["mean"]).repeat(horizon)
    return Targets([f"{column}, step {step}"] * len(outputs), _same_index(outputs, place), units, shifts, "none")


def _same_index(outputs: Tensor, place: int) -> Tensor:
    """(batch,) the same output of every example."""
    return torch.full((len(outputs),), place, dtype=torch.int64, device=outputs.device)


#: by what a task declares as `explainable`
_CHOOSERS: Mapping[str | None, Chooser] = {
    "class": partial(_label, link="softmax"),
    "labels": partial(_label, link="sigmoid"),
    "number": _number,
    "forecast": _step,
}
