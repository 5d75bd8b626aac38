"""`merge`: a run that needs a base as one that holds all of its weights."""

from pathlib import Path

from rich.console import Console

from weftnet.base import units
from weftnet.compete.competition import best_run
from weftnet.transfer.merging import merged


def merge_command(run: Path, out: Path, base: Path | None) -> None:
    """Write the run, and say how large it is."""
    new = merged(best_run(run), out, None if base is None else best_run(base))
    size = units.size(new.file(new.weights_file).stat().st_size)
    Console().print(f"{new.folder}: all weights, {size}", highlight=False, markup=False, soft_wrap=True)
