"""Multilabel: which of K labels an example has; any number of them, each decided independently.

    p = sigmoid(network(x))
    loss = mean over examples and labels of  −[w_k t log p + (1 − t) log(1 − p)]

with w = `pos_weight`; "balanced" is w_k = (n − n_k) / n_k from the training split, so that a label's examples weigh as
much as the others together (King & Zeng 2001). The loss includes the sigmoid, so the network gives logits.

The score is the mean average precision: it depends on the order of the examples alone, so it needs no threshold
and doesn't stay at 0 while rare labels are still below one, as F1 does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds.category import Category
from weftnet.data.kinds.labels import Labels
from weftnet.data.ways import read_as
from weftnet.errors import DataError, SettingError
from weftnet.losses._objective import LossSpec
from weftnet.metrics._metric import Metric
from weftnet.metrics.binary_cross_entropy import BinaryCrossEntropy
from weftnet.metrics.hamming import Hamming
from weftnet.metrics.label_macro_f1 import LabelMacroF1
from weftnet.metrics.label_micro_f1 import LabelMicroF1
from weftnet.metrics.mean_average_precision import MeanAveragePrecision
from weftnet.metrics.subset_accuracy import SubsetAccuracy
from weftnet.tasks._doubts import are_lists
from weftnet.tasks._heads import refusal, to_vector
from weftnet.tasks._task import Link, Task, target_of, wrong_target


@dataclass(frozen=True)
class Multilabel(Task):
    """One network with a logit for each label.

    Args:
        labels: their names, in the order of the logits.
        threshold: a label is answered from this probability on, in (0, 1).
        pos_weight: a positive weight of each label's examples; `from_data` also takes "balanced".
        loss: instead of this cross-entropy, what `weftnet.losses` takes: a sum, a function.
    """

    labels: list[str]
    threshold: float = 0.5
    pos_weight: list[float] | None = None
    loss: Any = None

    link: ClassVar[Link] = "sigmoid"
    score: ClassVar[str] = "mean_average_precision"
    choice: ClassVar[str] = "loss"

    def __post_init__(self) -> None:
        where = "task multilabel"
        if not self.labels or len(set(self.labels)) != len(self.labels):
            raise SettingError("labels are not distinct", where=where, expected="one or more", got=str(self.labels))
        if not 0 < self.threshold < 1:
            raise SettingError("threshold is out of range", where=where, expected="0 < p < 1", got=str(self.threshold))
        if self.loss is not None and self.pos_weight is not None:
            fix = "write {binary_cross_entropy: {positive_weights: …}} as the loss"
            raise SettingError("pos_weight is of the task's own loss", where=where, fix=fix)
        weights = self.pos_weight
        if weights is None:
            self.objective  # noqa: B018  # made now, so that a loss that can't be used is refused now
            return
        if isinstance(weights, str) or len(weights) != len(self.labels) or not all(w > 0 for w in weights):
            raise SettingError(
                "pos_weight can't be used",
                where=where,
                expected=f'{len(self.labels)} positive numbers, or "balanced" where the data are at hand',
                got=repr(weights),
            )

    @classmethod
    def suits(cls, data: Data) -> float:
        """Sure of several labels a row; possible for a category whose labels have parts."""
        if isinstance(data.target, Category):
            return 0.4 * are_lists(data.target.labels)
        return 0.9 * isinstance(data.target, Labels)

    @classmethod
    def option(cls, data: Data) -> str:
        """Where a category's labels have parts: to read each as several."""
        return read_as(str(data.state()["target"]), "labels") if isinstance(data.target, Category) else ""

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Multilabel":
        """The task for data whose target is a set of labels.

        Raises:
            DataError: there is no target, it is not labels, or no training row has any.
        """
        if not isinstance(data.target, Labels):
            fix = f"use the task classification, or read the target as labels: {read_as(target_of(data), 'labels')}"
            raise wrong_target(data, "several labels a row", fix)
        if not data.target.labels:
            raise DataError("no training row has a label", where=data.name)
        if settings.get("pos_weight") == "balanced":
            settings = {**settings, "pos_weight": _balanced(data, data.target.labels)}
        return cls(labels=list(data.target.labels), **settings)

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """Pooling where needed, and a dense layer with an output for each label."""
        logits = gives.kind == "vector" and gives.size("dim") == len(self.labels)
        if last_block == "sigmoid" and logits:
            what = "the loss includes the sigmoid: the network must return logits; remove the sigmoid"
            raise refusal(part, last_block, what)
        if last_block == "softmax":
            what = "in a softmax the labels compete, and here each is decided by itself; remove it"
            raise refusal(part, last_block, what)
        pool = {"image": ["global_average_pool2d"], "sequence": ["global_average_pool1d"]}
        return to_vector(part, gives, last_block, len(self.labels), **pool, members="labels")

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Binary cross-entropy in nats; the target is (batch, labels), also of values between 0 and 1."""
        logits = model["network"](batch.inputs, batch.masks)
        yield "network", self.objective(logits, batch.target, batch.target_mask)

    def own_loss(self) -> LossSpec:
        """Binary cross-entropy with the task's weights."""
        return {"binary_cross_entropy": {"positive_weights": self.pos_weight}}

    def metrics(self) -> list[Metric]:
        """Loss (without weights), mean average precision, and at the threshold F1, subset accuracy, hamming."""
        micro, macro = LabelMicroF1(self.threshold), LabelMacroF1(self.threshold)
        return [
            BinaryCrossEntropy().called("loss"), MeanAveragePrecision(), micro.called("micro_f1"),
            macro.called("macro_f1"), SubsetAccuracy(self.threshold), Hamming(self.threshold),
        ]  # fmt: skip


def _balanced(data: Data, labels: list[str]) -> list[float]:
    """(n − n_k) / n_k over the training split, in which every label occurs."""
    counts, total = torch.zeros(len(labels), dtype=torch.float64), 0
    for target in data.targets("train", 1024):
        counts += target.double().sum(0)
        total += len(target)
    if everywhere := [label for label, count in zip(labels, counts.tolist(), strict=True) if count == total]:
        raise DataError(
            "a label can't be weighted: every training example has it",
            where=data.name,
            got=", ".join(everywhere),
            fix="give pos_weight as a list",
        )
    return ((total - counts) / counts).tolist()
