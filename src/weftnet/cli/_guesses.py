"""What is meant by a command or an option that there is not: `train` is `fit`, `--lr 0.1` is `--set lr=0.1`."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from typer.core import TyperCommand, TyperGroup

from weftnet.errors import closest

#: options as other programs call them: the first of these that the command has
_CALLED: Mapping[str, tuple[str, ...]] = {
    "model": ("--arch",), "network": ("--arch",), "architecture": ("--arch",), "net": ("--arch",),
    "label": ("--target",), "labels": ("--target",), "y": ("--target",), "column": ("--target", "--kind"),
    "output": ("--out",), "output_dir": ("--out",), "dir": ("--out",), "save": ("--out",), "file": ("--data", "--out"),
    "dataset": ("--data",), "source": ("--data",), "inputs": ("--data", "--input"), "input": ("--data",),
    "gpu": ("--device",), "cuda": ("--device",), "time": ("--budget",), "time_limit": ("--budget",),
    "max_time": ("--budget",), "learning_rate": ("--set lr=",), "batch": ("--set batch_size=",),
    "optimizer": ("--set optimiser=",), "metric": ("--metric", "--score"), "format": ("--to", "--out"),
    "target": ("--to",), "cv": ("--folds",), "random_state": ("--seed",), "n_jobs": ("--jobs",),
    "num_workers": ("--workers",), "pretrained": ("--start",), "weights": ("--start",), "silent": ("--quiet",),
}  # fmt: skip
#: commands as other programs call them
_COMMANDS = {
    "train": "fit", "run": "fit", "learn": "fit", "test": "evaluate", "score": "evaluate", "eval": "evaluate",
    "infer": "predict", "ask": "predict", "summary": "check", "plot": "draw", "quantise": "compress",
    "quantize": "compress", "shrink": "compress", "convert": "export", "deploy": "serve", "generate": "sample",
    "continue": "resume", "inspect": "data", "describe": "data", "models": "zoo", "layers": "blocks",
}  # fmt: skip
#: how like a setting's name a word is that may mean it
_LIKE = 0.8


class Commands(TyperGroup):
    """The commands; one that there is not is told which may be meant."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As usual; the error names the command that does what other programs call so."""
        try:
            return super().resolve_command(ctx, args)
        except Exception as error:
            said = str(getattr(error, "message", "")).partition(" Did you mean")[0].rstrip(".")
            likes = get_close_matches(args[0].lower() if args else "", _COMMANDS, 1, _LIKE)
            if likes:
                error.message = f"{said}. Did you mean {_COMMANDS[likes[0]]!r}?"  # type: ignore[attr-defined]  # of click, which typer brings
            raise


class Guessing(TyperCommand):
    """A command that says what may be meant by an option that it does not have."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As usual; an unknown option's error names the one that may be meant."""
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            if type(error).__name__ == "NoSuchOption":
                own = [option for parameter in self.params for option in parameter.opts]
                name = str(getattr(error, "option_name", "")).lstrip("-").replace("-", "_")
                if meant := _meant(str(self.name), name, own):
                    error.message = f"{getattr(error, 'message', error)} Did you mean {meant}?"  # type: ignore[attr-defined]  # of click, which typer brings
                    error.possibilities = None  # type: ignore[attr-defined]  # as above
            raise


def _meant(command: str, name: str, own: list[str]) -> str:
    """The option that may be meant; empty where that is not known."""
    for called in _CALLED.get(name, ()):
        if called.partition(" ")[0] in own and ("=" not in called or command == "fit"):
            return called
    if command != "fit" or closest(name, [option.lstrip("-") for option in own], 1):
        return ""  # click names what is close among its own
    for option, known in _settings().items():
        if name in known:
            return f"{option} {name}="
    for option, known in _settings().items():
        if close := get_close_matches(name, known, 1, _LIKE):
            return f"{option} {close[0]}="
    return ""


def _settings() -> dict[str, list[str]]:
    """The settings that `fit` takes by name=value, by option."""
    from dataclasses import fields

    from weftnet.data.forecasting import open_forecasting
    from weftnet.data.sources import SOURCES
    from weftnet.tasks import TASKS
    from weftnet.train.recipe import Recipe

    reads = [SOURCES.get(name).read for name in SOURCES] + [open_forecasting]
    data = dict.fromkeys(name for read in reads for name in read.__kwdefaults__ or {})
    tasks = dict.fromkeys(each.name for name in TASKS.names() for each in fields(TASKS.get(name)))
    return {"--set": [each.name for each in fields(Recipe)], "--data-set": [*data, "splits"], "--task-set": [*tasks]}
