"""The report of one run: one HTML file that needs nothing else."""

from collections.abc import Callable
from pathlib import Path

from weftnet.base.files import write_text
from weftnet.data import Data
from weftnet.report.page import contents, page, paragraph, section
from weftnet.report.sections.answer import answer
from weftnet.report.sections.dataset import dataset
from weftnet.report.sections.errors import errors
from weftnet.report.sections.horizon import horizon
from weftnet.report.sections.labels import labels
from weftnet.report.sections.learning import learning
from weftnet.report.sections.missed import missed
from weftnet.report.sections.network import network
from weftnet.report.sections.price import price
from weftnet.report.sections.provenance import provenance
from weftnet.report.sections.reasons import reasons
from weftnet.report.sections.samples import samples
from weftnet.report.sections.trust import trust
from weftnet.report.sections.windows import windows
from weftnet.report.sections.worst import worst
from weftnet.report.story import Story
from weftnet.run.loading import Loaded

#: Title and what makes the section; of several with one title at most one has something to say about a task.
SECTIONS: tuple[tuple[str, Callable[[Story], str]], ...] = (
    ("What it draws", samples),
    ("What it forecasts", windows),
    ("Where it goes wrong", errors),
    ("Where it goes wrong", labels),
    ("Where it goes wrong", horizon),
    ("Confidence", trust),
    ("Worst mistakes", worst),
    ("Worst mistakes", missed),
    ("Why", reasons),
    ("Network", network),
    ("Learning", learning),
    ("Data", dataset),
    ("Cost and recipe", price),
    ("Provenance", provenance),
)


def write_run(
    loaded: Loaded, data: Data | None, path: Path, *, split: str | None = None, why: str = "", explained: bool = True
) -> Path:
    """Write the report.

    Args:
        loaded: the run.
        data: its own, or others, with the target; None leaves out what needs them.
        path: of the file.
        split: the part it is judged by; test if there is one.
        why: why there are no data.
        explained: whether some answers are explained, which takes seconds.
    """
    sizes = data.sizes if data is not None else loaded.run.facts.scores or {}
    part = split or next((each for each in ("test", "validation", "train") if sizes.get(each)), "test")
    story = Story(loaded, data, part, why)
    wanted = [(title, make) for title, make in SECTIONS if explained or make is not reasons]
    found = {title: html for title, make in wanted if (html := make(story))}
    known = loaded.run.facts
    name = known.data.name or "a data set"
    body = [
        paragraph(f"{known.task.name} · {loaded.run.folder.resolve().name} · seed {known.seed}", soft=True),
        answer(story),
        contents(list(found)),
        *(section(title, html) for title, html in found.items()),
    ]
    write_text(path, page(name, body))
    return path
