"""Matching signals with axes: which axis of a signal a block's axis stands for, mismatches, names of output axes.

A block names an axis `kind` or `kind_suffix` (`dim_in`, `time_out`, `channels_in`): the kind must be that of the
signal's axis, so that a sequence (batch, time, dim) is never mistaken for an image without its width. An axis of any
other name matches every kind, `*axes` any number of axes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from weftnet.architecture.signal import AXES, KINDS, Signal

#: dtype → what messages call its values
VALUES = {"float": "numbers", "int": "tokens", "bool": "true or false"}


@dataclass(frozen=True)
class Port:
    """One argument of `forward`: its name, its axes with the batch, the dtypes it accepts."""

    name: str
    axes: tuple[str, ...]
    dtypes: frozenset[str]
    optional: bool

    def __str__(self) -> str:
        axes = ", ".join(axis.removeprefix("*") + "…" if axis.startswith("*") else axis for axis in self.axes)
        return f"{self.name}: {' or '.join(VALUES[dtype] for dtype in sorted(self.dtypes))} ({axes})"


def kind(axis: str) -> str:
    """`dim_in` → dim; empty for a name that is not a standard axis."""
    base = axis.split("_")[0]
    return base if base in AXES else ""


def mismatch(port: Port, signal: Signal) -> str:
    """Why a signal does not fit a port, empty if it does."""
    if signal.dtype not in port.dtypes:
        return f"reads {' or '.join(VALUES[dtype] for dtype in sorted(port.dtypes))}, not {VALUES[signal.dtype]}"
    if bind(port.axes, signal) is not None:
        return ""
    kinds = [
        name
        for name, (axes, dtype) in KINDS.items()
        if name != "wave"
        and dtype in port.dtypes
        and bind(port.axes, Signal(axes, (1,) * len(axes), dtype)) is not None
    ]
    if len(port.axes) == len(signal.sizes) + 1 and (other := _other_sizes(port.axes[1:], signal)):
        return other
    wanted = " or ".join(_a(name) for name in kinds) or f"the axes ({', '.join(port.axes)})"
    return f"reads {wanted}, not {_a(signal.kind) if signal.kind in KINDS else 'the axes ' + signal.kind}"


def _other_sizes(axes: tuple[str, ...], signal: Signal) -> str:
    """Which of the sizes that a port demands the signal has not, if that is all that differs."""
    pairs = list(zip(axes, signal.axes, signal.sizes, strict=True))
    wrong = [each for each in pairs if each[0].isdecimal() and int(each[0]) != each[2]]
    free = tuple(name if axis.isdecimal() else axis for axis, name, _ in pairs)
    if not wrong or bind(("batch", *free), signal) is None:
        return ""
    return "reads " + " and ".join(f"{name} {axis}, not {size}" for axis, name, size in wrong)


def _a(kind: str) -> str:
    return {"image": "an image", "tokens": "tokens"}.get(kind, f"a {kind}")


def clash(bound: Mapping[str, tuple[Port, Signal]]) -> str:
    """Why signals that fit separately do not fit together: an axis has two sizes. Empty if they do."""
    sizes: dict[str, tuple[str, int]] = {}
    for name, (port, signal) in bound.items():
        for axis, matched in (bind(port.axes, signal) or {}).items():
            if len(matched) != 1 or axis.startswith("*") or not kind(axis) or axis == "batch":
                continue
            first, size = sizes.setdefault(axis, (name, matched[0][1]))
            if size != matched[0][1]:
                return f"{first} and {name} need the same {axis}, but have {size} and {matched[0][1]}"
    return ""


def bind(axes: tuple[str, ...], signal: Signal) -> dict[str, tuple[tuple[str, int], ...]] | None:
    """Axis name → the (axis, size) of the signal that it stands for; None if they do not match."""
    actual: list[tuple[str, int]] = [("batch", 0), *zip(signal.axes, signal.sizes, strict=True)]
    star = next((i for i, axis in enumerate(axes) if axis.startswith("*")), None)
    if star is None:
        if len(axes) != len(actual):
            return None
        pairs: list[tuple[str, tuple[tuple[str, int], ...]]] = [
            (axis, (each,)) for axis, each in zip(axes, actual, strict=True)
        ]
    else:
        after = len(axes) - star - 1
        if len(actual) < star + after:
            return None
        pairs = [(axis, (each,)) for axis, each in zip(axes[:star], actual[:star], strict=True)]
        pairs.append((axes[star], tuple(actual[star : len(actual) - after])))
        tail = actual[len(actual) - after :]
        pairs += [(axis, (each,)) for axis, each in zip(axes[star + 1 :], tail, strict=True)]
    for axis, matched in pairs:
        if not axis.startswith("*") and not _fits(axis, *matched[0]):
            return None
    return dict(pairs)


def _fits(axis: str, name: str, size: int) -> bool:
    if axis.isdecimal():
        return name != "batch" and int(axis) == size
    return not kind(axis) or not kind(name) or kind(axis) == kind(name)


def output_axes(gives: tuple[str, ...], bound: Mapping[str, tuple[tuple[str, int], ...]], rank: int) -> tuple[str, ...]:
    """Names of the output's axes after the batch, of which there are `rank`.

    An axis that is also read keeps the name of the signal's axis, a standard one has its kind, others go by position.
    """
    names: list[str] = []
    by_rank = _BY_RANK.get(rank, tuple(f"axis{i}" for i in range(rank)))
    for axis in gives:
        if axis in bound:
            names.extend(name for name, _ in bound[axis])
        elif axis.startswith("*"):
            names.extend(by_rank)
        else:
            by_position = by_rank[len(names) - 1] if 0 < len(names) <= rank else axis
            names.append(kind(axis) or (by_position if by_position not in names else axis))
    return tuple(names[1:]) if names[:1] == ["batch"] else tuple(names)


_BY_RANK = {
    0: (),
    1: ("dim",),
    2: ("time", "dim"),
    3: ("channels", "height", "width"),
    4: ("time", "channels", "height", "width"),
}
