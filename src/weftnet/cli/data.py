"""`weftnet data`: what was inferred about a data set."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import (
    DataOptions,
    Json,
    Kinds,
    Named,
    Plugin,
    Quiet,
    Target,
    Test,
    Validation,
    columns_of,
    one_of,
    plugins,
    values_of,
)
from weftnet.cli._output import Output


def data(
    source: Annotated[
        str | None, typer.Argument(metavar="DATA", help="As for `fit`: a file, a folder, digits, hub:NAME.")
    ] = None,
    data_: Named = None,
    validation: Validation = None,
    test: Test = None,
    target: Target = None,
    kinds: Kinds = None,
    options: DataOptions = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="NAME.html: write a page with examples.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Show what a data set contains: columns and their kinds, splits, class balance, findings."""
    from weftnet.cli.commands.data import data_command

    plugins(plugin)
    columns = columns_of(target, kinds, validation=validation, test=test)
    data_command(one_of(source, data_, "data"), {**values_of(options), **columns}, out, Output(as_json, quiet))
