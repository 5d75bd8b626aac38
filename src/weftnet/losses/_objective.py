"""What a person wrote as a loss → the function that a task's training minimises.

    cross_entropy                                        a name of `LOSSES`
    {focal: {gamma: 1.5}}                                with settings
    [cross_entropy, {dice: {weight: 0.5}}]               a sum; `weight` is the term's, whatever the loss
    {mask: [cross_entropy, dice], depth: huber}          one for each output, by name; their sum
    a function loss(outputs, target, mask=None)          from Python; of several outputs it gets the mappings

A mapping of one key that names a loss, to its settings, is that loss; any other key is the name of an output. A run
keeps names and settings. Of a function it keeps the qualified name, for people: nothing is ever imported by it, so that
such a run answers, but is resumed only with the function.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from torch import Tensor

from weftnet.base.settings import check_settings, known
from weftnet.base.typed import misfit
from weftnet.errors import SettingError
from weftnet.losses import LOSSES

LossFunction: TypeAlias = Callable[..., Tensor]
#: a name, {name: settings}, {output: loss}, a list of them, or a function
LossSpec: TypeAlias = str | Mapping[str, Any] | Sequence[Any] | LossFunction
#: a tensor, or several by name
Values: TypeAlias = Tensor | Mapping[str, Tensor]


@dataclass(frozen=True)
class Absent:
    """A function of which a run holds the name alone.

    Args:
        name: its qualified name.
    """

    name: str

    def __call__(self, outputs: Values, target: Values, mask: Values | None = None) -> Tensor:
        """Raises SettingError: it is not at hand."""
        what, fix = f"was trained with the function {self.name}, which a run doesn't hold", "pass it again: loss=…"
        raise SettingError(what, where="loss", expected="the function itself", got="its name", fix=fix)


@dataclass(frozen=True)
class Term:
    """One summand.

    Args:
        function: the loss.
        settings: its keyword arguments.
        weight: that it is multiplied by.
        output: which output and target it reads, by name; "" for the only one, or for a function all of them.
        named: whether it is an entry of `LOSSES`, which reads one output.
        masked: whether the function has an argument `mask`.
    """

    function: LossFunction
    settings: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 1.0
    output: str = ""
    named: bool = True
    masked: bool = True

    def __call__(self, outputs: Values, target: Values, mask: Values | None) -> Tensor:
        """Weight times loss."""
        y, t = self._chosen(outputs, "output"), self._chosen(target, "target")
        m = None if mask is None or (isinstance(mask, Mapping) and not mask) else self._chosen(mask, "mask")
        if m is not None and not self.masked:
            what, fix = "some of the targets don't count, and the function takes no mask", "add an argument mask"
            raise SettingError(what, where=self.where, fix=fix)
        loss = self.function(y, t, **self.settings) if m is None else self.function(y, t, mask=m, **self.settings)
        if not isinstance(loss, Tensor) or loss.dim():
            got = f"shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
            raise SettingError("a loss is one number", where=self.where, expected="a tensor of shape ()", got=got)
        return loss if self.weight == 1.0 else self.weight * loss

    @property
    def where(self) -> str:
        """For messages."""
        return f"loss {qualified(self.function)}"

    def _chosen(self, values: Values, what: str) -> Any:
        if isinstance(values, Tensor):
            if self.output:
                got = f"one {what} without a name"
                raise SettingError(f"there is no {what} called {self.output!r}", where=self.where, got=got)
            return values
        if not self.output:
            if len(values) == 1:
                return next(iter(values.values()))
            if self.named:
                fix, got = "name one loss for each: {output: loss}", ", ".join(values)
                raise SettingError(f"reads one {what}, and there are several", where=self.where, got=got, fix=fix)
            return values
        if what == "mask":  # where an output has no mask, all of it counts
            return values.get(self.output)
        if self.output not in values:
            got = ", ".join(values)
            raise SettingError(f"there is no {what} called {self.output!r}", where=self.where, got=got)
        return values[self.output]


@dataclass(frozen=True)
class Objective:
    """A sum of losses."""

    terms: tuple[Term, ...]

    def require(self) -> None:
        """Refuse a function of which only the name is there, by a SettingError."""
        for term in self.terms:
            if isinstance(term.function, Absent):
                term.function({}, {})

    def __call__(self, outputs: Values, target: Values, mask: Values | None = None) -> Tensor:
        """The sum, a tensor of one number.

        Args:
            outputs: of the network, alone or by name.
            target: likewise.
            mask: True where a target counts, alone or by the target's name; None where all of them do.

        Raises:
            SettingError: an output isn't there, a shape or a setting doesn't fit.
        """
        total, *rest = (term(outputs, target, mask) for term in self.terms)
        for loss in rest:
            total = total + loss
        return total


def objective(spec: LossSpec, where: str = "loss") -> Objective:
    """The objective that a person wrote.

    Raises:
        SettingError: a name, a setting or a weight can't be used. A function of which only the name is there raises it
            once it is called.
    """
    return Objective(tuple(_terms(spec, where, "")))


def as_json(spec: LossSpec | None) -> Any:
    """The spec as a run keeps it: functions by their qualified name, which no registry has.

    Returns:
        Plain data; a function is {"function": "module.name"}.
    """
    if callable(spec):
        return {"function": qualified(spec)}
    if isinstance(spec, Mapping):
        return {name: as_json(value) for name, value in spec.items()}
    return [as_json(each) for each in spec] if isinstance(spec, list | tuple) else spec


def qualified(function: LossFunction) -> str:
    """`my_project.losses.tilted`; of an entry of `LOSSES` its name."""
    module = getattr(function, "__module__", "")
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return name if module.startswith("weftnet.losses.") else f"{module}.{name}"


def _terms(spec: Any, where: str, output: str) -> Iterator[Term]:
    if callable(spec):
        yield Term(spec, output=output, named=False, masked="mask" in inspect.signature(spec).parameters)
    elif isinstance(spec, str):
        yield _term(spec, {}, where, output)
    elif isinstance(spec, list | tuple) and spec:
        for each in spec:
            yield from _terms(each, where, output)
    elif isinstance(spec, Mapping) and spec:
        for name, value in spec.items():
            yield from _entry(str(name), value, where, output, alone=len(spec) == 1)
    else:
        expected = "a name, {name: {settings}}, {output: loss}, a list of them, or a function"
        raise SettingError("is no loss", where=where, expected=expected, got=repr(spec)[:80])


def _entry(name: str, value: Any, where: str, output: str, alone: bool) -> Iterator[Term]:
    """The terms of `name: value` in a mapping: a loss with its settings, or the loss of an output."""
    if name == "function" and isinstance(value, str):
        yield Term(Absent(value), output=output, named=False)
        return
    if name in LOSSES and (value is None or isinstance(value, Mapping)) and alone:
        yield _term(name, value or {}, where, output)
        return
    if output or (alone and isinstance(value, Mapping) and not _is_loss(value)):
        known(LOSSES, name, where)  # a name that is misspelt, with its settings
    yield from _terms(value, f"{where}: {name}", name)


def _is_loss(value: Mapping[str, Any]) -> bool:
    return any(name in LOSSES or name == "function" for name in value)


def _term(name: str, settings: Mapping[str, Any], where: str, output: str) -> Term:
    known(LOSSES, name, where)
    function = LOSSES.get(name)
    own = {key: value for key, value in settings.items() if key != "weight"}
    check_settings(function, own, ("outputs", "target", "mask", "self"), f"{where}: {name}")
    parameters = inspect.signature(function).parameters
    for key, value in own.items():
        if wrong := misfit(value, parameters[key].annotation):
            raise SettingError(f"{key} can't be used", where=f"{where}: {name}", expected=wrong, got=repr(value))
    weight = settings.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < math.inf:
        expected, got = "a positive number", repr(weight)
        raise SettingError("weight can't be used", where=f"{where}: {name}", expected=expected, got=got)
    return Term(function, own, float(weight), output)
