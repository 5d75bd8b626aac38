"""Draw a network as SVG: a box for each block, the shape on every edge, branches side by side, shortcuts as arcs.

Each node becomes a `Box` with an axis, the line on which signals enter at the top and leave at the bottom;
combinators lay out the boxes inside them, a graph by layers (`weftnet.compose.drawing`). What repeats in a chain is
drawn once, with how often it comes (`weftnet.compose.repeats`). For light and dark pages.
"""

from collections.abc import Mapping
from html import escape
from typing import NamedTuple, Protocol, TypeAlias

from weftnet.base import units
from weftnet.compose.drawing import GAP, Box, brief, frame, group, knot, layers, line, pill, placed, text_width
from weftnet.compose.flow import Resolved
from weftnet.compose.look import HUES, STYLE
from weftnet.compose.mermaid import mermaid
from weftnet.compose.repeats import stretches

__all__ = ["draw", "mermaid"]


class NodeFigures(Protocol):
    """The cost of a node as shown in its box; a row of `weftnet.cost.cost.Cost` has these."""

    @property
    def parameters(self) -> int:
        """The node's own parameters."""

    @property
    def flops(self) -> int:
        """Of the forward pass, per example."""


Figures: TypeAlias = Mapping[str, NodeFigures]


class _Shown(NamedTuple):
    """What the boxes show."""

    figures: Figures
    fold: bool


def draw(resolved: Resolved, figures: Figures | None = None, fold: bool = True) -> str:
    """The network as an SVG document.

    Args:
        resolved: with every size filled in.
        figures: parameters and FLOPs to write into the boxes, by path.
        fold: draw what repeats once.
    """
    shown = _Shown(figures or {}, fold)
    if resolved.kind == "graph":
        body = _graph(resolved, "", shown)
    else:
        path = resolved.name if resolved.kind != "chain" else ""
        inner = _node(resolved, path, shown) if path else _chain(resolved, "", shown)
        signal = next(iter(resolved.reads.values()))
        name = next(iter(resolved.by.values())) or "input"
        ends = pill(f"{name}: {brief(signal)}"), pill(f"output: {brief(resolved.output)}")
        body = _stack([(ends[0], ""), (inner, ""), (ends[1], "")])
    width, height = body.width + 40, body.height + 40
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="weftnet" role="img" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}"><title>network</title><style>{STYLE}</style>'
        '<defs><marker id="weftnet-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>'
        f"{placed(body, 20, 20)}</svg>\n"
    )


def _node(node: Resolved, path: str, shown: _Shown) -> Box:
    match node.kind:
        case "block" | "shared":
            return _block(node, path, shown.figures.get(path))
        case "chain":
            return _framed(node, path, shown)
        case "residual":
            return _residual(node, path, shown)
        case "parallel":
            return _parallel(node, path, shown)
        case "each":
            return frame(_inner(node.children["body"], f"{path}.body", shown), f"{path} each step")
        case _:
            return frame(_graph(node, path, shown), f"{path} graph")


def _block(node: Resolved, path: str, figure: NodeFigures | None) -> Box:
    """Name, path, the settings that the builder did not fill in, and the cost; signals as a tooltip."""
    sizes = {size for signal in node.reads.values() for size in signal.sizes}
    shown = [f"{key} {_value(value)}" for key, value in node.settings.items() if not _filled(key, value, sizes)]
    details = ", ".join(shown)
    details = details if len(details) <= 46 else details[:45] + "…"
    costs = []
    if figure is not None and figure.parameters:
        costs.append(f"{units.amount(figure.parameters)} parameters")
    if figure is not None and figure.flops:
        costs.append(f"{units.amount(figure.flops)} FLOPs")
    lines = [text for text in (details, ", ".join(costs)) if text]
    width = max(150.0, text_width(node.name + "   ", 13) + text_width(path, 11) + 34)
    width = max([width, *(text_width(text, 11) + 34 for text in lines)])
    height = 30.0 + 15 * len(lines)
    family = node.cls.__module__.split(".")[-2] if "." in node.cls.__module__ else ""
    hue = HUES.get(family, sum(map(ord, family)) % 360)
    reads = ", ".join(f"{name}: {signal}" for name, signal in node.reads.items())
    about = escape(f"{path} ({node.name})\nreads {reads}\ngives {node.output}")
    parts = [
        f"<title>{about}</title>",
        f'<rect class="box" width="{width:.1f}" height="{height:.1f}" rx="7"/>',
        f'<rect width="5" height="{height - 12:.1f}" x="7" y="6" rx="2.5" fill="hsl({hue} 62% 55%)"/>',
        f'<text class="name" x="20" y="20">{escape(node.name)}</text>',
        f'<text class="soft end" x="{width - 12:.1f}" y="20">{escape(path)}</text>',
        *(f'<text class="soft" x="20" y="{36 + 15 * i}">{escape(text)}</text>' for i, text in enumerate(lines)),
    ]
    return Box(width, height, width / 2, "".join(parts))


