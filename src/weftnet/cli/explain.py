"""`weftnet explain`: which parts of an input speak for an answer, and how far to trust that."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Plugin, plugins, values_of


def explain(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or of a whole fit.")],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(help="Tables, pictures, recordings, arrays, texts (a line each); the run's own, if left out."),
    ] = None,
    text: Annotated[list[str] | None, typer.Option("--text", help="A sentence to explain.")] = None,
    row: Annotated[list[int] | None, typer.Option("--row", help="Rows, from 1; the first few if left out.")] = None,
    method: Annotated[
        str, typer.Option("--method", "-m", help="integrated_gradients, occlusion or grad_cam.")
    ] = "integrated_gradients",
    target: Annotated[
        str | None, typer.Option("--target", "-t", help="The label to explain; the predicted one if left out.")
    ] = None,
    checks: Annotated[int, typer.Option(help="Examples to measure the trust on; 0 for none.", min=0)] = 32,
    settings: Annotated[list[str] | None, typer.Option("--set", help="name=value of the method: steps=128.")] = None,
    seed: Annotated[int, typer.Option(help="Of re-drawn weights and random orders.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="NAME.html, to see it drawn.")] = None,
    plugin: Plugin = None,
) -> None:
    """Why a run answers as it does, drawn, with checks of how far to trust that."""
    from weftnet.cli.commands.explain import Asked, explain_command

    plugins(plugin)
    asked = Asked(inputs or [], text or [], row or [], method, target, checks, values_of(settings), seed)
    explain_command(run, asked, out)
