"""What is wrong with found boxes, by kind, and which true ones nobody found.

Found boxes are looked at from the surest on:

    right          IoU ≥ ½ with a true box of its class that no surer one has taken
    doubled        IoU ≥ ½ with one that a surer one has taken
    wrong class    IoU ≥ ½ with a true box of another class
    badly placed   IoU ≥ 1/10 with a true box of its class
    nothing there  all others
    missed         a true box that none is right about

Source: D. Bolya and others, TIDE: A general toolbox for identifying object detection errors, 2020,
https://arxiv.org/abs/2008.08115, section 2.2. Differs: badly placed in another class is nothing there.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

KINDS = ("right", "doubled", "wrong class", "badly placed", "nothing there", "missed")
_RIGHT, _NEAR = 0.5, 0.1


@dataclass(frozen=True)
class Seen:
    """A picture's boxes, judged.

    Args:
        kinds: (found) of each found box, the surest first.
        missed: (true) whether a true box is.
        counts: (kind, class) → how many.
    """

    kinds: list[str]
    missed: NDArray[np.bool_]
    counts: Counter[tuple[str, int]] = field(default_factory=Counter)

    @property
    def mistakes(self) -> int:
        """How many boxes are wrong or missed."""
        return sum(kind != "right" for kind in self.kinds) + int(self.missed.sum())


def judged(found: NDArray[np.float64], true: NDArray[np.float64]) -> Seen:
    """What is wrong in a picture.

    Args:
        found: (n, 6) corners, likelihood and class, the surest first.
        true: (m, 5) corners and class.
    """
    overlaps, taken = _iou(found[:, :4], true[:, :4]), np.zeros(len(true), bool)
    kinds, counts = [], Counter[tuple[str, int]]()
    for row, box in zip(overlaps, found, strict=True):
        same = true[:, 4] == box[5]
        free = np.where(same & ~taken, row, -1.0)
        if len(true) and free.max() >= _RIGHT:
            taken[int(free.argmax())] = True
            kinds.append("right")
        elif (same & (row >= _RIGHT)).any():
            kinds.append("doubled")
        elif (row >= _RIGHT).any():
            kinds.append("wrong class")
        else:
            kinds.append("badly placed" if (same & (row >= _NEAR)).any() else "nothing there")
        counts[kinds[-1], int(box[5])] += 1
    counts.update(("missed", int(label)) for label in true[~taken, 4])
    return Seen(kinds, ~taken, counts)


def _iou(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, m) of boxes (n, 4) and (m, 4)."""
    sides = np.minimum(a[:, None, 2:], b[:, 2:]) - np.maximum(a[:, None, :2], b[:, :2])
    common = sides.clip(0).prod(2)
    areas = [(each[:, 2:] - each[:, :2]).prod(1) for each in (a, b)]
    shares: NDArray[np.float64] = common / (areas[0][:, None] + areas[1] - common).clip(1e-9)
    return shares
