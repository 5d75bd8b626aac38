"""`weftnet serve`: runs behind HTTP, with a page for people."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.base.units import bytes_of, seconds_of
from weftnet.cli._options import Json, Plugin, Quiet, plugins
from weftnet.cli._output import Output


def serve(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="[NAME=]RUN…", help="Runs, exports, or folders of them named 1, 2 …: versions."),
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 for any free one.")] = 8000,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(help="A name under which the server may be asked, beside its address; *.NAME, * for any; again."),
    ] = None,
    api_key_file: Annotated[
        Path | None, typer.Option("--api-key-file", help="A file with one API key a line; without it no key is needed.")
    ] = None,
    max_batch: Annotated[int, typer.Option(help="Rows computed together.")] = 16,
    max_wait: Annotated[str, typer.Option(help="How long a row waits for others; 0 for not at all.")] = "2ms",
    queue: Annotated[int, typer.Option(help="Rows that may wait; beyond that a request gets a 503.")] = 256,
    max_body: Annotated[str, typer.Option(help="Largest body of a request: 10MB, 512KiB.")] = "10MB",
    timeout: Annotated[str, typer.Option(help="Time to answer a request.")] = "10s",
    grace: Annotated[str, typer.Option(help="Time to finish accepted requests when stopping.")] = "20s",
    engine: Annotated[str, typer.Option(help="What computes answers; auto: the preferred one that can.")] = "auto",
    threads: Annotated[int, typer.Option(help="Threads of each model.")] = 1,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Serve runs over HTTP, with dynamic batching, hot reload, metrics, and a page at /."""
    from weftnet.cli.commands.serve import serve_command
    from weftnet.serve.options import Options

    plugins(plugin)
    options = Options(
        host=host,
        port=port,
        allowed_hosts=tuple(allowed_host or ()),
        keys=api_key_file,
        max_batch=max_batch,
        max_wait=seconds_of(max_wait, "wait", zero=True) or 0.0,
        queue=queue,
        max_body=bytes_of(max_body, "--max-body"),
        timeout=seconds_of(timeout, "timeout") or 0.0,
        grace=seconds_of(grace, "grace") or 0.0,
        engine=engine,
        threads=threads,
    )
    serve_command(runs, options, Output(as_json, quiet))
