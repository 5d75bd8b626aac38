"""`weftnet contract`: whether your own entries keep the contracts of their registries."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Json, Quiet
from weftnet.cli._output import Output

Paths = Annotated[
    list[Path] | None, typer.Argument(help="Plugins: Python files, or folders. They are executed.", metavar="PATH")
]
Entries = Annotated[
    list[str] | None,
    typer.Option("--entry", "-e", help="Only this entry, as REGISTRY:NAME; of a plugin or weftnet's own."),
]


def contract(plugins: Paths = None, entries: Entries = None, as_json: Json = False, quiet: Quiet = False) -> None:
    """Check what a plugin brings: a line for each property, and what to mend."""
    from weftnet.cli.commands.contracts import run

    run(plugins or [], entries or [], Output(as_json, quiet))
