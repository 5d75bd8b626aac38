"""`weftnet data`: what was inferred about a data set."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import (
    DataOptions,
    Kinds,
    Plugin,
    Target,
    Test,
    Validation,
    columns_of,
    plugins,
    values_of,
)


def data(
    source: Annotated[str, typer.Argument(help="As for `fit`: a file, a folder, digits, hub:NAME.")],
    validation: Validation = None,
    test: Test = None,
    target: Target = None,
    kinds: Kinds = None,
    options: DataOptions = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="NAME.html: write a page with examples.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    plugin: Plugin = None,
) -> None:
    """Show what a data set contains: columns and their kinds, splits, class balance, findings."""
    from weftnet.cli.commands.data import data_command

    plugins(plugin)
    columns = columns_of(target, kinds, validation=validation, test=test)
    data_command(source, {**values_of(options), **columns}, out, as_json)
