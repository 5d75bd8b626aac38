"""`netloom check`: what an architecture comes to, or all of its faults."""

from typing import Annotated

import typer

from netloom.cli._options import Inputs, Plugin, Source, Target, plugins


def check(
    arch: Annotated[str, typer.Argument(help="An architecture file, or the name of a zoo entry.")],
    inputs: Inputs = None,
    data: Source = None,
    target: Target = None,
    task: Annotated[str | None, typer.Option(help="The task whose head completes the architecture.")] = None,
    batch: Annotated[int, typer.Option(help="Batch size of the memory and time figures.")] = 64,
    examples: Annotated[int | None, typer.Option(help="Examples in an epoch.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Apply the offered fixes and write the file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    plugin: Plugin = None,
) -> None:
    """Shapes, parameters, FLOPs, memory and time of an architecture, or all of its faults with their fixes."""
    from netloom.commands.architecture import check_command

    plugins(plugin)
    sound = check_command(
        arch, inputs=inputs or [], data=data, target=target, task=task, batch=batch, examples=examples, fix=fix,
        as_json=as_json,
    )  # fmt: skip
    if not sound:
        raise typer.Exit(1)
