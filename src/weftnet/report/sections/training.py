"""How it was trained: loss and score over the epochs."""

from weftnet.base.scores import scale_of
from weftnet.base.units import duration
from weftnet.report.charts import lines
from weftnet.report.page import charts, figure, paragraph
from weftnet.report.subject import Subject


def training(subject: Subject) -> str:
    """Two charts and a sentence."""
    history = subject.loaded.run.history
    if not history:
        return ""
    losses = {
        "training loss" if len(history[0]["loss"]) == 1 else f"{group} loss": [
            [(line["epoch"], line["loss"][group]) for line in history if group in line["loss"]]
        ]
        for group in history[0]["loss"]
    }
    if subject.score != "loss" and any("loss" in line["validation"] for line in history):
        losses["validation loss"] = [
            [(e["epoch"], e["validation"]["loss"]) for e in history if "loss" in e["validation"]]
        ]
    positive = all(y > 0 for curves in losses.values() for curve in curves for _, y in curve)
    figures = [figure(lines(losses, "epochs", "loss", log=positive), "loss")]
    factor, _, unit = scale_of(subject.score)
    score = [(e["epoch"], e["validation"][subject.score] * factor) for e in history if subject.score in e["validation"]]
    if score:
        name = f"validation {subject.score}{unit}"
        figures.append(figure(lines({name: [score]}, "epochs", name), f"{name}, by which the weights were chosen"))
    last = history[-1]
    seconds = subject.loaded.run.facts.seconds
    seconds = last["seconds"] if seconds is None else seconds
    summary = f"{last['step']} steps, {last['epoch']:.3g} epochs, {duration(seconds)}."
    return charts(*figures) + paragraph(summary, soft=True)
