"""`serve`: runs behind HTTP, until a signal."""

import functools
import logging
import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape

from weftnet.base.extras import need
from weftnet.cli._output import Output
from weftnet.serve.options import Options


def serve_command(runs: Sequence[str], options: Options, output: Output) -> None:
    """Serve until a signal; ends when every accepted request is answered.

    Raises:
        MissingExtra: Starlette, uvicorn or the Prometheus client is not installed.
        WeftnetError: a model can't be loaded, or the address can't be listened on.
        SystemExit: 1, if a second signal left a request unanswered.
    """
    for module in ("starlette", "uvicorn", "httptools", "prometheus_client", "python_multipart"):
        need(module, extra="serve", what="serving")
    from weftnet.serve.app import Application
    from weftnet.serve.loading import load
    from weftnet.serve.places import Place
    from weftnet.serve.server import run

    console = Console(stderr=True)
    for name, level in (
        ("weftnet.serve", logging.INFO if output.talks else logging.WARNING),
        ("uvicorn", logging.WARNING),
    ):
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).addHandler(RichHandler(console=console, show_path=False))
    app = Application([Place.parse(text) for text in runs], functools.partial(load, options=options), options)

    def print_address(address: str) -> None:
        output.console().print(f"serving at [bold]{escape(address)}[/bold]", highlight=False, soft_wrap=True)
        output.end({"address": address, "process": os.getpid()}, address)
        sys.stdout.flush()

    if not run(app, options, print_address):
        raise SystemExit(1)
