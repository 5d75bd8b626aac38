"""The command line: one command per file; each reads its options, calls one function and prints the result.

Torch is imported only by the commands that need it, so `weftnet --help` answers at once.
"""

import shutil
import sys
import textwrap
from importlib import import_module
from typing import Annotated, NoReturn

import typer

from weftnet.errors import WeftnetError
from weftnet.train.worker import end_with_launcher, report_error, reported_error

#: Every command: a file and a function of the same name, in the order that `--help` lists them.
_COMMANDS = (
    "data",
    "check", "draw", "blocks", "zoo",
    "fit", "resume", "plan", "evaluate", "predict", "report", "compare", "sample",
    "explain", "compress", "export", "serve",
    "contract", "grid", "calibrate",
)  # fmt: skip

app = typer.Typer(
    name="weftnet",
    help="Compose neural networks, know their cost before they run, train, compare, explain and serve them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for _name in _COMMANDS:
    app.command()(getattr(import_module(f"{__name__}.{_name}"), _name))


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    if version:
        from weftnet import __version__

        typer.echo(f"weftnet {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; weftnet's own errors are printed without a traceback."""
    end_with_launcher()
    if reported_error():
        raise SystemExit(1)
    try:
        app()
    except WeftnetError as error:
        if report_error(error):
            raise SystemExit(1) from None
        _fail(str(error), 1)
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(141) from None
    except KeyboardInterrupt:
        _fail("stopped", 130)


def _fail(text: str, code: int) -> NoReturn:
    """Print to stderr, in red on a terminal; long lines break between words and keep their indent."""
    width = shutil.get_terminal_size().columns
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        broken = textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        typer.secho("\n".join(broken), err=True, fg="red")
    raise SystemExit(code)
