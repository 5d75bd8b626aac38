"""`weftnet data`: what was understood of a data set."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import DataOptions, Kinds, Target, given, values_of


def data(
    source: Annotated[str, typer.Argument(help="What `fit` takes: a file, a folder, digits, hub:NAME.")],
    target: Target = None,
    kinds: Kinds = None,
    options: DataOptions = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="NAME.html: a page with examples.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What is in a data set: columns and their kinds, parts, balance, and whatever was noticed."""
    from weftnet.cli.commands.data import data_command

    columns = {"target": target, "kinds": values_of(kinds) or None}
    data_command(source, {**values_of(options), **given(columns)}, out, as_json)
