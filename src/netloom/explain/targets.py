"""What is explained: one of the network's outputs for each example.

A label's score is its logit. The softmax's probability would not do: it changes with the logits of the other labels,
and where it is near 0 or 1 nothing seems to matter. A number's score is in the target's own unit.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from netloom.errors import SettingError, UnknownName
from netloom.evaluate import Loaded

Link = Literal["softmax", "sigmoid", "none"]


@dataclass(frozen=True)
class Targets:
    """An output for each example.

    Args:
        names: (batch) what is explained, in words.
        index: (batch,) which of an example's outputs, counted flat.
        units: (outputs,) by what each output is multiplied.
        link: what makes a probability of the outputs.
        shift: what is added then.
    """

    names: list[str]
    index: Tensor
    units: Tensor
    link: Link
    shift: float = 0.0

    def scores(self, outputs: Tensor, index: Tensor) -> Tensor:
        """(batch,) the outputs asked for, in their units."""
        chosen = outputs.flatten(1).gather(1, index[:, None])[:, 0]
        return chosen * self.units.to(outputs)[index] + self.shift

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
        target: a label, or a step of a forecast; None for the likeliest label, the value, the first step.

    Raises:
        UnknownName: no label is called so.
        SettingError: the task's outputs can't be explained, or there is no such step.
    """
    task = loaded.run.document["task"]["name"]
    if task in ("classification", "multilabel") and isinstance(outputs, Tensor):
        return _labels(list(loaded.task.labels), outputs, target, "softmax" if task == "classification" else "sigmoid")
    if task == "regression" and isinstance(outputs, Tensor):
        if target not in (None, "value"):
            raise SettingError("a regression has one target", where="target", expected="value", got=repr(target))
        index = torch.zeros(len(outputs), dtype=torch.int64, device=outputs.device)
        units = torch.tensor([float(loaded.task.scale)])
        return Targets(["value"] * len(outputs), index, units, "none", float(loaded.task.mean))
    expected = "classification, multilabel or regression"
    raise SettingError("this run's outputs can't be explained", where=f"task {task}", expected=expected)


def _labels(labels: list[str], outputs: Tensor, target: str | int | None, link: Link) -> Targets:
    if target is None:
        index = outputs.argmax(1)
    elif str(target) in labels:
        index = torch.full((len(outputs),), labels.index(str(target)), dtype=torch.int64, device=outputs.device)
    else:
        raise UnknownName("label", str(target), labels, where="target")
    return Targets([labels[k] for k in index.tolist()], index, torch.ones(len(labels)), link)
