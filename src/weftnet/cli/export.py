"""`weftnet export`: a run as ONNX or torch.export, if it computes the same numbers."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Json, Plugin, Quiet, plugins
from weftnet.cli._output import Output


def export(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or of a whole fit.")],
    to: Annotated[str, typer.Option("--to", help="onnx or torch_export.")] = "onnx",
    data: Annotated[
        str | None, typer.Option("--data", "-d", help="Data to compare on, in addition to random inputs.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A new folder; default RUN/export/TARGET.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Export a run to ONNX or torch.export, if the export computes the same numbers."""
    from weftnet.cli.commands.export import export_command

    plugins(plugin)
    export_command(run, to, out, data, Output(as_json, quiet))
