"""`weftnet sample`: text or images out of a generative run."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Plugin, plugins


def sample(
    run: Annotated[Path, typer.Argument(help="A run of a language model, an autoencoder or a GAN.")],
    prompt: Annotated[str, typer.Option(help="What the text begins with.")] = "\n",
    length: Annotated[int, typer.Option(help="Tokens to write.", min=1)] = 500,
    count: Annotated[int, typer.Option(help="Images to draw.", min=1)] = 64,
    temperature: Annotated[float, typer.Option(help="Below 1 plays safe, above 1 takes chances.")] = 0.8,
    top_k: Annotated[int | None, typer.Option(help="Choose among the k likeliest tokens.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same sample.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File for the text, or NAME.png for images.")] = None,
    plugin: Plugin = None,
) -> None:
    """Text or images out of a generative run."""
    from weftnet.cli.commands.training import sample_command

    plugins(plugin)
    sample_command(run, prompt, length, count, temperature, top_k, seed, out)
