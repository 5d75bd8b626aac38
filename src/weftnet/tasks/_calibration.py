"""Whether a classifier's confidence is justified: of the answers with a confidence of 80 %, are 80 % right?

    ECE = Σ_m |B_m| / n · |accuracy(B_m) − confidence(B_m)|

over 15 bins B_m of equal width by the confidence of the answer (C. Guo, G. Pleiss, Y. Sun, K. Weinberger, On
calibration of modern neural networks, 2017, https://arxiv.org/abs/1706.04599, equation 3).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weftnet.base.figures import Group, Histogram, Paragraph, Reliability, Span
from weftnet.tasks._judgement import Section

BINS = 15


@dataclass(frozen=True)
class Calibration:
    """The bins that are not empty, as (left, right, accuracy, examples), the error and the mean confidence."""

    bins: list[tuple[float, float, float, int]]
    ece: float
    confidence: float
    accuracy: float


def calibration(confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS) -> Calibration:
    """Accuracy by confidence.

    Args:
        confidence: (n,) of each answer, in [0, 1].
        right: (n,) whether the answer is correct.
        bins: the number of bins of equal width; each includes its right edge.
    """
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    filled, error = [], 0.0
    for place in np.unique(places).tolist():
        inside = places == place
        accuracy, mean = float(right[inside].mean()), float(confidence[inside].mean())
        error += inside.mean() * abs(accuracy - mean)
        filled.append((place / bins, (place + 1) / bins, accuracy, int(inside.sum())))
    return Calibration(filled, float(error), float(confidence.mean()), float(right.mean()))


def confidence_section(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Section:
    """A reliability diagram, a histogram, and the expected calibration error of answers (n)."""
    result = calibration(confidence, right)
    side = "overconfident" if result.confidence > result.accuracy else "underconfident"
    gap = abs(result.confidence - result.accuracy)
    overall = f"{side} by {100 * gap:.1f} points" if gap >= 0.005 else "neither over- nor underconfident"
    source = (
        f"ECE = Σ |B|/n · |accuracy(B) − confidence(B)| over {BINS} bins of equal width (Guo, Pleiss, Sun, Weinberger: "
        "On calibration of modern neural networks, 2017, arXiv 1706.04599)."
    )
    caption = (
        "The bars should end on the dashed line: below it the answers are surer than they may be, above it less "
        "sure than they could be. The paler a bar, the fewer answers."
    )
    surely = "How sure the answers are: many at the right are good where the bars beside end on the line."
    figures = (
        Paragraph((Span("Expected calibration error", "word"), f" {100 * result.ece:.1f} %; overall {overall}.")),
        Group(
            (
                Reliability(tuple(result.bins), caption),
                Histogram(confidence, "confidence", surely),
            )
        ),
        Paragraph(source, soft=True),
    )
    return Section("Confidence", figures)
