"""`weftnet merge`: a run that needs a base as one that holds all of its weights."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Json, Plugin, Quiet, plugins
from weftnet.cli._output import Output


def merge(
    run: Annotated[Path, typer.Argument(help="The folder of a run of fit --delta, or of such a fit.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The new run's folder.")],
    base: Annotated[Path | None, typer.Option(help="Where its base is, if it was moved.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Write the whole network of a run that holds only what differs from its base."""
    from weftnet.cli.commands.merging import merge_command

    plugins(plugin)
    merge_command(run, out, base, Output(as_json, quiet))
