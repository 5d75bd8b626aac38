"""`weftnet zoo`: the catalogue of architectures."""

from typing import Annotated

import typer

from weftnet.cli._options import Plugin, plugins, print_catalogue, values_of


def zoo(
    name: Annotated[str | None, typer.Argument(help="One entry, in detail.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
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
    if name is not None and as_yaml:
        from weftnet.zoo._named import zoo_yaml

        typer.echo(zoo_yaml(name, values_of(settings)), nl=False)
        return
    if weights:
        from weftnet.cli.commands.importing import known_weights

        for line in known_weights(name):
            typer.echo(line)
        return
    print_catalogue(ZOO, name, as_json)
