"""`report`: one HTML file about a run."""

from functools import partial
from pathlib import Path

from rich.console import Console

from weftnet.base.units import size
from weftnet.compete import competition as compete
from weftnet.library.reporting import reported
from weftnet.run.loading import load
from weftnet.run.own_data import data_of


def report_command(folder: Path, source: str | None, split: str | None, out: Path | None, pdf: bool = False) -> Path:
    """Write the report and print its path, and that of the PDF if it is asked for; the last one is returned."""
    console = Console()
    loaded = load(compete.best_run(folder))
    opened = partial(data_of, loaded, source)
    written, why = reported(loaded, opened, out, named=source is not None, split=split, pdf=pdf)
    if why:
        console.print(why, highlight=False, markup=False)
    for each in written:
        console.print(f"{each}  {size(each.stat().st_size)}", highlight=False, markup=False, soft_wrap=True)
    return written[-1]
