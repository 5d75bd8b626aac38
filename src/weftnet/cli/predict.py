"""`weftnet predict`: answers for new examples."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Data, Json, Plugin, Quiet, plugins
from weftnet.cli._output import Output


def predict(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or of a whole fit.")],
    inputs: Annotated[
        list[str] | None, typer.Argument(help="Tables, images, recordings, arrays, texts (one a line) or folders.")
    ] = None,
    data: Data = None,
    text: Annotated[list[str] | None, typer.Option("--text", help="A sentence to answer.")] = None,
    value: Annotated[list[str] | None, typer.Option("--value", help="column=value of a single row to answer.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="NAME.csv, NAME.json or NAME.jsonl; default print CSV.")
    ] = None,
    ask: Annotated[
        list[str] | None, typer.Option("--ask", help="name=value: an option of the question, where the task takes any.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Answer new examples, from the run's folder alone."""
    from weftnet.cli.commands.predict import predict_command

    plugins(plugin)
    sources = [*(inputs or []), *(data or [])]
    predict_command(run, sources, text or [], value or [], out, ask or [], Output(as_json, quiet))
