"""`weftnet draw`: an architecture as a diagram."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Inputs, Plugin, plugins


def draw(
    arch: Annotated[str, typer.Argument(help="An architecture file, or the name of a zoo entry.")],
    inputs: Inputs = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="NAME.svg or NAME.mmd; default both.")] = None,
    plugin: Plugin = None,
) -> None:
    """Draw an architecture with its shapes, as SVG and as Mermaid."""
    from weftnet.cli.commands.architecture import draw_command

    plugins(plugin)
    for path in draw_command(arch, inputs or [], out):
        typer.echo(path)
