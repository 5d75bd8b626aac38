"""`merge`: a run that needs a base as one that holds all of its weights."""

from pathlib import Path

from weftnet.base import units
from weftnet.cli._output import Output
from weftnet.compete.competition import best_run
from weftnet.transfer.merging import merged


def merge_command(run: Path, out: Path, base: Path | None, output: Output) -> None:
    """Write the run, and say how large it is."""
    new = merged(best_run(run), out, None if base is None else best_run(base))
    size = new.file(new.weights_file).stat().st_size
    output.say(f"{new.folder}: all weights, {units.size(size)}")
    output.end({"run": new.folder, "bytes": size}, new.folder)
