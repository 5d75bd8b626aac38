"""Blocks with settings and inputs that suit them, drawn from their own schema: no block is named here.

Sizes of axes come from the kinds of axes a block reads, required settings from their types; its switches and choices
are each tried once.
"""

import itertools
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin

import torch
from torch import Tensor, nn

from weftnet.architecture.axes import Port, kind
from weftnet.architecture.schema import Schema, schema
from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Graph, Wire
from weftnet.blocks import BLOCKS
from weftnet.compose.flow import Resolved
from weftnet.compose.resolve import examine
from weftnet.compose.stepping import Stepping
from weftnet.contract._check import Broken
from weftnet.errors import SettingError

BATCH = 3
#: Sizes for the kinds of axes, tried in this order; all differ, so that no axis is taken for another.
_FEW = {"members": 7, "places": 10, "features": 13}
SIZES: tuple[dict[str, int], ...] = (
    {"time": 6, "dim": 32, "channels": 64, "height": 8, "width": 4, **_FEW},
    {"time": 480, "dim": 1, "channels": 64, "height": 8, "width": 4, **_FEW},
    {"time": 6, "dim": 32, "channels": 3, "height": 20, "width": 16, **_FEW},
)
#: Sizes of a second sequence (`time_memory`, `dim_memory`), or of a second list of places.
OTHER = {"time": 5, "dim": 24, "places": 9}
#: What to try for a required setting of a type.
GUESSES: dict[Any, tuple[Any, ...]] = {int: (2, 3, 7), list[int]: ([-1], [4, -1]), float: (0.5,), bool: (True,)}
VOCABULARY = 11
#: what is known of integers
_KNOWN = {"vocabulary": VOCABULARY, "alphabet": VOCABULARY}


@dataclass(frozen=True)
class Case:
    """A block with settings, and signals that it takes."""

    name: str
    settings: Mapping[str, Any]
    signals: Mapping[str, Signal]
    resolved: Resolved

    def module(self) -> nn.Module:
        torch.manual_seed(0)
        module: nn.Module = self.resolved.cls(**self.resolved.settings).double().eval()
        with torch.no_grad():
            for parameter in module.parameters():  # no block may hide behind a bias of zero
                parameter.add_(0.1 * torch.randn_like(parameter))
        return module

    def inputs(self) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(1)
        return {name: _values(signal, generator) for name, signal in self.signals.items()}

    def __str__(self) -> str:
        settings = ",".join(f"{key}={value}" for key, value in self.settings.items())
        return f"{self.name}({settings})"


def _values(signal: Signal, generator: torch.Generator) -> Tensor:
    if signal.dtype == "int":
        return torch.randint(VOCABULARY, signal.shape(BATCH), generator=generator)
    return torch.randn(signal.shape(BATCH), generator=generator, dtype=torch.float64)


def _signal(port: Port, sizes: Mapping[str, int], other: bool) -> Signal:
    """A signal for a port: `*batch` as one axis of time, `*shape` as an image's three."""
    axes: list[str] = []
    for axis in port.axes:
        if axis == "*batch":
            axes += [] if "int" not in port.dtypes and "dim" not in {kind(a) for a in port.axes} else ["time"]
        elif axis.startswith("*"):
            axes += ["channels", "height", "width"]
        elif kind(axis) != "batch":
            axes.append(kind(axis) or axis)
    second = {**sizes, **OTHER} if other else dict(sizes)
    shared = {axis for axis in axes if axis in port.axes}  # `dim`, not `dim_memory`: the same as in the first input
    chosen = tuple(sizes[axis] if axis in shared and axis in sizes else second[axis] for axis in axes)
    integers = port.dtypes == {"int"}
    return Signal(tuple(axes), chosen, "int" if integers else "float", _KNOWN if integers else {})


def _resolve(name: str, settings: Mapping[str, Any], signals: Mapping[str, Signal]) -> Resolved | None:
    graph = Graph(tuple(signals), {"y": Wire({key: key for key in signals}, Block(name, settings))}, ("y",))
    resolved, faults = examine(graph, signals)
    return None if faults or resolved is None else resolved.children["y"]


def smallest(name: str) -> Case:
    """The block with as few settings as it allows.

    Raises:
        Broken: it takes none of the signals and settings that its schema suggests.
    """
    cls: Any = BLOCKS.get(name)
    return _smallest(name, cls)


@lru_cache(maxsize=256)
def _smallest(name: str, cls: Any) -> Case:
    form: Schema = schema(cls)
    needed = [each for each in form.settings.values() if each.required and each.name not in form.filled]
    types = [(each.annotation, *get_args(each.annotation)) for each in needed]
    choices = [next((GUESSES[each] for each in options if each in GUESSES), ()) for options in types]
    for sizes in SIZES:
        signals = {port.name: _signal(port, sizes, other=i > 0) for i, port in enumerate(form.required)}
        for values in itertools.product(*choices):
            settings = {each.name: value for each, value in zip(needed, values, strict=True)}
            if resolved := _resolve(name, settings, signals):
                return Case(name, settings, signals, resolved)
    read = ", ".join(f"{port.name} ({' '.join(port.axes)})" for port in form.required)
    what = f"none of the usual signals and settings fit: {', '.join(each.name for each in needed) or 'no settings'}"
    raise Broken(what, got=f"it reads {read}", fix="annotate forward with jaxtyping, give settings defaults")


def variants(name: str) -> tuple[Case, ...]:
    """The smallest case, and each switch turned and each choice made in it.

    Raises:
        Broken: it refuses one of them, or there is no smallest case.
    """
    cls: Any = BLOCKS.get(name)
    return _variants(name, cls)


@lru_cache(maxsize=256)
def _variants(name: str, cls: Any) -> tuple[Case, ...]:
    base = smallest(name)
    cases = [base]
    for setting in schema(cls).settings.values():
        for value in _alternatives(setting.annotation, setting.default):
            settings = {**base.settings, setting.name: value}
            resolved = _resolve(name, settings, base.signals)
            if resolved is None:
                what = f"it refuses {setting.name}={value!r}, which its own annotation allows"
                raise Broken(what, fix="narrow the annotation, or accept the value")
            cases.append(Case(name, settings, base.signals, resolved))
    return tuple(cases)


def _alternatives(annotation: Any, default: Any) -> list[Any]:
    if annotation is bool:
        return [not default]
    options = [annotation, *get_args(annotation)]
    values = [value for option in options if get_origin(option) is Literal for value in get_args(option)]
    return [value for value in values if value != default]


def steppable(case: Case) -> tuple[Case, Stepping, object] | None:
    """The case on a sequence, if it can work step by step there."""
    for signal in (Signal(("time", "dim"), (6, 32)), Signal(("time",), (6,), "int", {"vocabulary": VOCABULARY})):
        if len(case.signals) == 1 and (resolved := _resolve(case.name, case.settings, {"x": signal})):
            found, stepping = Case(case.name, case.settings, {"x": signal}, resolved), Stepping(resolved)
            with suppress(SettingError):
                return found, stepping, stepping.initial_state(found.module(), BATCH, 6)
    return None
