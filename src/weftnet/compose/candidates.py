"""Edits that may fix a block which rejects its settings or its input, the most natural first.

For an invalid setting, another value; for an unsuitable signal, the block's sibling for that kind (`conv1d` for
`conv2d`) or an adapter before it; removal where the block would only repeat what has been done.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import torch

from weftnet.architecture.axes import kind, mismatch
from weftnet.architecture.faults import Edit
from weftnet.architecture.schema import Schema, Setting, schema
from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Each, Node
from weftnet.base.units import amount
from weftnet.blocks import BLOCKS
from weftnet.compose.adapt import WIDTH, adapters, rounder, to_width
from weftnet.compose.first_run import few_layers
from weftnet.compose.flow import Flow, Path

TRIES = 64  # values of one setting that are tried
MAX_FOLDED = 10**9  # values of an example above which its divisors are not searched for
_WIDTHS_TRIED = 4  # of a block's own
MAX_AXES = 5  # of a shape that is searched for
WIDTHS = ("dim", "channels")  # a sibling may use the other name for its width


def candidates(node: Block, flows: Mapping[str, Flow | None], spec: Path, what: str) -> Iterator[Edit]:
    """The edits, none of them tried yet."""
    form = schema(BLOCKS.get(node.name))
    flow = next(iter(flows.values()))
    if flow is None:
        return
    fits = not mismatch(form.reads[0], flow.signal)
    if not fits and _done(form, flow.signal):
        yield Edit(spec, "remove")
    if fits:
        yield from _settings(node, form, spec, what, flow.signal)
    if len(flows) == 1:
        yield from (Edit(spec, "before", [each], adds=adds) for each, adds in _to_size(node, form, flow.signal))
    yield from _siblings(node, form, flow.signal, spec)
    if len(flows) > 1:
        return
    if fits:
        yield from (Edit(spec, "before", [wider]) for wider in rounder(flow.signal))
    elif flow.signal.axes[:1] == ("time",) and len(flow.signal.axes) > 2:
        yield Edit(spec, "replace", [Each(node)])
    for nodes in adapters(flow.signal, BLOCKS.family(node.name)):
        yield Edit(spec, "before", list(nodes))
    if flow.signal.dtype not in form.reads[0].dtypes:
        yield Edit(spec, "rename", "dense")


def _to_size(node: Block, form: Schema, signal: Signal) -> Iterator[tuple[Node, str]]:
    """Projections to the width that a block demands: by its annotation, or as its own weights have it."""
    if signal.dtype != "float" or signal.kind not in ("vector", "series", "image"):
        return
    place = 0 if signal.kind == "image" else -1
    axes = form.reads[0].axes[1:]
    wanted = [int(axes[place])] if len(axes) == len(signal.sizes) and axes[place].isdecimal() else []
    for width in wanted or _own_widths(node, form):
        if width != signal.sizes[place]:
            have, steps = signal.sizes[place], signal.numel // signal.sizes[place]
            cost = f"{amount((have + 1) * width)} parameters and {amount(2 * have * width * steps)} FLOPs"
            yield to_width(signal, width), cost


def _own_widths(node: Block, form: Schema) -> list[int]:
    """What the first matrices of a block multiply by, if it makes them without knowing its input."""
    if form.filled:
        return []
    try:
        with torch.device("meta"), few_layers():
            module = form.cls(**node.settings)
    except Exception:  # whatever a constructor raises: it is told elsewhere
        return []
    widths = (weight.shape[1] for weight in module.parameters() if weight.ndim > 1)
    return list(dict.fromkeys(widths))[:_WIDTHS_TRIED]


def _done(form: Schema, signal: Signal) -> bool:
    """Whether the input already has the kind that the block produces."""
    needs_nothing = all(not setting.required or name in form.filled for name, setting in form.settings.items())
    return needs_nothing and tuple(kind(axis) for axis in form.gives[1:]) == signal.axes and signal.dtype == "float"


def _settings(node: Block, form: Schema, spec: Path, what: str, signal: Signal) -> Iterator[Edit]:
    """Other values of settings: first those that the message names, the nearest value first."""
    names = [key for key in form.settings if key not in form.filled]
    if {"height", "width"} <= set(names) and "time" in signal.axes:
        yield from (Edit(spec, "set", {"height": h, "width": w}) for h, w in foldings(signal.size("time"), 2))
    names.sort(key=lambda key: (not re.search(rf"\b{key}\b", what), key not in node.settings))
    for key in names:
        if key == "padding" and key not in node.settings:
            continue  # padding an input that is too small does not help
        setting = form.settings[key]
        value = node.settings.get(key, setting.default)
        for other in _values(key, value, setting, signal):
            yield Edit(spec, "set", {key: other})


def _values(key: str, value: Any, setting: Setting, signal: Signal) -> Iterator[Any]:
    """Other values of the same type; None, the default, comes last."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, float):
        yield from (other for other in (abs(value), abs(value) / 100) if other != value)
    elif isinstance(value, int):
        if value < 1:
            yield from (other for other in (-value, WIDTH if setting.required else 1) if other > 0)
        below = range(value - 1, max(0, value - TRIES), -1)
        near = sorted([*below, *range(max(value + 1, 1), value + 9)], key=lambda v: (abs(v - value), v))
        far = (v for v in (1, 2, 3, 4, 8) if v < value - TRIES)
        yield from (v for v in (*near, *far) if key != "size" or v > 1)  # a pool of size one does nothing
    elif isinstance(value, list | tuple) and value and all(isinstance(item, int) for item in value):
        yield from (list(value[:length]) for length in (2, 1) if length < len(value))
        yield from ([min(item, size) for item in value] for size in _below(max(value), signal.sizes))
        yield from sorted(foldings(signal.numel, len(value)), key=lambda shape: _distance(shape, value))
    if not setting.required and value != setting.default:
        yield None


