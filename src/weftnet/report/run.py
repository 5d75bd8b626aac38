"""The report of one run: one HTML file that needs nothing else."""

from collections.abc import Callable, Sequence
from pathlib import Path

from weftnet.base.files import write_text
from weftnet.data import Data
from weftnet.report.about import About
from weftnet.report.card import limits_figures, use_figures
from weftnet.report.draw import draw_all
from weftnet.report.groups import group_figures
from weftnet.report.page import contents, page, paragraph, section
from weftnet.report.sections.augmented import augmented
from weftnet.report.sections.costs import costs
from weftnet.report.sections.dataset import dataset
from weftnet.report.sections.explanations import explanations
from weftnet.report.sections.headline import headline
from weftnet.report.sections.network import network
from weftnet.report.sections.provenance import provenance
from weftnet.report.sections.samples import samples
from weftnet.report.sections.training import training
from weftnet.report.sections.worst import worst
from weftnet.report.subject import Subject
from weftnet.run.loading import Loaded

Render = Callable[[Subject], str]
#: titles and what renders each section, before and after what the task's judge says
BEFORE: tuple[tuple[str, Render], ...] = (("Samples", samples),)
AFTER: tuple[tuple[str, Render], ...] = (
    ("Worst mistakes", worst),
    ("Explanations", explanations),
    ("Network", network),
    ("Training", training),
    ("Augmented examples", augmented),
    ("Data", dataset),
    ("Cost and recipe", costs),
    ("Provenance", provenance),
)


def write_run(
    loaded: Loaded, data: Data | None, path: Path, *, split: str | None = None, why: str = "", explained: bool = True,
    about: About | None = None, by: Sequence[str] = (),
) -> Path:  # fmt: skip
    """Write the report.

    Args:
        loaded: the run.
        data: its own, or others with the target; None leaves out what needs them.
        path: of the file.
        split: the split to evaluate; by default the test split if there is one.
        why: why there are no data.
        explained: whether some answers are explained, which takes seconds.
        about: what people say of its use and its limits.
        by: columns whose groups are scored apart.
    """
    subject = Subject.of(loaded, data, split, why)
    sections = _sections(subject, explained, by)
    if about is not None:
        sections.append(("Use and limits", draw_all([*use_figures(about), *limits_figures(subject, about)])))
    recorded = loaded.run.facts
    body = [
        paragraph(f"{recorded.task.name} · {loaded.run.folder.resolve().name} · seed {recorded.seed}", soft=True),
        headline(subject),
        contents([title for title, _ in sections]),
        *(section(title, html) for title, html in sections),
    ]
    write_text(path, page(recorded.data.name or "a data set", body))
    return path


def _sections(subject: Subject, explained: bool, by: Sequence[str]) -> list[tuple[str, str]]:
    """Titles and HTML of the sections that apply."""
    after = [(title, render) for title, render in AFTER if explained or render is not explanations]
    html = [
        *((title, render(subject)) for title, render in BEFORE),
        *((each.title, draw_all(each.figures)) for each in subject.judgement.sections),
        *((f"Scores by {column}", draw_all(group_figures(subject, column))) for column in by),
        *((title, render(subject)) for title, render in after),
    ]
    return [(title, text) for title, text in html if text]
