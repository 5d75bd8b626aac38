"""The report of a run as a file, by its suffix: an HTML page, a PDF that a browser prints of it, a card as Markdown."""

from collections.abc import Callable, Sequence
from pathlib import Path

from weftnet.base.files import read_text, write_text
from weftnet.data import Data
from weftnet.errors import RunError, WeftnetError
from weftnet.report import write_run
from weftnet.report.about import About
from weftnet.report.card import LIBRARY, card
from weftnet.report.pdf import print_pdf
from weftnet.report.subject import Subject
from weftnet.run.loading import Loaded

#: of the file in a run's folder
NAME = "report.html"


def reported(
    loaded: Loaded, opened: Callable[[], Data], out: Path | None, *, named: bool, split: str | None, pdf: bool = False,
    by: Sequence[str] = (), about: About | None = None,
) -> tuple[list[Path], str]:  # fmt: skip
    """The files that were written, the one that was asked for last, and why there are no data, if there are none.

    Data that somebody named must be readable. The run's own may be missing, on another machine say: the report then
    says so and leaves out what needs them.

    Args:
        loaded: the run.
        opened: opens the data.
        out: NAME.html; NAME.pdf, which is printed of the page of that name; NAME.md, a model card; by default
            report.html in the run's folder.
        named: whether somebody named the data.
        split: that is judged; by default the test split if there is one.
        pdf: whether a PDF is printed too.
        by: columns whose groups are scored apart.
        about: what people say of its use and its limits.

    Raises:
        WeftnetError: named data can't be read; a PDF is asked for and no browser prints it.
    """
    data, why = None, ""
    try:
        data = opened()
    except WeftnetError as error:
        if named:
            raise
        why = f"The data are not available ({error.what}): sections that need them are left out. Name them with --data."
    out = out or loaded.run.folder / NAME
    if out.suffix == ".md":
        return [_card(Subject.of(loaded, data, split, why), out, about or About(), by)], why
    page = out.with_suffix(".html") if out.suffix == ".pdf" else out
    written = [write_run(loaded, data, page, split=split, why=why, about=about, by=by)]
    if pdf or out.suffix == ".pdf":
        written.append(print_pdf(page, page.with_suffix(".pdf")))
    return written, why


def _card(subject: Subject, out: Path, about: About, by: Sequence[str]) -> Path:
    """Write the card, in place of an older one of ours alone.

    Raises:
        RunError: another file lies there.
    """
    if out.is_file() and LIBRARY not in read_text(out):
        raise RunError("is a file of somebody else's", where=str(out), fix="name another with --out, or remove it")
    write_text(out, card(subject, about, by))
    return out
