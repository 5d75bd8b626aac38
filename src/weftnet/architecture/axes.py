"""Signals and axes: which of a signal's axes a block's axis stands for, what does not fit, what the output is called.

An axis is written `kind` or `kind_more` (`dim_in`, `time_out`, `channels_in`): the kind must be that of the signal's
axis, so that a sequence (batch, time, dim) is never taken for an image without its width. An axis of another name
matches any kind, `*axes` any number of axes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from weftnet.architecture.signal import AXES, KINDS, Signal

#: dtype → what its values are, as people say it
VALUES = {"float": "numbers", "int": "tokens", "bool": "true or false"}


@dataclass(frozen=True)
class Port:
    """One argument of `forward`: its name, its axes with the batch, what dtypes it takes."""

    name: str
    axes: tuple[str, ...]
    dtypes: frozenset[str]
    optional: bool

    def __str__(self) -> str:
        axes = ", ".join(axis.removeprefix("*") + "…" if axis.startswith("*") else axis for axis in self.axes)
        return f"{self.name}: {' or '.join(VALUES[dtype] for dtype in sorted(self.dtypes))} ({axes})"


def kind(axis: str) -> str:
    """`dim_in` → dim; a name that is no standard axis has no kind."""
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
    wants = " or ".join(_a(name) for name in kinds) or f"the axes ({', '.join(port.axes)})"
    return f"reads {wants}, not {_a(signal.kind) if signal.kind in KINDS else 'the axes ' + signal.kind}"


def _a(kind: str) -> str:
    return {"image": "an image", "tokens": "tokens"}.get(kind, f"a {kind}")


def clash(bound: Mapping[str, tuple[Port, Signal]]) -> str:
    """Why signals that fit one by one don't go together: an axis both name has two sizes. Empty if they do."""
    sizes: dict[str, tuple[str, int]] = {}
    for name, (port, signal) in bound.items():
        for axis, got in (bind(port.axes, signal) or {}).items():
            if len(got) != 1 or axis.startswith("*") or not kind(axis) or axis == "batch":
                continue
            first, size = sizes.setdefault(axis, (name, got[0][1]))
            if size != got[0][1]:
                return f"{first} and {name} need the same {axis}, and have {size} and {got[0][1]}"
    return ""


def bind(axes: tuple[str, ...], signal: Signal) -> dict[str, tuple[tuple[str, int], ...]] | None:
    """Axis name → the signal's (axis, size) it stands for, the batch left out; None if they don't match."""
    have: list[tuple[str, int]] = [("batch", 0), *zip(signal.axes, signal.sizes, strict=True)]
    star = next((i for i, axis in enumerate(axes) if axis.startswith("*")), None)
    if star is None:
        if len(axes) != len(have):
            return None
        pairs: list[tuple[str, tuple[tuple[str, int], ...]]] = [
            (axis, (got,)) for axis, got in zip(axes, have, strict=True)
        ]
    else:
        after = len(axes) - star - 1
        if len(have) < star + after:
            return None
        pairs = [(axis, (got,)) for axis, got in zip(axes[:star], have[:star], strict=True)]
        pairs.append((axes[star], tuple(have[star : len(have) - after])))
        tail = have[len(have) - after :]
        pairs += [(axis, (got,)) for axis, got in zip(axes[star + 1 :], tail, strict=True)]
    for axis, got in pairs:
        if not axis.startswith("*") and not _fits(axis, *got[0]):
            return None
    return dict(pairs)


def _fits(axis: str, name: str, size: int) -> bool:
    if axis.isdecimal():
        return name != "batch" and int(axis) == size
    return not kind(axis) or not kind(name) or kind(axis) == kind(name)


def output_axes(gives: tuple[str, ...], bound: Mapping[str, tuple[tuple[str, int], ...]], rank: int) -> tuple[str, ...]:
    """Names of the output's axes after the batch, of which there are `rank`.

    A standard name is its own, one that is read too is the incoming axis', any other is named by its place.
    """
    names: list[str] = []
    usual = _BY_RANK.get(rank, tuple(f"axis{i}" for i in range(rank)))
    for axis in gives:
        if axis in bound:
            names.extend(name for name, _ in bound[axis])
        elif axis.startswith("*"):
            names.extend(usual)
        else:
            by_place = usual[len(names) - 1] if 0 < len(names) <= rank else axis
            names.append(kind(axis) or (by_place if by_place not in names else axis))
    return tuple(names[1:]) if names[:1] == ["batch"] else tuple(names)


_BY_RANK = {0: (), 1: ("dim",), 2: ("time", "dim"), 3: ("channels", "height", "width")}
