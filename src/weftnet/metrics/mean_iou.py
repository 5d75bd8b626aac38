"""Mean intersection over union: of the pixels predicted as a class and those that are of it, the share that is both.

    IoU_k = C[k, k] / (Σ_j C[k, j] + Σ_j C[j, k] − C[k, k])     over all pixels that count

with C[i, j] pixels of class i classified as j; the mean over the classes that occur or are predicted. Also called the
Jaccard index (P. Jaccard, 1901), as scored in Pascal VOC: M. Everingham and others, 2010,
https://doi.org/10.1007/s11263-009-0275-4.
"""

from torch import Tensor

from weftnet.metrics._classes import Confusion


class MeanIou(Confusion, better="max", unit="share"):
    """From logits (n, classes) and class numbers (n), n pixels."""

    def of(self, total: Tensor) -> Tensor:
        """The mean."""
        return mean_iou(total)


def iou(counts: Tensor) -> Tensor:
    """Of each class, from confusion matrices (…, classes, classes); NaN where it neither occurs nor is predicted."""
    counts = counts.double()
    hits = counts.diagonal(dim1=-2, dim2=-1)
    return hits / (counts.sum(-1) + counts.sum(-2) - hits)


def mean_iou(counts: Tensor) -> Tensor:
    """Over the classes that occur or are predicted, from confusion matrices (…, classes, classes)."""
    return iou(counts).nanmean(-1)
