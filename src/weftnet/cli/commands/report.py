"""`report`: one HTML file about a run, or about a competition."""

from pathlib import Path

from rich.console import Console

from weftnet.base.units import size
from weftnet.compete import competition as compete
from weftnet.errors import WeftnetError
from weftnet.report import write_run
from weftnet.run.loading import load
from weftnet.run.own_data import data_of

NAME = "report.html"


def report_command(folder: Path, source: str | None, split: str | None, out: Path | None) -> Path:
    """Write the report and print its path.

    Data named by `source` must be readable. The run's own data may be missing, on another machine say; the report then
    notes that and leaves out what needs them.
    """
    console = Console()
    run = compete.best_run(folder)
    loaded = load(run)
    data, why = None, ""
    try:
        data = data_of(loaded, source)
    except WeftnetError as error:
        if source is not None:
            raise
        why = f"The data are not available ({error.what}): sections that need them are left out. Name them with --data."
        console.print(why, highlight=False, markup=False)
    path = write_run(loaded, data, out or loaded.run.folder / NAME, split=split, why=why)
    console.print(f"{path}  {size(path.stat().st_size)}", highlight=False, markup=False, soft_wrap=True)
    return path
