"""`weftnet zoo`: the catalogue of architectures."""

from typing import Annotated

import typer

from weftnet.cli._options import Json, Plugin, Quiet, plugins, print_catalogue, values_of
from weftnet.cli._output import Output
from weftnet.errors import SettingError


def zoo(
    name: Annotated[str | None, typer.Argument(help="One entry, in detail.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    as_yaml: Annotated[
        bool, typer.Option("--yaml", help="Print the architecture as YAML, as a starting point.")
    ] = False,
    weights: Annotated[
        bool, typer.Option("--weights", help="Which published weights are known, of one entry or of all.")
    ] = False,
    settings: Annotated[list[str] | None, typer.Option("--set", help="An argument, name=value.")] = None,
    plugin: Plugin = None,
) -> None:
    """The catalogue of architectures."""
    from weftnet.zoo import ZOO

    plugins(plugin)
    output = Output(as_json, quiet)
    if as_yaml and not output.talks:
        raise SettingError("one form at a time", where="--yaml", fix="leave out --json and --quiet")
    if name is not None and as_yaml:
        from weftnet.zoo._named import zoo_yaml

        typer.echo(zoo_yaml(name, values_of(settings)), nl=False)
        return
    if weights:
        from weftnet.cli.commands.importing import known_weights

        known_weights(name, output)
        return
    print_catalogue(ZOO, name, output)
