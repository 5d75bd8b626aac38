"""`weftnet explain`: which pieces of an input support an answer, and how far to trust that."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Data, Json, Plugin, Quiet, plugins, values_of
from weftnet.cli._output import Output


def explain(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or of a whole fit.")],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(help="Tables, images, recordings, arrays, texts (one a line); default the run's own data."),
    ] = None,
    data: Data = None,
    text: Annotated[list[str] | None, typer.Option("--text", help="A sentence to explain.")] = None,
    row: Annotated[list[int] | None, typer.Option("--row", help="Row number, from 1; default the first few.")] = None,
    method: Annotated[
        str | None,
        typer.Option("--method", "-m", help="One of integrated_gradients, occlusion and grad_cam; default what suits."),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", "-t", help="The label to explain; default the predicted one.")
    ] = None,
    checks: Annotated[int, typer.Option(help="Number of examples for the sanity checks; 0 for none.", min=0)] = 32,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the method, name=value: steps=128.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of randomised weights and random orders.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="NAME.html: write a page with drawings.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Explain why a run answers as it does, with sanity checks of the explanation."""
    from weftnet.cli.commands.explain import explain_command
    from weftnet.library.explaining import Request

    plugins(plugin)
    request = Request(
        [*(inputs or []), *(data or [])], text or [], row or [], method, target, checks, values_of(settings), seed
    )
    explain_command(run, request, out, Output(as_json, quiet))
