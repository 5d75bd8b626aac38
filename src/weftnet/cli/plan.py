"""`weftnet plan`: how a run's steps were executed."""

from pathlib import Path
from typing import Annotated

import typer


def plan(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or of a fit.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """How a run's steps were executed, what else was tried, and what each was worth."""
    from weftnet.cli.commands.plan import plan_command

    plan_command(run, as_json)
