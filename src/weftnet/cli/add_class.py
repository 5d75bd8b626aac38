"""`weftnet add-class`: further classes for a run of prototypes, by their examples alone."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Plugin, plugins


def add_class(
    run: Annotated[Path, typer.Argument(help="The folder of a run that --few made, or of a fit: then its best run.")],
    data: Annotated[str, typer.Argument(help="Examples of the new classes alone, with their labels.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new run.")],
    plugin: Plugin = None,
) -> None:
    """Add classes to a run of prototypes, by their examples alone; nothing is trained."""
    from weftnet.cli.commands.add_class import add_class_command

    plugins(plugin)
    add_class_command(run, data, out)
