"""`weftnet blocks`: the catalogue of blocks."""

from typing import Annotated

import typer

from weftnet.cli._options import Plugin, plugins, print_catalogue


def blocks(
    name: Annotated[str | None, typer.Argument(help="One block, in detail.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    plugin: Plugin = None,
) -> None:
    """The catalogue of blocks: formula, source, axes, settings, cost."""
    from weftnet.blocks import BLOCKS

    plugins(plugin)
    print_catalogue(BLOCKS, name, as_json)
