"""Non-maximum suppression: of boxes that have much in common, the surest stays; each class by itself.

    candidates    places whose likelihood p of the class is above `least`, the surest first, the first of equal ones
    kept          a candidate whose IoU with each candidate kept before it is at most `overlap`; `MOST` of a class

The operation `weftnet::suppressed` computes it as a fixed point, which is the answer of the loop: a candidate is kept
if no kept one before it has too much in common with it. In ONNX it is `NonMaxSuppression`, which is the same.

What a detector is exported as is its network and, behind it, the block `Suppression`: a further output says which
classes of which places are kept.
Source: A. Neubeck, L. Van Gool, Efficient non-maximum suppression, 2006, https://doi.org/10.1109/ICPR.2006.479; the
fixed point: Z. Zheng and others, Enhancing geometric factors (Cluster-NMS), 2020, https://arxiv.org/abs/2005.03572.
"""

from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Wire
from weftnet.base.operations import in_onnx
from weftnet.compose.flow import Resolved
from weftnet.compose.network import Network
from weftnet.tasks.detection._overlap import iou

#: boxes of a class that are kept in a picture, and the likelihood below which nothing is a candidate
MOST, LEAST = 100, 0.01
#: numbers before the logits of a place: the box, the centre and the stride
PLACE = 7
#: candidates that are compared with all others at once
_AT_ONCE = 2048
#: what the exported network calls its outputs
FOUND, KEPT = "found", "kept"


@torch.library.custom_op("weftnet::suppressed", mutates_args=())
def suppressed(boxes: Tensor, likelihood: Tensor, overlap: float, least: float, most: int) -> Tensor:
    """(batch, classes, places) which are kept, of boxes (batch, places, 4) and likelihoods (batch, classes, places)."""
    kept = torch.zeros_like(likelihood, dtype=torch.bool)
    for row, (own, several) in enumerate(zip(boxes, likelihood, strict=True)):
        for label, p in enumerate(several):
            candidates = (p > least).nonzero().squeeze(1)
            order = candidates[p[candidates].argsort(descending=True, stable=True)]
            kept[row, label, order[_kept(own[order], overlap)][:most]] = True
    return kept


@suppressed.register_fake
def _(boxes: Tensor, likelihood: Tensor, overlap: float, least: float, most: int) -> Tensor:
    return torch.empty_like(likelihood, dtype=torch.bool)


@in_onnx(torch.ops.weftnet.suppressed.default)
def _(op: Any, boxes: Any, likelihood: Any, overlap: float, least: float, most: int) -> Any:
    numbers = [op.Constant(value_ints=[most]), op.Constant(value_floats=[overlap]), op.Constant(value_floats=[least])]
    places = op.NonMaxSuppression(boxes, likelihood, *numbers)  # (kept, 3): row, class, place
    none = op.Expand(op.Cast(op.Constant(value_ints=[0]), to=9), op.Shape(likelihood))
    ones = op.Expand(op.Cast(op.Constant(value_ints=[1]), to=9), op.Shape(places, start=0, end=1))
    return op.ScatterND(none, places, ones)


def _kept(boxes: Tensor, overlap: float) -> Tensor:
    """(n) which of boxes (n, 4), the surest first, are kept."""
    if len(boxes) > _AT_ONCE:
        return _one_by_one(boxes, overlap)
    before = torch.ones(len(boxes), len(boxes), dtype=torch.bool, device=boxes.device).triu(1)
    gone = (iou(boxes[:, None], boxes) > overlap) & before
    kept = torch.ones(len(boxes), dtype=torch.bool, device=boxes.device)
    while True:
        following = ~(gone & kept[:, None]).any(0)
        if torch.equal(following, kept):
            return kept
        kept = following


def _one_by_one(boxes: Tensor, overlap: float) -> Tensor:
    """The same, without comparing each with each."""
    kept = torch.ones(len(boxes), dtype=torch.bool, device=boxes.device)
    for place in range(len(boxes)):
        if kept[place]:
            kept[place + 1 :] &= iou(boxes[place], boxes[place + 1 :]) <= overlap
    return kept


class Suppression(nn.Module):
    """Which classes of which places are kept.

    Args:
        overlap: the IoU up to which two boxes of a class are two things.
    """

    def __init__(self, overlap: float) -> None:
        super().__init__()
        self.overlap = overlap

    def forward(self, x: Float[Tensor, "batch places features"]) -> Bool[Tensor, "batch places classes"]:
        """From boxes, places and logits."""
        kept: Tensor = suppressed(x[..., :4], x[..., PLACE:].sigmoid().mT, self.overlap, LEAST, MOST)
        return kept.mT


class Suppressed(nn.Module):
    """A network of another engine, and the suppression behind it.

    Args:
        network: gives boxes, places and logits.
        overlap: as of `Suppression`.
    """

    def __init__(self, network: nn.Module, overlap: float) -> None:
        super().__init__()
        self.network, self.kept = network, Suppression(overlap)

    def forward(self, inputs: dict[str, Tensor], masks: dict[str, Tensor]) -> dict[str, Tensor]:
        """Both outputs."""
        found = self.network(inputs, masks)
        return {FOUND: found, KEPT: self.kept(found)}


def with_suppression(network: nn.Module, overlap: float) -> nn.Module:
    """The network, of the same modules, with the further output `kept`."""
    if not isinstance(network, Network):
        return Suppressed(network, overlap).train(network.training)
    whole = network.resolved
    if whole.kind == "chain":
        (before,) = whole.reads
        wires: dict[str, Wire] = {}
        for segment in whole.children:
            wires[segment] = Wire((before,))
            before = segment
    else:
        wires, (before,) = dict(whole.wires), whole.outputs
    gives = whole.output
    labels = gives.sizes[1] - PLACE
    own = Resolved(
        "block", KEPT, "suppression", {"x": gives}, {"x": before},
        {"y": Signal(("places", "classes"), (gives.sizes[0], labels), "bool")}, Suppression, {"overlap": overlap},
    )  # fmt: skip
    resolved = replace(
        whole, kind="graph", name="graph", gives={FOUND: gives, KEPT: own.output}, outputs=(FOUND, KEPT),
        children={**whole.children, KEPT: own},
        wires={**wires, FOUND: Wire((before,)), KEPT: Wire((before,))},
    )  # fmt: skip
    modules = {name: network.get_submodule(name) for name in whole.children} | {KEPT: Suppression(overlap)}
    return Network(resolved, modules).train(network.training)
