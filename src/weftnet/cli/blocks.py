"""`weftnet blocks`: the catalogue of blocks."""

from typing import Annotated

import typer

from weftnet.cli._options import Json, Plugin, Quiet, plugins, print_catalogue
from weftnet.cli._output import Output


def blocks(
    name: Annotated[str | None, typer.Argument(help="One block, in detail.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """The catalogue of blocks: formula, source, axes, settings, cost."""
    from weftnet.blocks import BLOCKS

    plugins(plugin)
    print_catalogue(BLOCKS, name, Output(as_json, quiet))
