"""`weftnet ensemble`: some of several networks as one run."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Json, Plugin, Quiet, plugins
from weftnet.cli._output import Output


def ensemble(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs of the same data and task, or of a whole fit.")],
    most: Annotated[int | None, typer.Option(help="The most networks in it; fewer answer faster.", min=2)] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the new run; default one in the only fit.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Choose the networks whose mean answers best on the validation split, and make one run of them."""
    from weftnet.cli.commands.ensemble import ensemble_command

    plugins(plugin)
    ensemble_command(runs, out, most, Output(as_json, quiet))
