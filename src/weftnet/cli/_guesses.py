"""What is meant by an option that there is not: `--lr 0.1` is `--set lr=0.1`, `--model` is `--arch`."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from typer.core import TyperCommand

from weftnet.errors import closest

#: options as other programs call them
_CALLED: Mapping[str, str] = {
    "model": "--arch", "network": "--arch", "architecture": "--arch", "label": "--target", "output": "--out",
    "output_dir": "--out", "gpu": "--device", "cuda": "--device", "time": "--budget", "time_limit": "--budget",
    "learning_rate": "--set lr=", "batch": "--set batch_size=", "optimizer": "--set optimiser=",
}  # fmt: skip
#: how like a setting's name a word is that may mean it
_LIKE = 0.8


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
    called = _CALLED.get(name, "")
    if called.partition(" ")[0] in own:
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
