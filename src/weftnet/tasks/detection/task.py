"""Detection: what things there are in a picture, each with the box around it.

    (box, place, z) = network(x)                 at every place of every level; z a logit for each class
    loss = Σ BCE(z, t̂) / n + `box` · Σ t̂ (1 − GIoU(box, its true box)) / n,      n = max(1, Σ t̂)
    BCE(z, t̂) · |t̂ − σ(z)|^focal                for `focal` above 0

t̂ is the likelihood that a place shall learn (`_assignment.py`): 0 for most of them, and large where the box that is
found there already fits. What is answered is what non-maximum suppression leaves (`_suppression.py`), in an exported
run too. The score is the mean average precision, as COCO has it.

Source: Z. Tian and others, FCOS, 2019, https://arxiv.org/abs/1904.01355; C. Feng and others, TOOD, 2021,
https://arxiv.org/abs/2108.07755; focal: X. Li and others, Generalized focal loss, 2020,
https://arxiv.org/abs/2006.04388, equation 2.
Differs: no centre-ness and no distribution of distances; the weight of the boxes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds.boxes import Boxes
from weftnet.data.outputs import Outputs, chosen
from weftnet.data.ways import read_as
from weftnet.errors import SettingError
from weftnet.metrics._metric import Metric
from weftnet.metrics.box_average_precision import BoxAveragePrecision
from weftnet.tasks._heads import refusal
from weftnet.tasks._sized import lies_in_image
from weftnet.tasks._task import Task, target_of, wrong_target
from weftnet.tasks.detection._assignment import assigned
from weftnet.tasks.detection._overlap import giou
from weftnet.tasks.detection._suppression import LEAST, PLACE, with_suppression

#: what a question asks of every box that there may be: metrics rank them all
EVERY: Mapping[str, Any] = {"least": LEAST}


@dataclass(frozen=True)
class Detection(Task):
    """One network with a box and a logit for each class at every place.

    Args:
        labels: the names of the classes, in the order of the logits.
        height: of the pictures that the network reads.
        width: likewise.
        box: weight of the boxes' loss, beside the classes' 1.
        focal: the exponent that makes what is easy count less; 0 for none.
        overlap: the IoU up to which two boxes of a class are two things.
    """

    labels: list[str]
    height: int
    width: int
    box: float = 5.0
    focal: float = 0.0
    overlap: float = 0.6

    reads: ClassVar[type[Kind] | None] = Boxes
    score: ClassVar[str] = "mean_average_precision"

    def __post_init__(self) -> None:
        where = "task detection"
        if not self.labels or len(set(self.labels)) != len(self.labels):
            raise SettingError("labels are not distinct", where=where, expected="one or more", got=str(self.labels))
        for name, value, fits in (
            ("box", self.box, self.box > 0), ("focal", self.focal, self.focal >= 0),
            ("overlap", self.overlap, 0 < self.overlap < 1),
        ):  # fmt: skip
            if not fits:
                expected = {"box": "above 0", "focal": "0 or more", "overlap": "between 0 and 1"}[name]
                raise SettingError(f"{name} is out of range", where=where, expected=expected, got=str(value))

    @classmethod
    def suits(cls, data: Data) -> float:
        """How sure the task is that these data are meant for it, from 0 to 1."""
        return float(isinstance(data.target, Boxes))

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Detection":
        """The task for pictures whose target is a set of boxes.

        Raises:
            DataError: the target is another one, or there is no picture that the boxes lie in.
        """
        if not isinstance(data.target, Boxes):
            raise wrong_target(data, "a set of boxes", f"read the target as boxes: {read_as(target_of(data), 'boxes')}")
        height, width = data.target.sizes
        lies_in_image(data, (height, width), "boxes")
        return cls(labels=list(data.target.labels), height=height, width=width, **settings)

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """Boxes and logits at every place.

        Raises:
            ArchitectureError: the output is no list of places.
        """
        if gives.axes != ("places", "features") or gives.dtype != "float":
            what = "it gives no places where things could be; end it in decoupled_tower, or take zoo:detector"
            raise refusal(part, last_block, what, reads="places with features", received=str(gives))
        done = last_block in ("box_head", None) and gives.size("features") == PLACE + len(self.labels)
        return () if done else (Block("box_head", {"labels": len(self.labels)}),)

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Of classes and boxes."""
        boxes, labels, mask, weights = truth_of(batch)
        yield "network", self.loss_of(model["network"](batch.inputs, batch.masks), boxes, labels, mask, weights)

    def loss_of(
        self, found: Tensor, boxes: Tensor, labels: Tensor, mask: Tensor, weights: Tensor | None = None
    ) -> Tensor:
        """The loss of what is found (batch, places, 7 + classes) beside true boxes, labels and which there are.

        What a place loses counts by the weight of its box, where boxes have weights.
        """
        corners, logits = found[..., :4].float(), found[..., PLACE:].float()
        places = assigned(logits.sigmoid(), corners, found[..., 4:6].float(), boxes, labels, mask)
        real, own = places.box >= 0, places.box.clamp(min=0)
        worth = None if weights is None or not boxes.shape[1] else weights.gather(1, own).where(real, 1.0)
        sure = places.sure if worth is None else places.sure * worth
        count = sure.sum().clamp(min=1)
        if not boxes.shape[1]:
            wanted, apart = torch.zeros_like(logits), logits.new_zeros(())
        else:
            classes = F.one_hot(labels.gather(1, own).clamp(min=0), len(self.labels))
            wanted = (classes * (places.sure * real).unsqueeze(-1)).to(logits.dtype)
            truth = boxes.gather(1, own.unsqueeze(-1).expand(-1, -1, 4))
            apart = (sure * (1 - giou(corners, truth)))[real].sum()
        classified = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
        if self.focal:
            classified = classified * (wanted - logits.sigmoid()).abs() ** self.focal
        if worth is not None:
            classified = classified * worth.unsqueeze(-1)
        return (classified.sum() + self.box * apart) / count

    def passes(self, model: nn.ModuleDict) -> dict[str, nn.Module]:
        """The network and the suppression behind it."""
        return {"network": with_suppression(model["network"], self.overlap)}

    def metrics(self) -> list[Metric]:
        """The mean average precision over ten overlaps, and at an overlap of a half."""
        return [
            BoxAveragePrecision().called("mean_average_precision"),
            BoxAveragePrecision(overlap=0.5).called("average_precision_50"),
        ]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """What is found (batch, boxes, 6), however unsure, and the true boxes."""
        for batch in batches:
            yield chosen(self.infer(model, batch, EVERY), "boxes"), batch.target


def truth_of(batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """True boxes (batch, boxes, 4), their classes, which there are and their weights; of as few as hold all."""
    target, mask = batch.target, batch.target_mask
    real = target[..., 4] >= 0 if mask is None else mask & (target[..., 4] >= 0)
    order = real.int().argsort(dim=1, descending=True, stable=True)[:, : int(real.sum(1).max())]
    boxes = target.gather(1, order.unsqueeze(-1).expand(-1, -1, target.shape[2]))
    weights = boxes[..., 5] if boxes.shape[2] > 5 else None
    return boxes[..., :4], boxes[..., 4].long(), real.gather(1, order), weights
