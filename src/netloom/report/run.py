"""The report of one run: one HTML file that needs nothing else."""

from collections.abc import Callable
from pathlib import Path

from netloom.data import Data
from netloom.evaluate import Loaded
from netloom.files import write_text
from netloom.report.page import contents, page, paragraph, section
from netloom.report.sections.answer import answer
from netloom.report.sections.dataset import dataset
from netloom.report.sections.errors import errors
from netloom.report.sections.horizon import horizon
from netloom.report.sections.labels import labels
from netloom.report.sections.learning import learning
from netloom.report.sections.missed import missed
from netloom.report.sections.network import network
from netloom.report.sections.price import price
from netloom.report.sections.provenance import provenance
from netloom.report.sections.reasons import reasons
from netloom.report.sections.samples import samples
from netloom.report.sections.trust import trust
from netloom.report.sections.windows import windows
from netloom.report.sections.worst import worst
from netloom.report.story import Story

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
    sizes = data.sizes if data is not None else loaded.run.document.get("scores", {})
    part = split or next((each for each in ("test", "validation", "train") if sizes.get(each)), "test")
    story = Story(loaded, data, part, why)
    wanted = [(title, make) for title, make in SECTIONS if explained or make is not reasons]
    found = {title: html for title, make in wanted if (html := make(story))}
    known = loaded.run.document
    name = str(known["data"].get("name", "a data set"))
    body = [
        paragraph(f"{known['task']['name']} · {loaded.run.folder.resolve().name} · seed {known['seed']}", soft=True),
        answer(story),
        contents(list(found)),
        *(section(title, html) for title, html in found.items()),
    ]
    write_text(path, page(name, body))
    return path