def _chain(node: Resolved, path: str, shown: _Shown) -> Box:
    names, children = list(node.children), list(node.children.values())
    if not shown.fold:
        return _stack([_link(child, _under(path, name), shown) for name, child in node.children.items()])
    links = []
    for start, period, count in stretches(children):
        places = range(start, start + period)
        if count == 1:
            links += [_link(children[place], _under(path, names[place]), shown) for place in places]
        else:
            links.append(_times(path, names, children, (start, period, count), shown))
    return _stack(links)


def _framed(node: Resolved, path: str, shown: _Shown) -> Box:
    """A chain within another; one that is nothing but a repeat has the frame of that."""
    if not node.children:
        return knot("")
    names, children = list(node.children), list(node.children.values())
    runs = stretches(children) if shown.fold else []
    if len(runs) == 1 and runs[0].times > 1:
        return _times(path, names, children, runs[0], shown)[0]
    return frame(_chain(node, path, shown), path)


def _link(node: Resolved, path: str, shown: _Shown) -> tuple[Box, str]:
    return _node(node, path, shown), brief(node.output)


def _times(
    path: str, names: list[str], children: list[Resolved], run: tuple[int, int, int], shown: _Shown
) -> tuple[Box, str]:
    """The first copy of what repeats, in a frame that says how often, and where the first and the last begin."""
    start, period, count = run
    first, last = (_under(path, names[place]) for place in (start, start + period * (count - 1)))
    label = f"{first} … {last} × {count}"
    if period == 1:
        box = frame(_inner(children[start], _under(path, names[start]), shown), label)
    else:
        box = frame(
            _stack([_link(children[i], _under(path, names[i]), shown) for i in range(start, start + period)]), label
        )
    return box, brief(children[start + period * count - 1].output)


def _stack(nodes: list[tuple[Box, str]]) -> Box:
    """Boxes below each other on one axis, with the output of each on the edge to the next."""
    labels = [text_width(label, 11) + 10 for _, label in nodes[:-1]]
    axis = max(box.axis for box, _ in nodes)
    right = max([box.width - box.axis for box, _ in nodes] + labels)
    parts, y = [], 0.0
    for i, (box, label) in enumerate(nodes):
        parts.append(placed(box, axis - box.axis, y))
        y += box.height
        if i + 1 < len(nodes):
            parts.append(line(axis, y, axis, y + GAP, label))
            y += GAP
    return Box(axis + right, y, axis, "".join(parts))


def _residual(node: Resolved, path: str, shown: _Shown) -> Box:
    """The body, the shortcut next to it – a box or an arc – and their sum."""
    body = _inner(node.children["body"], f"{path}.body", shown)
    top, plus = 18.0, knot("+")
    if "shortcut" in node.children:
        short = _inner(node.children["shortcut"], f"{path}.shortcut", shown)
        return frame(_side_by_side([body, short], _outputs(node), plus), f"{path} residual")
    output = brief(node.children["body"].output)
    right = max(body.width, body.axis + text_width(output, 11)) + 24
    low = top + body.height + GAP + plus.height / 2
    arc = (
        f"M{body.axis:.1f} 6H{right - 12:.1f}Q{right:.1f} 6 {right:.1f} 18V{low - 12:.1f}"
        f"Q{right:.1f} {low:.1f} {right - 12:.1f} {low:.1f}H{body.axis + plus.width / 2 + 1:.1f}"
    )
    parts = [
        f'<path class="line" d="M{body.axis:.1f} 0V6"/>',
        line(body.axis, 6, body.axis, top),
        placed(body, 0, top),
        line(body.axis, top + body.height, body.axis, low - plus.height / 2, output),
        f'<path class="line" marker-end="url(#weftnet-head)" d="{arc}"/>',
        placed(plus, body.axis - plus.axis, low - plus.height / 2),
    ]
    return frame(Box(right, low + plus.height / 2, body.axis, "".join(parts)), f"{path} residual")


