"""Classification: which of K classes an example belongs to. Two classes are the case K = 2.

    p = softmax(network(x))
    loss = −Σ_k w_k t_k log p_k,   t = (1 − ε) · one-hot(target) + ε / K

with ε = `label_smoothing` (Szegedy et al. 2016, https://arxiv.org/abs/1512.00567) and w = `class_weights`; "balanced"
and "root" take them from the training split (`tasks/_class_weights.py`), where rare classes count more. With hard
targets the mean is weighted, Σ w·loss / Σ w; soft targets (batch, classes), as from mixup, are averaged without
weights.

The loss includes the softmax, so the network gives logits. A softmax at its end would be a second one: the loss could
then not fall below log(1 + (K − 1)/e), so such a network is refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds.category import Category, Label
from weftnet.errors import DataError, SettingError
from weftnet.losses._objective import LossSpec
from weftnet.metrics._metric import Metric
from weftnet.metrics.accuracy import Accuracy
from weftnet.metrics.auroc import Auroc
from weftnet.metrics.balanced_accuracy import BalancedAccuracy
from weftnet.metrics.cross_entropy import CrossEntropy
from weftnet.metrics.macro_f1 import MacroF1
from weftnet.tasks._class_weights import EXPONENTS, class_weights, counts_of
from weftnet.tasks._doubts import are_lists, are_scores
from weftnet.tasks._heads import refusal, to_vector
from weftnet.tasks._task import Link, Task, wrong_target


@dataclass(frozen=True)
class Classification(Task):
    """One network with a logit for each class.

    Args:
        labels: the names of the classes, in the order of the logits.
        label_smoothing: probability mass spread evenly over all classes, in [0, 1).
        class_weights: a positive weight for each class; `from_data` also takes "balanced" and "root".
        loss: instead of this cross-entropy, what `weftnet.losses` takes: "focal", a sum, a function.
    """

    labels: list[str]
    label_smoothing: float = 0.0
    class_weights: list[float] | None = None
    loss: Any = None

    reads: ClassVar[type[Kind]] = Category
    link: ClassVar[Link] = "softmax"
    ends: ClassVar[Mapping[str, Mapping[str, Any]]] = {"classes": {}}
    score: ClassVar[str] = "accuracy"
    choice: ClassVar[str] = "loss"

    def __post_init__(self) -> None:
        where = "task classification"
        if len(self.labels) < 2 or len(set(self.labels)) != len(self.labels):
            raise SettingError("labels are not distinct", where=where, expected="two or more", got=str(self.labels))
        if not 0 <= self.label_smoothing < 1:
            raise SettingError(
                "label_smoothing is out of range", where=where, expected="0 ≤ ε < 1", got=str(self.label_smoothing)
            )
        if self.loss is not None and (self.label_smoothing or self.class_weights is not None):
            fix = "write {cross_entropy: {label_smoothing: …}} as the loss"
            raise SettingError("label_smoothing and class_weights are of the task's own loss", where=where, fix=fix)
        weights = self.class_weights
        if weights is None:
            self.objective  # noqa: B018  # made now, so that a loss that can't be used is refused now
            return
        if isinstance(weights, str) or len(weights) != self.classes or not all(w > 0 for w in weights):
            raise SettingError(
                "class_weights can't be used",
                where=where,
                expected=f'{self.classes} positive numbers, or "balanced" or "root" where the data are at hand',
                got=repr(weights),
            )

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.labels)

    @classmethod
    def suits(cls, data: Data) -> float:
        """Sure of a category; less so of labels that may be amounts, or several labels in one."""
        if not isinstance(data.target, Category):
            return 0.0
        return 0.6 if are_scores(data.target.labels) or are_lists(data.target.labels) else 0.9

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Classification":
        """The task for data whose target is a category.

        Raises:
            DataError: there is no target, or it is not a category of two classes or more.
        """
        if not isinstance(data.target, Category):
            raise wrong_target(data, "a category", "use the task regression, or read the target as a category")
        labels = data.target.labels
        if len(labels) < 2:
            raise DataError(
                "the target always has the same value", where=data.name, expected="two classes or more", got=str(labels)
            )
        if (how := settings.get("class_weights")) in list(EXPONENTS):
            settings = {**settings, "class_weights": _weights(data, labels, how)}
        return cls(labels=[str(label) for label in labels], **settings)

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """Pooling where needed, and a dense layer of width `classes`."""
        logits = gives.kind == "vector" and gives.size("dim") in (1, self.classes)
        # a sigmoid of another width is a hidden layer like any other; a softmax is meant as an output wherever it ends
        if last_block == "softmax" or (last_block == "sigmoid" and logits):
            what = f"the loss includes the {last_block}: the network must return logits; remove the {last_block}"
            raise refusal(part, last_block, what)
        pool = {"image": ["global_average_pool2d"], "sequence": ["global_average_pool1d"]}
        return to_vector(part, gives, last_block, self.classes, **pool, members="classes")

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Cross-entropy in nats; the target is (batch) of class numbers, or (batch, classes) of probabilities."""
        logits = model["network"](batch.inputs, batch.masks)
        yield "network", self.objective(logits, batch.target, batch.target_mask)

    def own_loss(self) -> LossSpec:
        """Cross-entropy with the task's smoothing and weights."""
        return {"cross_entropy": {"label_smoothing": self.label_smoothing, "class_weights": self.class_weights}}

    def metrics(self) -> list[Metric]:
        """Loss, accuracy, balanced accuracy, macro F1; of two classes also AUROC.

        The loss is the plain cross-entropy, without smoothing and weights, so that recipes can be compared.
        """
        always: list[Metric] = [CrossEntropy().called("loss"), Accuracy(), BalancedAccuracy(), MacroF1()]
        return always + [Auroc()] * (self.classes == 2)


def _weights(data: Data, labels: Sequence[Label], how: str) -> list[float]:
    """By how often each label occurs in the training split."""
    counts = counts_of(data.targets("train", 1024), len(labels))
    if missing := [label for k, label in enumerate(labels) if not counts[k]]:
        raise DataError(
            "a class can't be weighted: no training example has it",
            where=data.name,
            got=", ".join(map(str, missing)),
            fix="give class_weights as a list",
        )
    return class_weights(counts, how)
