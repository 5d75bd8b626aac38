"""`report`: one HTML file about a run."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from weftnet.base.units import size
from weftnet.cli._output import PEOPLE, Output
from weftnet.compete import competition as compete
from weftnet.library.reporting import reported
from weftnet.report.about import About
from weftnet.run.loading import load
from weftnet.run.own_data import data_of


def report_command(
    folder: Path, source: str | None, split: str | None, out: Path | None, *, pdf: bool = False,
    by: Sequence[str] = (), about: About | None = None, output: Output = PEOPLE,
) -> Path:  # fmt: skip
    """Write the report and print its path, and that of the PDF if it is asked for; the last one is returned."""
    loaded = load(compete.best_run(folder))
    opened = partial(data_of, loaded, source)
    written, why = reported(loaded, opened, out, named=source is not None, split=split, pdf=pdf, by=by, about=about)
    if why:
        output.say(why)
    for each in written:
        output.say(f"{each}  {size(each.stat().st_size)}")
    output.end({"run": loaded.run.folder, "files": written, "left_out": why}, *written)
    return written[-1]
