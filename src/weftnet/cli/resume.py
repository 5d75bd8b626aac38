"""`weftnet resume`: continue a run."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Device, Json, Plugin, Quiet, Test, Validation, plugins, train_on, without_none
from weftnet.cli._output import Output
from weftnet.cli._workers import Address, On, Place, work_together


def resume(
    run: Annotated[Path, typer.Argument(help="The folder of a run that was stopped or killed.")],
    data: Annotated[str | None, typer.Option("--data", "-d", help="Where the data are, if they have moved.")] = None,
    validation: Validation = None,
    test: Test = None,
    workers: Annotated[int | None, typer.Option(help="Processes that train it together.")] = None,
    shard: Annotated[
        bool | None,
        typer.Option("--shard/--no-shard", help="Whether each worker keeps a share of the weights; default as before."),
    ] = None,
    on: On = None,
    address: Address = None,
    device: Device = None,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Continue a run from its last checkpoint; the result equals the uninterrupted run's, bit for bit."""
    train_on(device)
    if work_together(workers, run, Place(on, address), shard=bool(shard)):
        return
    from weftnet.cli.commands.training import resume_command

    plugins(plugin)
    resume_command(run, data, shard, without_none({"validation": validation, "test": test}), Output(as_json, quiet))
