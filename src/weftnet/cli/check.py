"""`weftnet check`: what an architecture costs, or all of its faults."""

from functools import partial
from typing import Annotated

import typer

from weftnet.base.units import bytes_of
from weftnet.cli._options import (
    Archs,
    DataOptions,
    Inputs,
    Json,
    Kinds,
    Plugin,
    Quiet,
    Source,
    Target,
    columns_of,
    parsed,
    plugins,
    some_of,
    start_of,
    values_of,
)
from weftnet.cli._output import Output


def check(
    arch: Annotated[
        list[str] | None, typer.Argument(help="An architecture file, or the name of a zoo entry; or several.")
    ] = None,
    arch_: Archs = None,
    inputs: Inputs = None,
    data: Source = None,
    target: Target = None,
    kinds: Kinds = None,
    options: DataOptions = None,
    task: Annotated[str | None, typer.Option(help="The task whose head completes the architecture.")] = None,
    batch: Annotated[int, typer.Option(help="Batch size for memory and time.")] = 64,
    max_batch: Annotated[
        bool, typer.Option("--max-batch", help="Show the figures of the largest batch that fits.")
    ] = False,
    memory: Annotated[
        str | None, typer.Option(help="Memory that training may use, 8GB or 512MiB; by default what is free.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that share a batch: shows what communication costs.")
    ] = None,
    shard: Annotated[bool, typer.Option("--shard", help="Each worker keeps a share of the weights.")] = False,
    bandwidth: Annotated[
        str | None, typer.Option(help="Between workers, 10Gb or 1GB a second; by default measured here.")
    ] = None,
    examples: Annotated[int | None, typer.Option(help="Examples in an epoch.")] = None,
    start: Annotated[str | None, typer.Option(help="A run to start from; needs DATA.")] = None,
    freeze: Annotated[list[str] | None, typer.Option(help="Of --start: a path or pattern that is not trained.")] = None,
    tune: Annotated[
        str | None, typer.Option(help="Of --start: what is trained: all, head, lora, dora, '{lora: {rank: 4}}'.")
    ] = None,
    thaw: Annotated[
        list[str] | None,
        typer.Option(help="Of --start: path=share of the steps at which it learns: body=50%."),
    ] = None,
    no_time: Annotated[bool, typer.Option("--no-time", help="Leave times out: run no training step.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Apply the offered fixes and write the file.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Shapes, parameters, FLOPs, memory and time of an architecture, or all of its faults with their fixes.

    Times come last, as training steps are run to measure them, for about five seconds; --no-time leaves them out.
    """
    from weftnet.cli.commands.architecture import check_command, check_several, together_of

    plugins(plugin)
    archs, output = some_of(arch, arch_, "arch"), Output(as_json, quiet)
    each = partial(
        check_command, inputs=inputs or [], data=data,
        options={**values_of(options), **columns_of(target, kinds)},
        start=start_of(start, freeze=freeze, tune=tune and parsed(tune, "--tune"), thaw=thaw),
        task=task, fix=fix, with_times=not no_time,
        figures={
            "batch": None if max_batch else batch, "memory": None if memory is None else bytes_of(memory, "--memory"),
            "examples": examples, "together": together_of(workers, shard, bandwidth),
        },
    )  # fmt: skip
    if not (check_several(archs, each, output) if len(archs) > 1 else each(archs[0], output=output)):
        raise typer.Exit(1)
