"""`weftnet sample`: text or images from a generative run."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Plugin, plugins


def sample(
    run: Annotated[Path, typer.Argument(help="A run of a language model, an autoencoder or a GAN.")],
    prompt: Annotated[str, typer.Option(help="The beginning of the text.")] = "\n",
    length: Annotated[int, typer.Option(help="Number of tokens to write.", min=1)] = 500,
    count: Annotated[int, typer.Option(help="Number of images to draw.", min=1)] = 64,
    temperature: Annotated[float, typer.Option(help="Below 1 is cautious, above 1 is adventurous.")] = 0.8,
    top_k: Annotated[int, typer.Option(help="Choose among the k likeliest tokens; 0 for all.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same sample.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File for the text, or NAME.png for images.")] = None,
    plugin: Plugin = None,
) -> None:
    """Generate text or images with a generative run."""
    from weftnet.cli.commands.training import sample_command

    plugins(plugin)
    sample_command(run, prompt, length, count, temperature, top_k, seed, out)
