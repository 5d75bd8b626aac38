"""`weftnet recalibrate`: a run's intervals from newer rows."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Json, Named, Plugin, Quiet, one_of, plugins
from weftnet.cli._output import Output


def recalibrate(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or of a fit: then its best run.")],
    data: Annotated[
        str | None, typer.Argument(help="Rows whose truth is known, newer than those of the training.")
    ] = None,
    data_: Named = None,
    last: Annotated[int, typer.Option("--last", min=0, help="Only the newest so many windows; 0 for all.")] = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Calibrate a run's intervals anew; its weights stay as they are, nothing is trained."""
    from weftnet.cli.commands.recalibrate import recalibrate_command

    plugins(plugin)
    recalibrate_command(run, one_of(data, data_, "data"), last, Output(as_json, quiet))
