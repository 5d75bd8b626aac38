"""The commands, each in the file of its name."""

from importlib import import_module
from typing import Annotated

import typer

from weftnet.cli._guesses import Commands, Guessing

#: Every command: a file and a function of the same name, in the order that `--help` lists them; a word of Python's own
#: has a _ behind it.
_COMMANDS = (
    "data",
    "check", "draw", "blocks", "zoo",
    "import_", "fit", "resume", "merge", "ensemble",
    "plan", "evaluate", "predict", "report", "compare", "sample", "add_class",
    "explain", "compress", "export", "serve",
    "contract", "grid", "calibrate", "recalibrate",
)  # fmt: skip

_HELP = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    cls=Commands,
    name="weftnet",
    help="Compose neural networks, know their cost before they run, train, compare, explain and serve them.",
    no_args_is_help=True,
    context_settings=_HELP,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for _name in _COMMANDS:
    _command = getattr(import_module(f"{__package__}.{_name}"), _name)
    app.command(_name.rstrip("_").replace("_", "-"), cls=Guessing, context_settings=_HELP)(_command)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    if version:
        from weftnet import __version__

        typer.echo(f"weftnet {__version__}")
        raise typer.Exit
