"""Segmentation: the class of every pixel of an image.

    p = softmax(network(x))                          over the classes, at every pixel
    loss = cross-entropy + `dice` · Dice loss        over the pixels that count

The cross-entropy is a mean over pixels, so that large regions decide; the Dice loss (Milletari and others 2016,
`losses/dice.py`) weighs every class alike. Pixels of no class (void) count neither in the loss nor in a metric.

Source: J. Long, E. Shelhamer, T. Darrell, Fully convolutional networks for semantic segmentation, 2015,
https://arxiv.org/abs/1411.4038. The score is the mean intersection over union.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds.mask import VOID, Mask
from weftnet.data.outputs import Outputs, chosen
from weftnet.data.ways import read_as
from weftnet.errors import SettingError
from weftnet.losses._objective import LossSpec
from weftnet.metrics._metric import Metric
from weftnet.metrics.accuracy import Accuracy
from weftnet.metrics.cross_entropy import CrossEntropy
from weftnet.metrics.mean_iou import MeanIou
from weftnet.tasks._class_weights import EXPONENTS, class_weights, counts_of
from weftnet.tasks._heads import refusal
from weftnet.tasks._sized import lies_in_image
from weftnet.tasks._task import Task, target_of, wrong_target

#: images whose outputs metrics see at once: a batch of them may have gigabytes of logits
_TOGETHER = 16


@dataclass(frozen=True)
class Segmentation(Task):
    """One network with a logit for each class at every pixel.

    Args:
        labels: the names of the classes, in the order of the logits.
        height: of the masks.
        width: of the masks.
        dice: weight of the Dice loss, beside the cross-entropy's 1.
        class_weights: a positive weight for each class in the cross-entropy; `from_data` also takes "balanced" and
            "root" (`tasks/_class_weights.py`), of the training pixels.
        loss: instead of these two, what `weftnet.losses` takes: "focal", a sum, a function.
    """

    labels: list[str]
    height: int
    width: int
    dice: float = 1.0
    class_weights: list[float] | None = None
    loss: Any = None

    score: ClassVar[str] = "mean_iou"

    def __post_init__(self) -> None:
        where = "task segmentation"
        if len(self.labels) < 2 or len(set(self.labels)) != len(self.labels):
            raise SettingError("labels are not distinct", where=where, expected="two or more", got=str(self.labels))
        if not self.dice >= 0:
            raise SettingError("dice is out of range", where=where, expected="0 or more", got=str(self.dice))
        weights = self.class_weights
        wrong = isinstance(weights, str) or (weights is not None and len(weights) != len(self.labels))
        if wrong or not all(weight > 0 for weight in weights or ()):
            expected = f'{len(self.labels)} positive numbers, or "balanced" or "root" where the data are at hand'
            raise SettingError("class_weights can't be used", where=where, expected=expected, got=repr(weights))
        if self.loss is not None and weights is not None:
            fix = "write {cross_entropy: {class_weights: …}} as the loss"
            raise SettingError("class_weights are of the task's own loss", where=where, fix=fix)
        self.objective  # noqa: B018  # made now, so that a loss that can't be used is refused now

    @classmethod
    def suits(cls, data: Data) -> float:
        """How sure the task is that these data are meant for it, from 0 to 1."""
        return float(isinstance(data.target, Mask))

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Segmentation":
        """The task for images whose target is a mask.

        Raises:
            DataError: the target is no mask, or no image of the masks' size shows all that they cover.
        """
        if not isinstance(data.target, Mask):
            raise wrong_target(data, "a mask", f"read the target as a mask: {read_as(target_of(data), 'mask')}")
        height, width = data.target.sizes
        lies_in_image(data, (height, width), "masks")
        labels = list(data.target.labels)
        if (how := settings.get("class_weights")) in list(EXPONENTS):
            pixels = (target[target != VOID] for target in data.targets("train", _TOGETHER))
            settings = {**settings, "class_weights": class_weights(counts_of(pixels, len(labels)), how)}
        return cls(labels=labels, height=height, width=width, **settings)

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """A 1×1 convolution to the classes, and lines between the pixels up to the masks' size."""
        if last_block == "softmax":
            what = "the loss includes the softmax: the network must return logits; remove the softmax"
            raise refusal(part, last_block, what)
        factor = self.height // gives.size("height") if gives.kind == "image" and gives.dtype == "float" else 0
        if not factor or gives.sizes[1:] != (self.height // factor, self.width // factor) or self.height % factor:
            reads = f"an image of floats, {self.height}×{self.width} or a whole part of it"
            raise refusal(part, last_block, "its output can't become a mask", reads=reads, received=str(gives))
        done = last_block == "conv2d" and gives.size("channels") == len(self.labels)
        up = (Block("upsample2d", {"factor": factor, "mode": "bilinear"}),) * (factor > 1)
        return (*(() if done else (Block("conv2d", {"channels": len(self.labels), "kernel": 1}),)), *up)

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Cross-entropy in nats plus the weighted Dice loss."""
        yield "network", self.objective(model["network"](batch.inputs, batch.masks), *truth_of(batch))

    def own_loss(self) -> LossSpec:
        """Cross-entropy, and the Dice loss with its weight."""
        nats = {"cross_entropy": {"class_weights": self.class_weights}}
        return [nats, {"dice": {"weight": self.dice}}] if self.dice else nats

    def metrics(self) -> list[Metric]:
        """Loss, the plain cross-entropy; mean IoU, and accuracy, of pixels."""
        return [CrossEntropy().called("loss"), MeanIou(), Accuracy().called("pixel_accuracy")]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """Logits (n, classes) and classes (n) of the pixels that count, a few images at a time."""
        for batch in batches:
            for start in range(0, batch.size, _TOGETHER):
                part = batch.slice(start, start + _TOGETHER)
                target, counts = truth_of(part)
                yield chosen(self.infer(model, part)).movedim(1, -1)[counts], target[counts]


def truth_of(batch: Batch) -> tuple[Tensor, Tensor]:
    """Classes, 0 where a pixel doesn't count, and which pixels count; both (batch, height, width)."""
    target, counts = batch.target, batch.target_mask
    if counts is None:
        counts = torch.ones_like(target, dtype=torch.bool)
    return torch.where(counts, target.long(), 0), counts
