"""`weftnet compare`: runs side by side."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Json, Plugin, Quiet, plugins
from weftnet.cli._output import Output


class Form(StrEnum):
    """How the tables are written."""

    text = "text"
    markdown = "markdown"
    latex = "latex"


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, or of a whole fit.")],
    score: Annotated[str, typer.Option(help="The metric; default the one that decided.")] = "",
    form: Annotated[Form, typer.Option("--format", help="text, markdown, or latex with booktabs.")] = Form.text,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Compare runs, with confidence intervals, and differences paired over seeds and examples."""
    from weftnet.cli.commands.training import compare_command

    plugins(plugin)
    compare_command(runs, score, Output(as_json, quiet), form.value)
