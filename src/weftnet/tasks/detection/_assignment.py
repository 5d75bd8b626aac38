"""Which places learn which boxes: those whose own answer already fits a box best, by class and by place together.

    t = p^α · u^β                p the likelihood of the box's class at the place, u the IoU of the box found there
    candidates of a box          places whose centre is inside it; the nearest place where there is none
    its places                   the `MOST` candidates of the largest t
    a place of several boxes     is that of the box of largest u
    likelihood to be learnt      t̂ = t / max t · max u       over the places of each box; 0 everywhere else

So the place that finds a box best learns to be the surest of it, and the surest learns to find it best.
Source: C. Feng and others, TOOD: Task-aligned one-stage object detection, 2021, https://arxiv.org/abs/2108.07755,
section 3.2.
Differs: candidates are inside the box from the first step on (there the first epochs choose by distance); α = ½ and ten
places, as in https://docs.ultralytics.com/models/yolov8, with β = 6 as in the paper.
Cost: batch · boxes · places numbers.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from weftnet.tasks.detection._overlap import iou

#: α, β, and places of a box
ALPHA, BETA, MOST = 0.5, 6.0, 10
_LEAST = 1e-9


class Assigned(NamedTuple):
    """What places learn.

    Args:
        box: (batch, places) the number of the box in its row; −1 for a place of none.
        sure: (batch, places) t̂, the likelihood of its class; 0 for a place of none.
    """

    box: Tensor
    sure: Tensor


@torch.no_grad()
def assigned(
    likelihood: Tensor, found: Tensor, centres: Tensor, boxes: Tensor, labels: Tensor, mask: Tensor
) -> Assigned:
    """Places for boxes.

    Args:
        likelihood: (batch, places, classes) of each class.
        found: (batch, places, 4) the boxes that are found there.
        centres: (batch, places, 2) of the places.
        boxes: (batch, boxes, 4) the true ones.
        labels: (batch, boxes) their classes.
        mask: (batch, boxes) which there are.
    """
    batch, places = likelihood.shape[:2]
    if not boxes.shape[1]:
        return Assigned(labels.new_full((batch, places), -1), likelihood.new_zeros(batch, places))
    u = iou(boxes[:, :, None], found[:, None])
    own = labels.clamp(min=0)[:, :, None].expand(-1, -1, places)
    p = likelihood.mT.gather(1, own)
    t = p**ALPHA * u**BETA
    candidates = _candidates(centres, boxes) & mask[:, :, None]
    # places of equal t in their order, on every device
    order = torch.where(candidates, t, t.new_full((), -1)).argsort(dim=2, descending=True, stable=True)[..., :MOST]
    chosen = torch.zeros_like(candidates).scatter_(2, order, value=True) & candidates
    box = torch.where(chosen, u, u.new_full((), -1)).argmax(1)
    taken = chosen.any(1)
    numbers = torch.arange(boxes.shape[1], device=boxes.device)[:, None]
    chosen &= numbers == box[:, None]
    t, u = t * chosen, u * chosen
    scale = u.amax(2, keepdim=True) / (t.amax(2, keepdim=True) + _LEAST)
    return Assigned(box.masked_fill(~taken, -1), (t * scale).amax(1))


def _candidates(centres: Tensor, boxes: Tensor) -> Tensor:
    """(batch, boxes, places) whose centre is inside; the nearest to its middle where there is none."""
    points = centres[:, None]
    inside = ((points > boxes[:, :, None, :2]) & (points < boxes[:, :, None, 2:])).all(-1)
    middle = (boxes[..., :2] + boxes[..., 2:]) / 2
    nearest = (points - middle[:, :, None]).square().sum(-1).argmin(2, keepdim=True)
    alone = ~inside.any(2, keepdim=True)
    return inside | (torch.zeros_like(inside).scatter_(2, nearest, value=True) & alone)
