"""A listener: a class that derives from `Listener`; see `weftnet.train.listeners`.

It is made from its name alone and told a made-up training. One that writes elsewhere than into the run's folder brings
`example(folder) → {variable: value}`, a function beside it: the environment that makes it write into that folder.
"""

import copy
import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from weftnet.base.workplace import temporary
from weftnet.contract._check import Check, NotApplicable, checks, documented, expect
from weftnet.errors import MissingExtra
from weftnet.train.listeners import LISTENERS
from weftnet.train.listeners._listener import Began, Listener, Step
from weftnet.train.result import TrainingResult

_STEPS = 4


def listener(name: str) -> list[Check]:
    """The checks of a listener."""
    return checks(name, LISTENERS.get, [_made_of_its_name, _hears, _hears_again, _ends_at_once, _leaves, _documented])


def _made_of_its_name(cls: Any) -> None:
    """It is a Listener, and has defaults for all its settings."""
    expect(isinstance(cls, type) and issubclass(cls, Listener), "it is no Listener", got=repr(cls))
    needed = [
        name
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.default is inspect.Parameter.empty and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    expect(not needed, "settings without a default", got=", ".join(needed), fix="--log NAME gives none")
    expect(isinstance(cls.every_step, bool), "every_step is no bool", got=repr(cls.every_step))


def _hears(cls: Any) -> None:
    """It can be told of a whole training."""
    with _place(cls) as folder:
        _tell(_new(cls), folder, 0)


def _hears_again(cls: Any) -> None:
    """It can be told of a training that was killed after a step, and is resumed."""
    with _place(cls) as folder:
        _tell(_new(cls), folder, 0, until=2)
        _tell(_new(cls), folder, 2)


def _ends_at_once(cls: Any) -> None:
    """It can be told of the end of a training that never began."""
    with _place(cls):
        _new(cls).end(TrainingResult("failed", 0, _STEPS, message="ValueError: no"))


def _leaves(cls: Any) -> None:
    """What it is told stays as it is."""
    with _place(cls) as folder:
        began, line = _began(folder, 0), _line(1)
        step, told = _step(1), _new(cls)
        before = copy.deepcopy((began, step, line))
        told.start(began)
        told.after_step(step)
        told.after_evaluation(line)
        for was, now in zip(before, (began, step, line), strict=True):
            expect(repr(was) == repr(now), "it changes what it is told", expected=str(was), got=str(now))
        told.end(_result())


def _documented(cls: Any) -> None:
    """It says what it writes, and where."""
    documented(cls)


def _new(cls: Callable[[], Listener]) -> Any:
    try:
        return cls()
    except MissingExtra as missing:
        raise NotApplicable(str(missing)) from None


@contextmanager
def _place(cls: Any) -> Iterator[Path]:
    """The folder of a run, and the environment that the listener asks for."""
    example = getattr(cls, "example", None) or getattr(inspect.getmodule(cls), "example", None)
    before = dict(os.environ)
    with temporary("contract") as name:
        os.environ.update(example(name) if example else {})
        try:
            yield name
        finally:
            os.environ.clear()
            os.environ.update(before)


def _tell(told: Listener, folder: Path, step: int, until: int = _STEPS) -> None:
    """Tell of the steps after `step`; a training that ends before its last step is killed, without an end."""
    told.start(_began(folder, step))
    told.note("a sentence")
    for done in range(step + 1, until + 1):
        told.after_step(_step(done))
        told.after_evaluation(_line(done))
        told.after_checkpoint(done)
    if until == _STEPS:
        told.end(_result())


def _began(folder: Path, step: int) -> Began:
    recipe = {"lr": 0.1, "optimiser": "another", "patience": None, "augment": [{"noise": {"size": 1}}]}
    return Began(folder, "a task", "data", "- dense: {dim: 2}\n", recipe, step, _STEPS)


def _step(step: int) -> Step:
    return Step(step, {"network": 1 / step}, 0.1, 100.0, float(step))


def _line(step: int) -> Mapping[str, Any]:
    scores = {"loss": 1 / step, "share": float("nan")}
    return {
        "step": step, "epoch": 0.5, "lr": 0.1, "loss": {"network": 1 / step}, "validation": scores,
        "seconds": float(step), "rate": 100.0,
    }  # fmt: skip


def _result() -> TrainingResult:
    return TrainingResult("finished", _STEPS, _STEPS)
