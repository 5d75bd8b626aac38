"""`weftnet grid`: which task goes which stage with which networks, from running them all."""

from typing import Annotated

import typer

from weftnet.cli._options import Json, Plugin, Quiet, plugins
from weftnet.cli._output import Output


def grid(
    task: Annotated[list[str] | None, typer.Option(help="Only this task.")] = None,
    family: Annotated[list[str] | None, typer.Option(help="Only these networks: example, or a proposal.")] = None,
    fast: Annotated[bool, typer.Option("--fast", help="Each task with its example's network; no compressing.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Run every task's example through all stages: each works, says why it doesn't apply, or is a fault."""
    from weftnet.cli.commands.grid import grid_command

    plugins(plugin)
    if not grid_command(task or [], family or [], fast, Output(as_json, quiet)):
        raise typer.Exit(1)
