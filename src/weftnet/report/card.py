"""A model card: what a network is for, what it learnt from, how good it is, for whom it is worse, and what limits it.

Markdown as Hugging Face reads it, with its facts as YAML before the text. The parts are those of M. Mitchell and
others, Model cards for model reporting, 2019, https://arxiv.org/abs/1810.03993. What only people know is asked
(`about.py`): where nobody said it, the card says so.
"""

from collections.abc import Sequence
from typing import Any

import yaml

from weftnet.base.figures import Cell, Figure, Paragraph, Table
from weftnet.base.numbers import number
from weftnet.base.plain import plain
from weftnet.base.scores import in_unit
from weftnet.base.typeset import markdown, marked_down
from weftnet.base.units import amount, duration, size
from weftnet.compete.trained import how_far
from weftnet.report.about import About
from weftnet.report.groups import group_figures
from weftnet.report.subject import Subject
from weftnet.tasks._judgement import Section
from weftnet.train import Recipe

#: the line of the YAML by which a card of ours is known
LIBRARY = "library_name: weftnet"
_OVER = (
    "The intervals are over examples of the same kind as those of the split: "
    "other kinds, and other trainings, may give other scores."
)


def card(subject: Subject, about: About, by: Sequence[str]) -> str:
    """The card of a run.

    Args:
        subject: the run, its data, and the split that it is judged by.
        about: what people say.
        by: columns whose groups are scored apart.
    """
    title = f"{subject.loaded.run.facts.data.name or 'a data set'}: {subject.loaded.run.folder.resolve().name}"
    front = yaml.safe_dump(_front(subject, about, title), sort_keys=False, allow_unicode=True)
    parts = [Section("Intended use", use_figures(about)), _data(subject, about), _training(subject), _scores(subject)]
    parts += [Section(f"Scores by {column}", group_figures(subject, column)) for column in by]
    parts += [Section("Limits", limits_figures(subject, about)), _environment(subject)]
    body = "\n".join(f"## {marked_down(each.title)}\n\n{''.join(map(_written, each.figures))}" for each in parts)
    how = f"```\nweftnet predict {subject.loaded.run.folder.resolve().name} FILE\n```\n"
    return f"---\n{front}---\n\n# {marked_down(title)}\n\n{body}\n## How to use it\n\n{how}"


def use_figures(about: About) -> tuple[Figure, ...]:
    """What it is for and what it is not for, as people said, or that nobody did."""
    told = {"use": "Meant for", "not_for": "Not for", "contact": "Contact"}
    said = [Paragraph(f"{title}: {text}") for name, title in told.items() if (text := getattr(about, name))]
    if not about.use:
        said.append(Paragraph("Nobody has said yet what it is for (--set use=…).", soft=True))
    if not about.not_for:
        said.append(Paragraph("Nobody has said yet what it is not for (--set not_for=…).", soft=True))
    return tuple(said)


def limits_figures(subject: Subject, about: About) -> tuple[Figure, ...]:
    """What people know to go wrong, and what the measurements say."""
    said = [Paragraph(about.limits)] if about.limits else []
    score, judged = subject.score, subject.loaded.scoring.own
    if note := how_far(subject.loaded.run, score).note:
        said.append(Paragraph(f"{note[:1].upper()}{note[1:]}."))
    trivial = subject.judgement.baseline
    if trivial and judged.name in subject.metrics and judged.lead(subject.metrics[judged.name], trivial.score) <= 0:
        said.append(Paragraph(f"It is no better than a trivial answer: {trivial.what}."))
    return (*said, Paragraph(_OVER))


