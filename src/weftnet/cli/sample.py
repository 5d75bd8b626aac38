"""`weftnet sample`: text or images from a generative run."""

from pathlib import Path
from typing import Annotated

import typer

from weftnet.cli._options import Json, Plugin, Quiet, plugins
from weftnet.cli._output import Output


def sample(
    run: Annotated[Path, typer.Argument(help="A run of a language model, an autoencoder or a GAN.")],
    prompt: Annotated[str, typer.Option(help="The beginning of the text.")] = "\n",
    length: Annotated[int, typer.Option(help="Number of tokens to write.", min=1)] = 500,
    count: Annotated[int, typer.Option(help="Number of images to draw.", min=1)] = 64,
    temperature: Annotated[float, typer.Option(help="Below 1 is cautious, above 1 is adventurous.")] = 0.8,
    top_k: Annotated[int, typer.Option(help="Choose among the k likeliest tokens; 0 for all.", min=0)] = 0,
    top_p: Annotated[float, typer.Option(help="Choose among the likeliest tokens of this probability together.")] = 1.0,
    repetition_penalty: Annotated[float, typer.Option(help="Above 1: what was there is less likely again.")] = 1.0,
    stop: Annotated[list[str] | None, typer.Option(help="A text that ends the writing; can be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same sample.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File for the text, or NAME.png for images.")] = None,
    stream: Annotated[
        bool | None, typer.Option("--stream/--no-stream", help="Print while it is written; so on a terminal.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Generate text or images with a generative run."""
    from weftnet.cli.commands.training import sample_command

    plugins(plugin)
    options = {
        "temperature": temperature, "top_k": top_k, "top_p": top_p, "repetition_penalty": repetition_penalty,
        "stop": stop or [],
    }  # fmt: skip
    sample_command(run, prompt, length, count, seed, out, options=options, stream=stream, output=Output(as_json, quiet))
