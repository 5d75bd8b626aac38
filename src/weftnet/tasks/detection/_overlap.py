"""How much two boxes have in common.

    IoU(a, b)  = |a ∩ b| / |a ∪ b|
    GIoU(a, b) = IoU(a, b) − (|h| − |a ∪ b|) / |h|         h the smallest box around both

GIoU lies between −1 and 1 and has a gradient where the boxes don't touch, too.
Source: H. Rezatofighi and others, Generalized intersection over union, 2019, https://arxiv.org/abs/1902.09630.
Differs: 1e−9 is added to what is divided by, for boxes of no area.
"""

import torch
from torch import Tensor

_LEAST = 1e-9


def area(boxes: Tensor) -> Tensor:
    """(…) of boxes (…, 4)."""
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def iou(a: Tensor, b: Tensor) -> Tensor:
    """(…) of boxes (…, 4) and (…, 4), whose leading axes are broadcast."""
    common, joint = _parts(a, b)
    return common / (joint + _LEAST)


def giou(a: Tensor, b: Tensor) -> Tensor:
    """(…) likewise."""
    common, joint = _parts(a, b)
    sides = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    around = sides[..., 0] * sides[..., 1]
    return common / (joint + _LEAST) - (around - joint) / (around + _LEAST)


def _parts(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """The areas of intersection and union."""
    sides = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0)
    common = sides[..., 0] * sides[..., 1]
    return common, area(a) + area(b) - common