def _front(subject: Subject, about: About, title: str) -> dict[str, Any]:
    """The facts that Hugging Face reads."""
    facts, metrics = subject.loaded.run.facts, subject.metrics
    found = [{"type": name, "value": value} for name, value in metrics.items() if value == value]
    result = {
        "task": {"type": about.pipeline_tag or facts.task.name},
        "dataset": {"name": facts.data.name or "unknown", "type": facts.data.name or "unknown", "split": subject.split},
        "metrics": found,
    }
    said = {"license": about.license, "pipeline_tag": about.pipeline_tag}
    return {
        **{name: text for name, text in said.items() if text},
        "library_name": "weftnet",
        "tags": ["weftnet", facts.task.name],
        **({"metrics": list(metrics), "model-index": [{"name": title, "results": [result]}]} if found else {}),
    }


def _data(subject: Subject, about: About) -> Section:
    facts = subject.loaded.run.facts.data
    splits = ", ".join(f"{number(count)} {name}" for name, count in facts.sizes.items() if count)
    rows = [("name", facts.name or "unknown"), ("examples", splits), ("sha256", str(facts.fingerprint))]
    rows += [(f"input {name}", signal.text()) for name, signal in subject.loaded.signals.items()]
    said = [Paragraph(about.data)] if about.data else []
    columns = [(each.name, each.kind) for each in subject.loaded.preprocessing.fields]
    return Section("Data", (*said, _facts(rows), Table("columns", ("column", "kind"), tuple(columns))))


def _training(subject: Subject) -> Section:
    run, default = subject.loaded.run, Recipe().to_dict()
    fields = run.json("recipe.json").items()
    recipe = {name: each for name, each in fields if each is not None and each != default.get(name)}
    rows = [("task", run.facts.task.name), ("recipe", plain(recipe) if recipe else "the default"),
            ("steps", number(run.steps or 0)), ("seed", str(run.facts.seed))]  # fmt: skip
    if run.facts.seconds is not None:
        rows.append(("time", duration(run.facts.seconds)))
    if run.facts.start is not None:
        rows += [("started from", each.name) for each in run.facts.start.ancestors[:1]]
    if run.facts.origin is not None:
        rows.append(("published weights", run.facts.origin.text))
    count = sum(each.numel() for each in subject.loaded.model.parameters())
    rows.append(("parameters", amount(count)))
    return Section("Training", (_facts(rows),))


def _scores(subject: Subject) -> Section:
    """Every metric of the split; of the task's own the interval and the trivial answer's."""
    scoring, judgement = subject.loaded.scoring, subject.judgement
    rows: list[tuple[Cell, ...]] = []
    for name, value in subject.metrics.items():
        own = name == scoring.own.name
        bounds = judgement.interval.text(scoring.own) if own and judgement.interval else "–"
        trivial = f"{scoring.own.text(judgement.baseline.score)}" if own and judgement.baseline else "–"
        rows.append((name, in_unit(value, scoring.unit(name)), bounds, trivial))
    count = subject.data.sizes[subject.split] if subject.data is not None else None
    on = f"On the {subject.split} split" + (f", {number(count)} examples." if count is not None else ".")
    said = [Paragraph(on)] + ([Paragraph(subject.why)] if subject.why else [])
    if judgement.baseline is not None:
        said.append(Paragraph(f"Trivial answer: {judgement.baseline.what}."))
    return Section("Scores", (*said, Table("scores", ("metric", "value", "95 % interval", "trivial"), tuple(rows))))


def _environment(subject: Subject) -> Section:
    facts, run = subject.loaded.run.facts, subject.loaded.run
    rows = [*facts.versions.items(), ("platform", facts.platform or "unknown")]
    rows.append(("size", size(run.file(run.weights_file).stat().st_size)))
    return Section("Environment", (_facts(rows),))


def _facts(rows: Sequence[tuple[str, str]]) -> Table:
    return Table("facts", ("", " "), tuple(rows))


def _written(figure: Figure) -> str:
    """A figure as Markdown; pictures and charts are the report's."""
    if isinstance(figure, Paragraph):
        return f"{marked_down(figure.text)}\n\n"
    if isinstance(figure, Table):
        words = [place for place in range(len(figure.columns)) if figure.name in ("facts", "columns") or not place]
        return markdown(figure.columns, [figure.cells(row) for row in figure.rows], words) + "\n"
    return ""
