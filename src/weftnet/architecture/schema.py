"""A block's schema, read from its signatures: the axes `forward` reads and gives, and the settings of `__init__`.

This is the only module that reads jaxtyping's annotations; `axes.py` matches axes with signals.
A constructor argument that is also an input axis, or a fact that signals carry (`vocabulary`), is filled in by the
builder. A block without annotations reads any axes and gives what a trial run gives; of its arguments, those in `SIZES`
are filled in.
"""

import inspect
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypeAlias

from pydantic import ConfigDict, TypeAdapter, ValidationError
from torch import nn

from weftnet.architecture.axes import Port, bind, kind
from weftnet.architecture.signal import Dtype, Signal
from weftnet.errors import SettingError

MaskFate: TypeAlias = Literal["keeps", "moves", "drops"]
FACTS = ("vocabulary", "alphabet", "classes")
#: arguments of a block without annotations → the input's axis whose size they are
SIZES: Mapping[str, str] = {
    "dim_in": "dim", "in_features": "dim", "input_size": "dim", "channels_in": "channels", "in_channels": "channels",
}  # fmt: skip
#: what such a block reads and gives
_READS, _GIVES = ("batch", "*axes"), ("batch", "*out")
_DTYPES: dict[str, Dtype] = {"float": "float", "bfloat": "float", "int": "int", "uint": "int", "bool": "bool"}


@dataclass(frozen=True)
class Setting:
    """One argument of `__init__`."""

    name: str
    annotation: Any
    default: Any
    required: bool

    def check(self, value: Any) -> Any:
        """The value as the annotation's type; a list becomes a tuple where the annotation says so.

        Raises:
            ValidationError: pydantic's, if the value is not of that type.
        """
        adapter = _adapter(self.annotation)
        try:
            return adapter.validate_python(value)
        except ValidationError:
            if isinstance(value, list):  # YAML knows no tuples
                return adapter.validate_python(tuple(value))
            raise

    @property
    def type_name(self) -> str:
        """The annotation in words: `same | valid | a whole number`."""
        return " | ".join(dict.fromkeys(_words(self.annotation)))

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that a Literal in the annotation allows."""
        return tuple(word for word in _words(self.annotation) if word not in _WORDS.values())


_WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a string",
    type(None): "null",
    Any: "anything",
}


def _words(annotation: Any) -> list[str]:
    inner = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return [str(choice) for choice in inner]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [word for one in inner for word in _words(one)]
    if typing.get_origin(annotation) in (list, tuple, Sequence):
        items = dict.fromkeys(word.removeprefix("a ") + "s" for one in inner if one is not ... for word in _words(one))
        return ["a list of " + " or ".join(items)]
    return [_WORDS.get(annotation, str(getattr(annotation, "__name__", annotation)))]


@dataclass(frozen=True)
class Schema:
    """What a block reads, what it gives, and its settings.

    Args:
        cls: the module's class.
        reads: the arguments of `forward` in their order, without the masks.
        masks: names of the arguments that are masks.
        gives: axes of the output, with the batch; of several the first one's.
        settings: the constructor's arguments.
        filled: those that the builder fills in.
        others: axes of further outputs, by name.
        losses: names of further outputs without any axis: auxiliary losses.
    """

    cls: type[nn.Module]
    reads: tuple[Port, ...]
    masks: frozenset[str]
    gives: tuple[str, ...]
    settings: Mapping[str, Setting]
    filled: frozenset[str]
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    losses: tuple[str, ...] = ()

    @property
    def several(self) -> bool:
        """Whether `forward` returns a named tuple."""
        return bool(self.others or self.losses)

    @property
    def plain(self) -> bool:
        """Whether only a trial run tells what it gives."""
        return self.gives == _GIVES

    @property
    def moves_time(self) -> bool:
        """Whether the output's time axis is not the input's, so that `next_mask` says how a mask changes."""
        return any(kind(axis) == "time" and axis not in self.reads[0].axes for axis in self.gives)

    def mask_of(self, name: str) -> str:
        """The name of a value's mask, whether or not `forward` reads it: `mask` for the first, else `NAME_mask`."""
        return "mask" if name == self.reads[0].name else f"{name}_mask"

    def fate(self, signal: Signal, sizes: Sequence[int]) -> MaskFate:
        """What becomes of the first value's mask: the output has the same time axis, another, or none.

        Args:
            signal: the first value's.
            sizes: of the output, after the batch; they decide where nothing is declared.
        """
        if self.plain:
            timed = signal.axes[:1] == ("time",) and len(sizes) == len(signal.axes)
            return "keeps" if timed and sizes[0] == signal.sizes[0] else "drops"
        if self.moves_time:
            return "moves"
        bound = bind(self.reads[0].axes, signal) or {}
        kept = any(("time", size) in bound.get(axis, ()) for axis in self.gives for _, size in bound.get(axis, ()))
        return "keeps" if kept else "drops"

    @property
    def required(self) -> tuple[Port, ...]:
        """The arguments without which `forward` cannot run."""
        return tuple(port for port in self.reads if not port.optional)


