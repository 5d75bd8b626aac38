"""`weftnet plan`: how a run's steps were executed."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Json, Quiet
from weftnet.cli._output import Output


def plan(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or of a whole fit.")],
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show how a run's steps were executed, which other plans were tried, and how fast each was."""
    from weftnet.cli.commands.plan import plan_command

    plan_command(run, Output(as_json, quiet))
