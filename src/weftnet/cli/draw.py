"""`weftnet draw`: an architecture as a diagram."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Arch, Inputs, Json, Plugin, Quiet, one_of, plugins
from weftnet.cli._output import Output


def draw(
    arch: Annotated[str | None, typer.Argument(help="An architecture file, or the name of a zoo entry.")] = None,
    arch_: Arch = None,
    inputs: Inputs = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="NAME.svg, .mmd (Mermaid), .pdf, .png or .tex (TikZ); else .svg and .mmd."),
    ] = None,
    whole: Annotated[bool, typer.Option("--whole", help="Draw every copy of what repeats.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Draw an architecture with its shapes, what repeats once with how often it comes."""
    from weftnet.cli.commands.architecture import draw_command

    plugins(plugin)
    draw_command(one_of(arch, arch_, "arch"), inputs or [], out, whole, Output(as_json, quiet))