def schema(cls: type[nn.Module]) -> Schema:
    """Read the schema of a block from its signatures.

    Raises:
        SettingError: the class cannot be a block; says which annotation is missing.
    """
    if cls not in _SCHEMAS:
        _SCHEMAS[cls] = _schema(cls)
    return _SCHEMAS[cls]


_SCHEMAS: dict[type[nn.Module], Schema] = {}


def _schema(cls: type[nn.Module]) -> Schema:
    where = f"{cls.__module__}.{cls.__name__}"
    ports, masks = [], set()
    forward = inspect.signature(cls.forward)
    for parameter in list(forward.parameters.values())[1:]:
        array, optional = _array(parameter.annotation)
        if "mask" in parameter.name.split("_"):
            masks.add(parameter.name)
            continue
        optional = optional or parameter.default is not inspect.Parameter.empty
        axes = _READS if array is None else tuple(array.dim_str.split())
        ports.append(Port(parameter.name, axes, _dtypes(array), optional))
    if not ports:
        raise SettingError("forward has no inputs", where=where, expected="an argument for a tensor")
    output, *others = _outputs(forward.return_annotation, where)
    settings = _settings(cls, where)
    known = {axis for port in ports for axis in port.axes} | {*FACTS}
    if any(port.axes == _READS for port in ports):
        known |= {*SIZES}
    gives = _GIVES if output[1] is None else output[1]
    further = {name: axes for name, axes in others if axes}
    losses = tuple(name for name, axes in others if not axes)
    filled = frozenset(known & {*settings})
    return Schema(cls, tuple(ports), frozenset(masks), gives, settings, filled, further, losses)


def _outputs(annotation: Any, where: str) -> list[tuple[str, tuple[str, ...] | None]]:
    """Name and axes of every output: a named tuple has several, each with axes of its own; None where not annotated."""
    if not (isinstance(annotation, type) and issubclass(annotation, tuple) and hasattr(annotation, "_fields")):
        array, _ = _array(annotation)
        return [("y", None if array is None else tuple(array.dim_str.split()))]
    outputs: list[tuple[str, tuple[str, ...] | None]] = []
    for name, hint in typing.get_type_hints(annotation).items():
        array, _ = _array(hint)
        if array is None or not (outputs or array.dim_str):
            what = f"the output {name!r} of forward has no axes"
            expected = 'a jaxtyping annotation; Float[Tensor, ""] is an auxiliary loss, which can\'t come first'
            raise SettingError(what, where=where, expected=expected)
        outputs.append((name, tuple(array.dim_str.split())))
    return outputs


def _settings(cls: type[nn.Module], where: str) -> dict[str, Setting]:
    settings = {}
    for parameter in list(inspect.signature(cls.__init__).parameters.values())[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            if cls.__init__ is nn.Module.__init__:
                return {}
            raise SettingError(f"the constructor takes *{parameter.name}", where=where, expected="named arguments")
        empty = parameter.default is parameter.empty
        annotation = Any if parameter.annotation is parameter.empty else parameter.annotation
        settings[parameter.name] = Setting(parameter.name, annotation, None if empty else parameter.default, empty)
    return settings


def _array(annotation: Any) -> tuple[Any, bool]:
    """The jaxtyping class in an annotation, and whether None is allowed as well."""
    if hasattr(annotation, "dim_str"):
        return annotation, False
    for argument in typing.get_args(annotation):
        if hasattr(argument, "dim_str"):
            return argument, True
    return None, False


def _dtypes(array: Any) -> frozenset[str]:
    if array is None or not isinstance(array.dtypes, list | tuple):
        return frozenset({"float", "int", "bool"})
    names = {_DTYPES.get(dtype.rstrip("0123456789_efmnuz"), "") for dtype in array.dtypes}
    return frozenset(names - {""})


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    """Strict, so that "32" is not accepted for 32 nor true for 1; a whole number is accepted for a float."""
    return TypeAdapter(annotation, config=ConfigDict(strict=True, arbitrary_types_allowed=True))
