"""The report of a run as a file: an HTML page, and beside it a PDF that a browser prints of it."""

from collections.abc import Callable
from pathlib import Path

from weftnet.data import Data
from weftnet.errors import WeftnetError
from weftnet.report import write_run
from weftnet.report.pdf import print_pdf
from weftnet.run.loading import Loaded

#: of the file in a run's folder
NAME = "report.html"


def reported(
    loaded: Loaded, opened: Callable[[], Data], out: Path | None, *, named: bool, split: str | None, pdf: bool = False
) -> tuple[list[Path], str]:
    """The files that were written, the one that was asked for last, and why there are no data, if there are none.

    Data that somebody named must be readable. The run's own may be missing, on another machine say: the report then
    says so and leaves out what needs them.

    Args:
        loaded: the run.
        opened: opens the data.
        out: NAME.html, or NAME.pdf, which is printed of the page of that name; by default in the run's folder.
        named: whether somebody named the data.
        split: that is judged; by default the test split if there is one.
        pdf: whether a PDF is printed too.

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
    page = out.with_suffix(".html") if out.suffix == ".pdf" else out
    written = [write_run(loaded, data, page, split=split, why=why)]
    if pdf or out.suffix == ".pdf":
        written.append(print_pdf(page, page.with_suffix(".pdf")))
    return written, why
