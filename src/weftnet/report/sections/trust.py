"""Whether its confidence can be believed."""

from weftnet.report.calibration import BINS, calibration
from weftnet.report.page import charts, figure, paragraph
from weftnet.report.plots import histogram, reliability
from weftnet.report.story import Story


def trust(story: Story) -> str:
    """A reliability diagram and the expected calibration error."""
    judged = story.judged
    if judged is None or judged.shares is None:
        return ""
    found = calibration(judged.confidence, judged.truth == judged.answer)
    side = "overconfident" if found.confidence > found.accuracy else "underconfident"
    gap = abs(found.confidence - found.accuracy)
    lean = f"on the whole {side} by {100 * gap:.1f} points" if gap >= 0.005 else "on the whole as sure as it is right"
    told = f"Expected calibration error {100 * found.ece:.1f} %; {lean}."
    source = (
        f"ECE = Σ |B|/n · |accuracy(B) − confidence(B)| over {BINS} bins of equal width (Guo, Pleiss, Sun, Weinberger: "
        "On calibration of modern neural networks, 2017, arXiv 1706.04599)."
    )
    drawn = figure(
        reliability(found.bins),
        "of the answers this sure, the share that is right; the paler the fewer",
    )
    return (
        paragraph(told)
        + charts(drawn, figure(histogram(judged.confidence, "confidence"), "how sure the answers are"))
        + paragraph(source, soft=True)
    )
