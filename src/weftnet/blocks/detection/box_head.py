"""The head of a detector: a box at every place, and how likely it is around a thing of each class.

    (cx, cy, s, c, b) = x[p]                        centre, stride, and two vectors, as `decoupled_tower` gives them
    (l, t, r, d) = s · exp(W_b b + v_b)             from the centre to the borders, in pixels
    y[p] = (cx − l, cy − t, cx + r, cy + d, cx, cy, s, W_c c + v_c)

The last `labels` of the outputs are logits, each of its own: a place may be of no class at all. Exponents are clipped
to ±6, so that no box is beyond all pictures; they start at 0, a box of two strides around its place. v_c starts at
−log((1 − π) / π), π = 0.01, as most places are of nothing.
Source: Z. Tian and others, FCOS: Fully convolutional one-stage object detection, 2019,
https://arxiv.org/abs/1904.01355, equation 1 and section 3.2; the bias: T.-Y. Lin and others, Focal loss for dense
object detection, 2017, https://arxiv.org/abs/1708.02002, section 3.3.
Differs from FCOS: no centre-ness; the scale of a level is its stride.
Cost: (features − 3) / 2 · (labels + 4) + labels + 4 parameters.
When: At the end of a detector. The task adds it by itself; name it to set how sharply borders are told.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive

#: of a place: the centre and the stride; and what a box starts as likely
_PLACE, _PRIOR, _LARGEST = 3, 0.01, 6.0


class BoxHead(nn.Module):
    """Boxes in pixels and logits of the classes.

    Args:
        features: of a place: three for where it is, and two vectors of one width.
        labels: how many classes there are.
    """

    def __init__(self, features: int, labels: int) -> None:
        super().__init__()
        positive("box_head", labels=labels)
        if features < _PLACE + 2 or (features - _PLACE) % 2:
            raise ValueError(f"box_head: features: expected 3 and twice a width, got {features}")
        self.dim = (features - _PLACE) // 2
        self.classes, self.borders = nn.Linear(self.dim, labels), nn.Linear(self.dim, 4)
        nn.init.normal_(self.classes.weight, std=0.01)
        nn.init.constant_(self.classes.bias, -math.log((1 - _PRIOR) / _PRIOR))
        nn.init.normal_(self.borders.weight, std=0.01)
        nn.init.zeros_(self.borders.bias)

    def forward(self, x: Float[Tensor, "batch places features"]) -> Float[Tensor, "batch places features_out"]:
        """At every place, whatever the others are."""
        place, what, where = torch.split(x, [_PLACE, self.dim, self.dim], 2)
        centre, stride = place[..., :2], place[..., 2:]
        far = stride * self.borders(where).clamp(-_LARGEST, _LARGEST).exp()
        return torch.cat([centre - far[..., :2], centre + far[..., 2:], place, self.classes(what)], 2)
