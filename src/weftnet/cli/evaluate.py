"""`weftnet evaluate`: a run's metrics."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Json, Named, Plugin, Quiet, one_of, plugins
from weftnet.cli._output import Output


def evaluate(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or of a whole fit.")],
    data: Annotated[str | None, typer.Argument(help="Other data, including the target; default the run's own.")] = None,
    data_: Named = None,
    split: Annotated[
        str | None, typer.Option("--split", help="train, validation or test; default test, if there is one.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Evaluate a run on its own data or on other data; for a classification also by class."""
    from weftnet.cli.commands.evaluate import evaluate_command

    plugins(plugin)
    evaluate_command(run, one_of(data, data_, "data", "") or None, split, Output(as_json, quiet))
