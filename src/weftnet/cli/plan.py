"""`weftnet plan`: how a run's steps were executed."""

from pathlib import Path
from typing import Annotated

import typer


def plan(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or of a whole fit.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how a run's steps were executed, which other plans were tried, and how fast each was."""
    from weftnet.cli.commands.plan import plan_command

    plan_command(run, as_json)
