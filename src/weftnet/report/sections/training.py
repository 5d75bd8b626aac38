"""How it was trained: loss and score over the epochs."""

from weftnet.base.numbers import number
from weftnet.base.plain import plain
from weftnet.base.units import duration
from weftnet.report.charts import lines
from weftnet.report.page import charts, collapsible, figure, paragraph, table
from weftnet.report.subject import Subject
from weftnet.train.choosing import deciding

_OVERFITTING = (
    "The loss should fall and level off: where that of validation rises while that of training falls, "
    "examples are learnt by heart."
)

_SHOULD = {
    "max": "The score should rise and level off: where it still rises at the end, train longer.",
    "min": "The score should fall and level off: where it still falls at the end, train longer.",
}


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
    for name in _other_losses(subject):
        losses[f"validation {name}"] = [
            [(line["epoch"], line["validation"][name]) for line in history if name in line["validation"]]
        ]
    positive = all(y > 0 for curves in losses.values() for curve in curves for _, y in curve)
    decides, (factor, _, unit) = subject.score.name, subject.score.scale
    chose = deciding(subject.loaded.scoring, str(subject.loaded.run.json("recipe.json").get("keep"))).name
    few = subject.loaded.run.facts.data.sizes.get("validation", 0)
    told = _OVERFITTING if len(losses) > len(history[0]["loss"]) else "The loss should fall and level off."
    own = f" The weights were chosen by that of validation, {number(few)} examples."
    figures = [figure(lines(losses, "epochs", "loss", log=positive), told + own * (chose != decides))]
    score = [(e["epoch"], e["validation"][decides] * factor) for e in history if decides in e["validation"]]
    if score:
        name = f"validation {decides}{unit}"
        told = _SHOULD[subject.score.better] + " The weights were chosen by it." * (chose == decides)
        figures.append(figure(lines({name: [score]}, "epochs", name), told))
    last = history[-1]
    seconds = subject.loaded.run.facts.seconds
    seconds = last["seconds"] if seconds is None else seconds
    summary = f"{number(last['step'])} steps, {number(last['epoch'], 3)} epochs, {duration(seconds)}."
    return charts(*figures) + paragraph(summary, soft=True) + _recipe(subject)


def _recipe(subject: Subject) -> str:
    """The fields of the recipe that somebody or something set, and where their values come from."""
    run = subject.loaded.run
    recipe, origins = run.json("recipe.json"), run.facts.origins
    rows = [[name, plain(recipe[name]), origin] for name, origin in origins.items() if recipe.get(name) is not None]
    shown = table(["field", "value", "from"], rows, words=(1, 2))
    return collapsible("the recipe, and where it comes from", shown) if rows else ""


def _other_losses(subject: Subject) -> list[str]:
    """The metrics in nats that fall as the training loss does, where they don't decide."""
    scoring = subject.loaded.scoring
    names = {name for line in subject.loaded.run.history for name in line["validation"]} - {subject.score.name}
    return sorted(name for name in names if (scoring.unit(name), scoring.direction(name)) == ("nats", "min"))
