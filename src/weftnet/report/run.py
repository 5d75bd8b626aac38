"""The report of one run: one HTML file that needs nothing else."""

from collections.abc import Callable
from pathlib import Path

from weftnet.base.files import write_text
from weftnet.data import Data
from weftnet.report.page import contents, page, paragraph, section
from weftnet.report.sections.confidence import confidence
from weftnet.report.sections.costs import costs
from weftnet.report.sections.dataset import dataset
from weftnet.report.sections.errors import errors
from weftnet.report.sections.explanations import explanations
from weftnet.report.sections.forecast_errors import forecast_errors
from weftnet.report.sections.forecasts import forecasts
from weftnet.report.sections.headline import headline
from weftnet.report.sections.label_errors import label_errors
from weftnet.report.sections.label_mistakes import label_mistakes
from weftnet.report.sections.mistakes import mistakes
from weftnet.report.sections.network import network
from weftnet.report.sections.provenance import provenance
from weftnet.report.sections.samples import samples
from weftnet.report.sections.training import training
from weftnet.report.subject import Subject
from weftnet.run.loading import Loaded

#: titles and what renders each section; of several with one title at most one applies to a task
SECTIONS: tuple[tuple[str, Callable[[Subject], str]], ...] = (
    ("Samples", samples),
    ("Forecasts", forecasts),
    ("Errors", errors),
    ("Errors", label_errors),
    ("Errors", forecast_errors),
    ("Confidence", confidence),
    ("Worst mistakes", mistakes),
    ("Worst mistakes", label_mistakes),
    ("Explanations", explanations),
    ("Network", network),
    ("Training", training),
    ("Data", dataset),
    ("Cost and recipe", costs),
    ("Provenance", provenance),
)


def write_run(
    loaded: Loaded, data: Data | None, path: Path, *, split: str | None = None, why: str = "", explained: bool = True
) -> Path:
    """Write the report.

    Args:
        loaded: the run.
        data: its own, or others with the target; None leaves out what needs them.
        path: of the file.
        split: the split to evaluate; by default the test split if there is one.
        why: why there are no data.
        explained: whether some answers are explained, which takes seconds.
    """
    sizes = data.sizes if data is not None else loaded.run.facts.scores or {}
    split = split or next((each for each in ("test", "validation", "train") if sizes.get(each)), "test")
    subject = Subject(loaded, data, split, why)
    applicable = [(title, render) for title, render in SECTIONS if explained or render is not explanations]
    sections = {title: html for title, render in applicable if (html := render(subject))}
    recorded = loaded.run.facts
    body = [
        paragraph(f"{recorded.task.name} · {loaded.run.folder.resolve().name} · seed {recorded.seed}", soft=True),
        headline(subject),
        contents(list(sections)),
        *(section(title, html) for title, html in sections.items()),
    ]
    write_text(path, page(recorded.data.name or "a data set", body))
    return path
