"""`weftnet import`: published weights as a run, or a model of Keras as an architecture."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Json, Plugin, Quiet, plugins, values_of
from weftnet.cli._output import Output


def import_(
    what: Annotated[
        str,
        typer.Argument(
            help="A .safetensors or .pth file, a Hugging Face folder, timm:NAME; or the JSON of a Keras model."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The run's folder, or the architecture's file; it is new.")],
    entry: Annotated[
        str | None, typer.Option("--as", help="The zoo entry; default the one whose weights have such names.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="An argument of the zoo entry, name=value.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="The names of the classes: one in each line, or a JSON list.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Make a run of published weights, to be asked, or to be started from; an architecture of a Keras model."""
    from weftnet.cli.commands.importing import import_command, model_command

    plugins(plugin)
    if Path(what).suffix == ".json":
        model_command(Path(what), out, bool(entry or settings or labels), Output(as_json, quiet))
        return
    import_command(what, out, entry, values_of(settings), labels, Output(as_json, quiet))
