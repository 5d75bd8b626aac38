"""The elements of a drawing: boxes, frames, edges, and the layers of a graph."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from weftnet.architecture.signal import Signal

#: height of the edge between two boxes
GAP = 30.0
_PAD = 14.0
Sources = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Box:
    """A drawing with its corner at (0, 0); signals enter at (axis, 0) and leave at (axis, height)."""

    width: float
    height: float
    axis: float
    svg: str


def text_width(text: str, size: int) -> float:
    """The approximate width of a text, rounded up because fonts differ."""
    return len(text) * size * 0.58


def brief(signal: Signal) -> str:
    """A signal's kind and sizes, short enough for an edge."""
    return f"{signal.kind if not signal.kind.startswith('[') else signal.dtype} {'×'.join(map(str, signal.sizes))}"


def placed(box: Box, x: float, y: float) -> str:
    """The box at a position."""
    return f'<g transform="translate({x:.1f} {y:.1f})">{box.svg}</g>'


def pill(text: str) -> Box:
    """A rounded box of one line: an input or an output."""
    width = text_width(text, 13) + 28
    svg = (
        f'<rect class="pill" width="{width:.1f}" height="28" rx="14"/>'
        f'<text class="mid" x="{width / 2:.1f}" y="18.5">{escape(text)}</text>'
    )
    return Box(width, 28, width / 2, svg)


def knot(text: str) -> Box:
    """The place where signals join, labelled + or with the merge."""
    width = max(text_width(text, 11) + 18, 22.0)
    svg = (
        f'<rect class="pill" width="{width:.1f}" height="22" rx="11"/>'
        f'<text class="soft mid" x="{width / 2:.1f}" y="15">{escape(text)}</text>'
    )
    return Box(width, 22, width / 2, svg)


def frame(box: Box, label: str) -> Box:
    """A box with a dashed line around it and a label in its corner."""
    room = text_width(label, 11) + 16
    left = max(_PAD, room - box.axis + 8)  # so that the axis does not cross the label
    width, height = left + box.width + _PAD, box.height + 2 * _PAD + 10
    axis, top = left + box.axis, _PAD + 10
    svg = (
        f'<rect class="frame" width="{width:.1f}" height="{height:.1f}" rx="10"/>'
        f'<text class="soft" x="10" y="16">{escape(label)}</text>'
        f'<path class="line" d="M{axis:.1f} 0V{top:.1f}M{axis:.1f} {top + box.height:.1f}V{height:.1f}"/>'
        f"{placed(box, left, top)}"
    )
    return Box(width, height, axis, svg)


def line(x: float, y: float, to_x: float, to_y: float, label: str = "", *, arrow: bool = True) -> str:
    """A downward edge, straight or curved, with its label halfway."""
    bend = (y + to_y) / 2
    curve = (
        f"V{to_y:.1f}" if abs(x - to_x) < 0.1 else f"C{x:.1f} {bend:.1f} {to_x:.1f} {bend:.1f} {to_x:.1f} {to_y:.1f}"
    )
    head = ' marker-end="url(#weftnet-head)"' if arrow else ""
    svg = f'<path class="line"{head} d="M{x:.1f} {y:.1f}{curve}"/>'
    return svg + _beside(label, to_x, bend + 10)


