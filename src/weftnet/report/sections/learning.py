"""How it learned: loss and score over the epochs."""

from weftnet.base.scores import scale_of
from weftnet.base.units import duration
from weftnet.report.charts import lines
from weftnet.report.page import charts, figure, paragraph
from weftnet.report.story import Story


def learning(story: Story) -> str:
    """Two charts and a sentence."""
    history = story.loaded.run.history
    if not history:
        return ""
    losses = {
        "training loss" if len(history[0]["loss"]) == 1 else f"{group} loss": [
            [(line["epoch"], line["loss"][group]) for line in history if group in line["loss"]]
        ]
        for group in history[0]["loss"]
    }
    if story.score != "loss" and any("loss" in line["validation"] for line in history):
        losses["validation loss"] = [
            [(e["epoch"], e["validation"]["loss"]) for e in history if "loss" in e["validation"]]
        ]
    positive = all(y > 0 for curves in losses.values() for curve in curves for _, y in curve)
    figures = [figure(lines(losses, "epochs", "loss", log=positive), "loss")]
    factor, _, unit = scale_of(story.score)
    score = [(e["epoch"], e["validation"][story.score] * factor) for e in history if story.score in e["validation"]]
    if score:
        name = f"validation {story.score}{unit}"
        figures.append(figure(lines({name: [score]}, "epochs", name), f"{name}, by which the weights were chosen"))
    last, known = history[-1], story.known()
    seconds = last["seconds"] if known.seconds is None else known.seconds
    length = f"{last['step']} steps, {last['epoch']:.3g} epochs, {duration(seconds)}."
    return charts(*figures) + paragraph(length, soft=True)
