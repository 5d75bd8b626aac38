"""The listeners of a training: made from names, told together, and none of them able to end it."""

import copy
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

from weftnet.base.settings import check_settings, known
from weftnet.errors import SettingError
from weftnet.train.listeners import LISTENERS
from weftnet.train.listeners._listener import Began, Listener, Step
from weftnet.train.result import TrainingResult

#: a name of `LISTENERS`, or {name: {settings}}
Named: TypeAlias = str | Mapping[str, Mapping[str, Any]]


def made(listeners: Sequence[Listener | Named]) -> list[Listener]:
    """Listeners as objects; nothing is opened yet.

    Raises:
        SettingError: no listener has that name, or it has no such setting.
        MissingExtra: what it logs to is not installed.
    """
    return [each if isinstance(each, Listener) else _made(each) for each in listeners]


def named(listeners: Sequence[Listener | Named]) -> list[Named]:
    """Those that a run can keep, to be told again when it is resumed."""
    return [each for each in listeners if not isinstance(each, Listener)]


def _made(spec: Named) -> Listener:
    if not isinstance(spec, str) and (not isinstance(spec, Mapping) or len(spec) != 1):
        raise SettingError("is no listener", where="listeners", expected="a name or {name: {settings}}", got=repr(spec))
    name, settings = (spec, {}) if isinstance(spec, str) else next(iter(spec.items()))
    known(LISTENERS, name, "listeners")
    listener = LISTENERS.get(name)
    if not isinstance(settings, Mapping):
        raise SettingError("its settings are no mapping", where=f"listeners: {name}", got=repr(settings))
    check_settings(listener, settings, (), f"listeners: {name}")
    return listener(**settings)


class Listening:
    """Tells every listener. One that raises an exception is told no more; a file in the run says why.

    Args:
        listeners: to tell.
        folder: of the run.
    """

    def __init__(self, listeners: Sequence[Listener], folder: Path) -> None:
        self._listeners, self._folder = list(listeners), folder
        self._step = self._steps = 0
        self.result: TrainingResult | None = None

    @property
    def every_step(self) -> bool:
        """Whether one of them wants to know of every step."""
        return any(listener.every_step for listener in self._listeners)

    def start(self, start: Began) -> None:
        """The training starts or continues."""
        self._step, self._steps = start.step, start.steps
        self._tell("start", lambda each: each.start(start))

    def after_step(self, step: Step, *, every: bool = False) -> None:
        """A step is done; with `every`, of interest only for those that want to know of each."""
        self._step = step.step
        self._tell("after_step", lambda each: each.after_step(step) if each.every_step or not every else None)

    def after_evaluation(self, line: Mapping[str, Any]) -> None:
        """An evaluation is done."""
        self._tell("after_evaluation", lambda each: each.after_evaluation(copy.deepcopy(dict(line))))

    def after_checkpoint(self, step: int) -> None:
        """A checkpoint is saved."""
        self._tell("after_checkpoint", lambda each: each.after_checkpoint(step))

    def note(self, text: str) -> None:
        """Something a person should know."""
        self._tell("note", lambda each: each.note(text))

    def __enter__(self) -> Self:
        """Listeners are told of the end of this context, however it ends."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        result = self.result
        if error is not None or result is None:
            status = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
            result = TrainingResult(status, self._step, self._steps, message=f"{type(error).__name__}: {error}")
        self._tell("end", lambda each: each.end(result))

    def _tell(self, what: str, tell: Callable[[Listener], None]) -> None:
        for listener in tuple(self._listeners):
            try:
                tell(listener)
            except Exception as error:  # whatever a listener does, the training goes on
                self._listeners.remove(listener)
                self._report(listener, what, error)

    def _report(self, listener: Listener, what: str, error: Exception) -> None:
        name = type(listener).__name__
        file = self._folder / f"listener_{name}.txt"
        file.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        text = f"the listener {name} failed at step {self._step} in {what}: {type(error).__name__}: {error}"
        warnings.warn(f"{text}\n  the training goes on without it; see {file}", stacklevel=2)
