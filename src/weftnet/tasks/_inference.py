"""From inputs to outputs: one pass of the network, or the loop in a task's `infer.py`; with NumPy alone.

    def variational_autoencoder(run, inputs, masks, settings, options) → arrays by name
        code = run("encoder", inputs, masks)["output"]

A run, an exported runner and a server share this: they differ in what runs a pass. A loop that reads a growing sequence
asks for `run.steps`: where the network works step by step, each step is read once. `infer.py` may hold a typed
dictionary `Options`: what a question may ask beside its rows. Examples must not mix: an example's outputs are the same
whatever other examples are in the batch, and however a request is divided into batches.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias, get_type_hints

import numpy as np
from numpy.typing import NDArray

from weftnet.base.typed import brief, misfit
from weftnet.errors import DataError, closest
from weftnet.tasks._registries import INFERENCES

Arrays: TypeAlias = Mapping[str, NDArray[Any]]
#: what a question asks beside its rows, by name
Options: TypeAlias = Mapping[str, Any]
NO_OPTIONS: Options = MappingProxyType({})
NOTHING: Arrays = MappingProxyType({})


class Steps(Protocol):
    """A sequence of each row, read piece by piece."""

    def choose(self, rows: NDArray[np.int64], whole: bool = False, /) -> None:
        """Go on from what these rows remember, one after another: some may be named twice, others are dropped.

        What is read whole stays as it is, row by row, unless it is chosen too (`whole`).
        """

    def __call__(self, inputs: Arrays, /) -> Arrays:
        """The outputs (batch, n, …) at the next n steps (batch, n, …), without padding, which are remembered."""


class Run(Protocol):
    """What runs the passes."""

    def __call__(self, name: str, inputs: Arrays, masks: Arrays, /) -> Arrays:
        """A pass's outputs by name, a lone one `output`, of its inputs by name and the masks of the padded ones."""

    def steps(
        self, name: str, rows: int, time: int, inputs: Arrays = NOTHING, masks: Arrays = NOTHING, /
    ) -> Steps | None:
        """A pass step by step, over at most `time` steps of so many rows; None where it can only be run as a whole.

        What the pass reads whole at every step, with its masks, is given here, once.
        """


def infer(
    task: str, run: Run, inputs: Arrays, masks: Arrays, settings: Mapping[str, Any], options: Options
) -> NDArray[Any] | Arrays:
    """What the task's answers are made of: the output of the only network, or what its `infer.py` gives.

    Args:
        task: its name.
        run: runs a pass.
        inputs: of the data, by name.
        masks: of the padded ones.
        settings: of the task.
        options: of the question.

    Raises:
        DataError: the task takes no such options.
    """
    check_options(task, options)
    loop = INFERENCES.find(task)
    if loop is None:
        return next(iter(run("network", inputs, masks).values()))
    outputs: NDArray[Any] | Arrays = loop(run, inputs, masks, settings, options)
    return outputs


#: is told what is known of an answer before it is complete
Tell: TypeAlias = Callable[[str], None]
_listener: ContextVar[Tell | None] = ContextVar("weftnet_listener", default=None)


def tells(task: str) -> bool:
    """Whether an answer to a single row is told piece by piece, as `TELLS` in its `infer.py` says."""
    return INFERENCES.find(task) is not None and bool(getattr(INFERENCES.module(task), "TELLS", False))


@contextmanager
def listening(tell: Tell) -> Iterator[None]:
    """What is asked inside is told piece by piece to somebody; what they raise ends the answer."""
    token = _listener.set(tell)
    try:
        yield
    finally:
        _listener.reset(token)


def listener() -> Tell | None:
    """Who is told pieces of the answer that is being computed."""
    return _listener.get()


def options_of(task: str) -> dict[str, Any]:
    """The options that a question may have: name → type."""
    if INFERENCES.find(task) is None:
        return {}
    schema = getattr(INFERENCES.module(task), "Options", None)
    return {} if schema is None else get_type_hints(schema, include_extras=True)


def check_options(task: str, options: Options) -> None:
    """Refuse options that the task doesn't take, or of another type.

    Raises:
        DataError: with the option.
    """
    if not options:
        return
    known = options_of(task)
    for name, value in options.items():
        if name not in known:
            close = closest(name, known)
            raise DataError(
                f"{task} takes no option {name[:80]!r}",
                where="options",
                expected=", ".join(known) or "none",
                fix=f"did you mean {close[0]!r}?" if close else "",
            )
        if wrong := misfit(value, known[name]):
            raise DataError("an option is of another type", where=f"options: {name}", expected=wrong, got=brief(value))


def options_from(pairs: Iterable[str]) -> Options:
    """Options as a person writes them, `name=value`; a value is JSON, or text if it is none.

    Raises:
        DataError: there is no equals sign.
    """
    options: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise DataError("an option is written name=value", where="options", got=pair)
        try:
            options[name.strip()] = json.loads(text)
        except ValueError:
            options[name.strip()] = text
    return options
