"""`report`: one HTML file about a run, or about a competition."""

from pathlib import Path

from rich.console import Console

from netloom import compete
from netloom.commands.evaluate import data_of
from netloom.errors import NetloomError
from netloom.evaluate import load
from netloom.report import write_run
from netloom.units import size

NAME = "report.html"


def report_command(folder: Path, source: str | None, split: str | None, out: Path | None) -> Path:
    """Write the report and print where it is.

    Data that were named must be readable; a run's own may have stayed on another machine, which the report then says.
    """
    console = Console()
    run = compete.best_run(folder)
    loaded = load(run)
    data, why = None, ""
    try:
        data = data_of(loaded, source)
    except NetloomError as error:
        if source is not None:
            raise
        why = f"The data are not at hand ({error.what}): what needs them is left out. Name them with --data."
        console.print(why, highlight=False, markup=False)
    path = write_run(loaded, data, out or loaded.run.folder / NAME, split=split, why=why)
    console.print(f"{path}  {size(path.stat().st_size)}", highlight=False, markup=False, soft_wrap=True)
    return path