def _parallel(node: Resolved, path: str, shown: _Shown) -> Box:
    branches = [_inner(child, _under(path, name), shown) for name, child in node.children.items()]
    join = knot(node.merge or "concat")
    return frame(_side_by_side(branches, _outputs(node), join), f"{path} parallel")


def _side_by_side(boxes: list[Box], shapes: list[str], join: Box) -> Box:
    """Boxes that read the same signal, from a fork to their join."""
    widths = [max(box.width, box.axis + text_width(shape, 11) + 10) for box, shape in zip(boxes, shapes, strict=True)]
    lefts = [sum(widths[:i]) + 24 * i for i in range(len(boxes))]
    width, tall = lefts[-1] + widths[-1], max(box.height for box in boxes)
    axis, top = width / 2, 26.0
    low = top + tall + 20
    under, over = [], []
    for box, left, shape in zip(boxes, lefts, shapes, strict=True):
        x = left + box.axis
        under.append(line(axis, 0, x, top))
        under.append(line(x, top + box.height, x, low, arrow=False))
        under.append(f'<text class="soft" x="{x + 8:.1f}" y="{low - 4:.1f}">{escape(shape)}</text>')
        under.append(line(x, low, axis, low + 30))
        over.append(placed(box, left, top))
    over.append(placed(join, axis - join.axis, low + 30))
    return Box(width, low + 30 + join.height, axis, "".join([*under, *over]))


def _outputs(node: Resolved) -> list[str]:
    return [brief(child.output) for child in node.children.values()]


def _inner(node: Resolved, path: str, shown: _Shown) -> Box:
    """The content of a combinator's frame: a chain there needs no frame of its own."""
    if node.kind == "chain":
        return _chain(node, path, shown) if node.children else knot("")
    return _node(node, path, shown)


def _graph(node: Resolved, path: str, shown: _Shown) -> Box:
    """A graph by layers, from its inputs to its outputs."""
    boxes: dict[str, Box] = {}
    sources: dict[str, dict[str, str]] = {}
    shapes: dict[str, str] = {}
    for name, signal in node.reads.items():
        boxes[name], shapes[name] = pill(f"{name}: {brief(signal)}"), brief(signal)
        sources[name] = {}
    for name, wire in node.wires.items():
        named = wire.sources if isinstance(wire.sources, Mapping) else None
        sources[name] = {source: argument for argument, source in named.items()} if named else {}
        sources[name] |= {source: wire.output or "" for source in wire.names if source not in sources[name]}
        child = node.children.get(name)
        box = _inner(child, _under(path, name), shown) if child is not None else None
        if box is not None and child is not None and child.kind == "chain":
            box = frame(box, _under(path, name))
        if wire.merge is not None:
            join = knot(wire.merge)
            box = join if box is None else _stack([(join, ""), (box, "")])
        boxes[name] = box or knot(name)
        merged = next((shapes[source] for source in wire.names), "")
        shapes[name] = brief(child.output) if child is not None else merged if wire.merge is None else ""
    for name in node.outputs:
        boxes[f"→ {name}"] = pill(f"{name}: {brief(node.gives[name])}" if name in node.gives else name)
        sources[f"→ {name}"] = {name: ""}
    return group(*layers(boxes, sources), boxes, sources, shapes)


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _filled(key: str, value: object, sizes: set[int]) -> bool:
    """Whether a setting can be omitted: an input size, or a bias, which is the default."""
    filled = key.endswith("_in") or key in ("vocabulary", "dim_memory")
    return value is None or (filled and value in sizes) or (key, value) == ("bias", True)


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return "×".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
