"""`weftnet draw`: an architecture as a diagram."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Inputs, Plugin, plugins


def draw(
    arch: Annotated[str, typer.Argument(help="An architecture file, or the name of a zoo entry.")],
    inputs: Inputs = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="NAME.svg, .mmd (Mermaid), .pdf, .png or .tex (TikZ); else .svg and .mmd."),
    ] = None,
    whole: Annotated[bool, typer.Option("--whole", help="Draw every copy of what repeats.")] = False,
    plugin: Plugin = None,
) -> None:
    """Draw an architecture with its shapes, what repeats once with how often it comes."""
    from weftnet.cli.commands.architecture import draw_command

    plugins(plugin)
    for path in draw_command(arch, inputs or [], out, whole):
        typer.echo(path)
