"""The command line: each command reads its options, calls one function and prints what it gives.

Nothing here imports torch before a command that needs it runs, so that `netloom --help` answers at once.
"""

import json
import math
import shutil
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from netloom.errors import NetloomError, SettingError

app = typer.Typer(
    name="netloom",
    help="Compose neural networks, know their cost before they run, train, compare and keep them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

Plugin = Annotated[
    list[Path] | None,
    typer.Option("--plugin", help="A Python file of your own blocks. It is executed.", metavar="FILE"),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", help="What comes in: image:1x28x28, or name=tokens:64,vocabulary=5000."),
]
Source = Annotated[str | None, typer.Option("--data", "-d", help="Data that say what comes in, and the task.")]
Target = Annotated[str | None, typer.Option("--target", "-t", help="The column to predict.")]


@app.command()
def check(
    arch: Annotated[str, typer.Argument(help="An architecture file, or the name of a zoo entry.")],
    inputs: Inputs = None,
    data: Source = None,
    target: Target = None,
    task: Annotated[str | None, typer.Option(help="The task whose head completes the architecture.")] = None,
    batch: Annotated[int, typer.Option(help="Batch size of the memory and time figures.")] = 64,
    examples: Annotated[int | None, typer.Option(help="Examples in an epoch.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Apply the offered fixes and write the file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    plugin: Plugin = None,
) -> None:
    """Shapes, parameters, FLOPs, memory and time of an architecture, or all of its faults with their fixes."""
    from netloom.commands.architecture import check_command

    _plugins(plugin)
    sound = check_command(
        arch, inputs=inputs or [], data=data, target=target, task=task, batch=batch, examples=examples, fix=fix,
        as_json=as_json,
    )  # fmt: skip
    if not sound:
        raise typer.Exit(1)


@app.command()
def draw(
    arch: Annotated[str, typer.Argument(help="An architecture file, or the name of a zoo entry.")],
    inputs: Inputs = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="NAME.svg or NAME.mmd; both if left out.")] = None,
    plugin: Plugin = None,
) -> None:
    """Draw an architecture with its shapes, as SVG and as Mermaid."""
    from netloom.commands.architecture import draw_command

    _plugins(plugin)
    for path in draw_command(arch, inputs or [], out):
        typer.echo(path)


@app.command()
def blocks(
    name: Annotated[str | None, typer.Argument(help="One block, with all there is to say of it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    plugin: Plugin = None,
) -> None:
    """The catalogue of blocks: formula, source, axes, settings, cost."""
    from netloom.blocks import BLOCKS

    _plugins(plugin)
    _catalogue(BLOCKS, name, as_json)


@app.command()
def zoo(
    name: Annotated[str | None, typer.Argument(help="One entry, with all there is to say of it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print the architecture as YAML, to start from.")] = False,
    settings: Annotated[list[str] | None, typer.Option("--set", help="name=value of an argument of the entry.")] = None,
) -> None:
    """The catalogue of architectures."""
    from netloom.zoo import ZOO

    if name is not None and as_yaml:
        from netloom.commands.architecture import zoo_yaml

        typer.echo(zoo_yaml(name, _settings(settings)), nl=False)
        return
    _catalogue(ZOO, name, as_json)


@app.command()
def fit(
    data: Annotated[
        str, typer.Argument(help="digits, a .npz, .npy, .csv or .txt file (.xz, .gz), a folder.")
    ] = "digits",
    target: Target = None,
    arch: Annotated[
        list[str] | None, typer.Option("--arch", "-a", help="An architecture file or zoo name; several compete.")
    ] = None,
    task: Annotated[str | None, typer.Option(help="The task, if not the one the data suggest.")] = None,
    budget: Annotated[str | None, typer.Option(help="Training time of each network: 60s, 5m, 1h.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the training data, instead of a budget.")] = None,
    steps: Annotated[int | None, typer.Option(help="Steps, instead of a budget.")] = None,
    seeds: Annotated[int, typer.Option(help="How many times each network is trained.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="The first seed.", min=0)] = 0,
    jobs: Annotated[int | None, typer.Option(help="Trainings at once; as many as help, if left out.", min=1)] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="name=value of the recipe: lr=0.01, augment=\\[flip], batch_size=128."),
    ] = None,
    kinds: Annotated[list[str] | None, typer.Option("--kind", help="column=kind, where the guess is wrong.")] = None,
    options: Annotated[
        list[str] | None, typer.Option("--data-set", help="name=value of the data: context=128.")
    ] = None,
    task_settings: Annotated[
        list[str] | None, typer.Option("--task-set", help="name=value of the task: label_smoothing=0.1, latent=16.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the runs.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Delete earlier runs in that folder.")] = False,
    plugin: Plugin = None,
) -> None:
    """Train one network, or let a shortlist that suits the data compete under the same budget."""
    from netloom.commands.fit import FitOptions, fit_command

    _plugins(plugin)
    lengths = {"budget": _seconds(budget), "epochs": epochs, "steps": steps}
    columns = {"target": target, "kinds": _settings(kinds) or None}
    fit_command(
        FitOptions(
            data,
            data={**_settings(options), **_given(columns)},
            archs=arch or [],
            task=task,
            task_settings=_settings(task_settings),
            recipe={**_settings(settings), **_given(lengths)},
            seeds=range(seed, seed + seeds),
            jobs=jobs,
            out=out,
            replace=replace,
            plugins=[str(path) for path in plugin or []],
        )
    )


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(help="The folder of a run that was stopped or killed.")],
    data: Annotated[str | None, typer.Option("--data", "-d", help="Where the data are, if they moved.")] = None,
    plugin: Plugin = None,
) -> None:
    """Go on with a run from its last checkpoint; the result is the uninterrupted run's, bit for bit."""
    from netloom.commands.training import resume_command

    _plugins(plugin)
    resume_command(run, data)


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, or of a whole fit.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Runs side by side, with confidence intervals over seeds and paired differences."""
    from netloom.commands.training import compare_command

    compare_command(runs, as_json)


@app.command()
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
    from netloom.commands.training import sample_command

    _plugins(plugin)
    sample_command(run, prompt, length, count, temperature, top_k, seed, out)


@app.command()
def calibrate() -> None:
    """Measure this machine anew, for the time predictions of `check`."""
    from netloom.commands.architecture import calibrate_command

    calibrate_command()


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    if version:
        from netloom import __version__

        typer.echo(f"netloom {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; an error of netloom's own is printed without a traceback."""
    try:
        app()
    except NetloomError as error:
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


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def _plugins(paths: list[Path] | None) -> None:
    if paths:
        from netloom.plugins import load_plugin

        for path in paths:
            load_plugin(path)


def _catalogue(registry: Any, name: str | None, as_json: bool) -> None:
    from netloom import catalogue

    if as_json:
        typer.echo(json.dumps(catalogue.as_json(registry, name), indent=2, ensure_ascii=False))
    else:
        typer.echo(catalogue.render(registry, name))


def _settings(pairs: list[str] | None) -> dict[str, Any]:
    """name=value options, the value read as YAML: numbers, lists, mappings."""
    import yaml

    result = {}
    for pair in pairs or []:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise SettingError("an option is written name=value", got=pair)
        try:
            result[name.strip()] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise SettingError(f"{name}: the value can't be read", got=text) from error
    return result


def _seconds(text: str | None) -> float | None:
    """`90`, `90s`, `5m` or `1h` in seconds."""
    if text is None:
        return None
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:], 1.0)
    try:
        seconds = float(text.rstrip("smh")) * unit
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise SettingError("the budget is no time", expected="60s, 5m or 1h", got=text)
    return seconds
