"""`weftnet report`: one HTML file about a run."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Json, Plugin, Quiet, plugins, values_of
from weftnet.cli._output import Output


def report(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or of a whole fit: then its best run.")],
    data: Annotated[
        str | None, typer.Option("--data", "-d", help="Data to evaluate on; default the run's own.")
    ] = None,
    split: Annotated[
        str | None, typer.Option("--split", help="train, validation or test; default test, if there is one.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="NAME.html, .pdf, or .md: a model card; default RUN/report.html."),
    ] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Also print it to a PDF file beside it, by a browser of this machine.")
    ] = False,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="Score the groups of a column, an input or not; again for more."),
    ] = None,
    about: Annotated[
        Path | None,
        typer.Option("--about", help="YAML: use, not_for, limits, data, license, contact, pipeline_tag."),
    ] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="The same here, name=text: use=triage.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Write one HTML file about a run: score, mistakes, network, cost, provenance; or its model card."""
    from weftnet.cli.commands.report import report_command
    from weftnet.report.about import about_of

    plugins(plugin)
    said = about_of(about, values_of(settings)) if about or settings else None
    report_command(run, data, split, out, pdf=pdf, by=by or (), about=said, output=Output(as_json, quiet))
