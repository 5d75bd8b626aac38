"""Whether the model's confidence is justified."""

from weftnet.report.calibration import BINS, calibration
from weftnet.report.page import charts, figure, paragraph
from weftnet.report.plots import histogram, reliability
from weftnet.report.subject import Subject


def confidence(subject: Subject) -> str:
    """A reliability diagram and the expected calibration error."""
    judged = subject.judged
    if judged is None or judged.probabilities is None:
        return ""
    result = calibration(judged.confidence, judged.truth == judged.answer)
    side = "overconfident" if result.confidence > result.accuracy else "underconfident"
    gap = abs(result.confidence - result.accuracy)
    overall = f"{side} by {100 * gap:.1f} points" if gap >= 0.005 else "neither over- nor underconfident"
    source = (
        f"ECE = Σ |B|/n · |accuracy(B) − confidence(B)| over {BINS} bins of equal width (Guo, Pleiss, Sun, Weinberger: "
        "On calibration of modern neural networks, 2017, arXiv 1706.04599)."
    )
    diagram = figure(
        reliability(result.bins),
        "accuracy of the answers with this confidence; the paler, the fewer answers",
    )
    return (
        paragraph(f"Expected calibration error {100 * result.ece:.1f} %; overall {overall}.")
        + charts(diagram, figure(histogram(judged.confidence, "confidence"), "confidence of the answers"))
        + paragraph(source, soft=True)
    )
