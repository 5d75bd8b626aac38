"""`weftnet report`: one HTML file about a run."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Json, Plugin, Quiet, plugins
from weftnet.cli._output import Output


def report(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or of a whole fit: then its best run.")],
    data: Annotated[
        str | None, typer.Option("--data", "-d", help="Data to evaluate on; default the run's own.")
    ] = None,
    split: Annotated[
        str | None, typer.Option("--split", help="train, validation or test; default test, if there is one.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file; default RUN/report.html.")] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Also print it to a PDF file beside it, by a browser of this machine.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Write one HTML file about a run: score, mistakes, network, cost, provenance."""
    from weftnet.cli.commands.report import report_command

    plugins(plugin)
    report_command(run, data, split, out, pdf, Output(as_json, quiet))
