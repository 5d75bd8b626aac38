"""`weftnet add-class`: further classes for a run of prototypes, by their examples alone."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Json, Named, Plugin, Quiet, one_of, plugins
from weftnet.cli._output import Output


def add_class(
    run: Annotated[Path, typer.Argument(help="The folder of a run that --few made, or of a fit: then its best run.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new run.")],
    data: Annotated[str | None, typer.Argument(help="Examples of the new classes alone, with their labels.")] = None,
    data_: Named = None,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Add classes to a run of prototypes, by their examples alone; nothing is trained."""
    from weftnet.cli.commands.add_class import add_class_command

    plugins(plugin)
    add_class_command(run, one_of(data, data_, "data"), out, Output(as_json, quiet))
