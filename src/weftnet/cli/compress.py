"""`weftnet compress`: a smaller and faster run, or a refusal."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.base.units import seconds_of
from weftnet.cli._options import Json, Plugin, Quiet, plugins
from weftnet.cli._output import Output


def compress(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or of a fit: then its best run.")],
    data: Annotated[str | None, typer.Option("--data", "-d", help="Where the data are, if they have moved.")] = None,
    max_drop: Annotated[
        float,
        typer.Option(help="How much the score may drop, in points; in per cent for an error such as rmse.", min=0),
    ] = 0.5,
    target_latency: Annotated[
        str | None, typer.Option(help="Latency of one example that the chosen run must reach: 2ms.")
    ] = None,
    methods: Annotated[
        str | None,
        typer.Option(help="prune, low_rank, int8_static, int8_dynamic; all if left out; or distil,…", metavar="A,B,…"),
    ] = None,
    arch: Annotated[
        str | None, typer.Option("--arch", "-a", help="For distil: the student, an architecture file or zoo name.")
    ] = None,
    budget: Annotated[str, typer.Option(help="Total time for fine-tuning: 60s, 5m. 0s trains nothing.")] = "60s",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the runs; default RUN/compressed.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete an earlier compression there; other files are moved aside.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of trainings and calibration.", min=0)] = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Prune, factor and quantise a run, measure each result, keep those that are smaller, faster and as accurate."""
    from weftnet.cli.commands.compress import CompressOptions, compress_command

    plugins(plugin)
    training = 0.0 if budget in ("0", "0s") else seconds_of(budget) or 0.0
    names = tuple(name.strip() for name in methods.split(",") if name.strip()) if methods else ()
    options = CompressOptions(
        data, max_drop, seconds_of(target_latency, "target latency"), names, training, out, replace, seed,
        arch,
    )  # fmt: skip
    if compress_command(run, options, Output(as_json, quiet)).chosen is None:
        raise typer.Exit(1)