def _below(value: int, sizes: Sequence[int]) -> list[int]:
    """Smaller values, the nearest first; far below only the input's sizes and the smallest ones."""
    near, far = range(value - 1, max(0, value - TRIES), -1), {1, 2, 3, 4, 8, *sizes}
    return [*near, *sorted((size for size in far if size <= value - TRIES), reverse=True)]


def _distance(shape: Sequence[int], other: Sequence[int]) -> int:
    return sum(abs(a - b) for a, b in zip(shape, other, strict=True))


def foldings(size: int, axes: int) -> list[list[int]]:
    """Shapes with this many values and axes, the most even first."""
    if axes == 1:
        return [[size]]
    if size > MAX_FOLDED or axes > MAX_AXES:
        return []
    small = [d for d in range(1, math.isqrt(size) + 1) if size % d == 0]
    firsts = dict.fromkeys([*small, *(size // d for d in small)])
    ways = ([first, *rest] for first in firsts for rest in foldings(size // first, axes - 1))
    return sorted(islice(ways, 10 * TRIES), key=lambda way: max(way) - min(way))


def _siblings(node: Block, form: Schema, signal: Signal, spec: Path) -> Iterator[Edit]:
    """The same block for other signals (conv1d for conv2d), or a block of the family that reads one signal."""
    stem = node.name.removesuffix("1d").removesuffix("2d")
    for other in (stem, stem + "1d", stem + "2d"):
        if other in BLOCKS and other != node.name:
            same = _as(node, other)
            before: list[Node] = [Block("embedding", {"dim": WIDTH})] if signal.dtype == "int" else []
            plain = same.settings == node.settings and not before
            yield Edit(spec, "rename", other) if plain else Edit(spec, "replace", [*before, same])
    if len(form.required) > 1:
        family = [other for other in BLOCKS.names() if BLOCKS.family(other) == BLOCKS.family(node.name)]
        for other in sorted(family, key=lambda name: name != getattr(form.cls, "alike", "")):
            if other != node.name:
                yield Edit(spec, "rename", other)


def _as(node: Block, other: str) -> Block:
    """The block under another name, with the width setting of that block."""
    known = schema(BLOCKS.get(other)).settings
    settings = {}
    for key, value in node.settings.items():
        name = next((w for w in WIDTHS if w in known), key) if key in WIDTHS and key not in known else key
        if name in known:
            settings[name] = value[0] if isinstance(value, list) and other.endswith("1d") else value
    return Block(other, settings, node.label)