def layers(boxes: Mapping[str, Box], sources: Sources) -> tuple[list[list[str]], dict[tuple[str, str], list[str]]]:
    """The rows of a graph, and each edge's way down through the rows it crosses.

    A node is one row below the lowest of its sources; an edge over several rows has a slot in each, so that no box
    covers it. Within a row, nodes are ordered by the mean position of their sources (K. Sugiyama et al., 1981).
    """
    depth: dict[str, int] = {}
    for name in boxes:
        depth[name] = 1 + max((depth[source] for source in sources[name]), default=-1)
    last = max(depth.values())
    depth |= {name: last for name in boxes if name.startswith("→ ")}
    rows: list[list[str]] = [[] for _ in range(last + 1)]
    above: dict[str, list[str]] = {}
    ways: dict[tuple[str, str], list[str]] = {}
    for name in boxes:
        rows[depth[name]].append(name)
        above.setdefault(name, [])
        for source in sources[name]:
            way = [f"{source} ↓ {name} ↓ {row}" for row in range(depth[source] + 1, depth[name])]
            for row, place in enumerate(way, depth[source] + 1):
                rows[row].append(place)
            for upper, lower in zip([source, *way], [*way, name], strict=True):
                above.setdefault(lower, []).append(upper)
            ways[source, name] = way
    for higher, line_up in pairwise(rows):
        at = {name: i / max(len(higher) - 1, 1) for i, name in enumerate(higher)}
        means = {name: sum(at.get(s, 0.5) for s in above[name]) / max(len(above[name]), 1) for name in line_up}
        line_up.sort(key=means.__getitem__)
    return rows, ways


def group(
    rows: list[list[str]],
    ways: Mapping[tuple[str, str], list[str]],
    boxes: Mapping[str, Box],
    sources: Sources,
    shapes: Mapping[str, str],
) -> Box:
    """A graph's rows below each other, edges under the boxes; a source's shape is written where its edges leave."""
    room = {name: max(box.width, box.axis + text_width(shapes.get(name, ""), 11) + 10) for name, box in boxes.items()}
    widths = [sum(room.get(name, 20.0) for name in row) + 26 * (len(row) - 1) for row in rows]
    width, y = max(widths), 0.0
    top: dict[str, tuple[float, float]] = {}
    floor: dict[str, float] = {}
    over, under = [], []
    for row, wide in zip(rows, widths, strict=True):
        x = (width - wide) / 2
        tall = max(boxes[name].height if name in boxes else 0.0 for name in row)
        for name in row:
            box = boxes.get(name)
            axis = x + (box.axis if box else 10.0)
            top[name], floor[name] = (axis, y), y + tall + 20
            if box is not None:
                over.append(placed(box, x, y))
                if y < _last(rows, boxes):
                    leaving = f"M{axis:.1f} {y + box.height:.1f}V{floor[name]:.1f}"
                    under.append(
                        f'<path class="line" d="{leaving}"/>' + _beside(shapes.get(name, ""), axis, floor[name])
                    )
            x += room.get(name, 20.0) + 26
        y += tall + 66
    for name in boxes:
        under.extend(_incoming(name, sources, ways, top, floor))
    return Box(width, y - 66, width / 2, "".join([*under, *over]))


def _last(rows: list[list[str]], boxes: Mapping[str, Box]) -> float:
    """Where the last row starts."""
    return sum(max((boxes[name].height for name in row if name in boxes), default=0.0) + 66 for row in rows[:-1])


def _incoming(
    name: str,
    sources: Sources,
    ways: Mapping[tuple[str, str], list[str]],
    top: Mapping[str, tuple[float, float]],
    floor: Mapping[str, float],
) -> list[str]:
    """The edges into a node, side by side at its top, labelled with the arguments they are for."""
    last = {source: ([source, *ways[source, name]])[-1] for source in sources[name]}
    order = sorted(last, key=lambda source: top[last[source]][0])
    named = max((text_width(argument, 11) for argument in sources[name].values()), default=0.0)
    drawn = []
    for i, source in enumerate(order):
        here = (top[source][0], floor[source])
        for place in ways[source, name]:
            drawn.append(line(*here, *top[place], arrow=False))
            here = (top[place][0], floor[place])
            drawn.append(line(*top[place], *here, arrow=False))
        x = top[name][0] + (i - (len(order) - 1) / 2) * (12 + named)
        drawn.append(line(*here, x, top[name][1]))
        drawn.append(_beside(sources[name][source], x, top[name][1] - 3, 6))
    return drawn


def _beside(label: str, x: float, y: float, gap: float = 8) -> str:
    return f'<text class="soft" x="{x + gap:.1f}" y="{y - 6:.1f}">{escape(label)}</text>' if label else ""
