"""What the network is: the drawing with shapes, and where parameters, arithmetic and time go."""

import re
from html import escape

from weftnet.base.units import amount, duration
from weftnet.compose import Network, resolve
from weftnet.compose.draw import draw
from weftnet.compose.drawing import brief
from weftnet.cost.cost import Cost, cost
from weftnet.report.page import folded, heading, paragraph
from weftnet.report.story import Story
from weftnet.report.timing import block_times

#: pixels from which on a drawing is folded away; examples that go through to measure time; rows of the table
_TALL, _BATCH, _ROWS = 900, 16, 60

_MEASURED = ("parameters", "FLOPs", "time")


def network(story: Story) -> str:
    """A drawing and a table for each part of the model."""
    loaded = story.loaded
    inputs = loaded.task.inputs(loaded.signals)
    found = []
    for part, node in loaded.architecture.parts.items():
        model = loaded.model[part]
        costs = cost(model, 1) if isinstance(model, Network) else None
        figures = {row.path: row for row in costs.rows} if costs is not None else None
        svg = draw(resolve(node, inputs[part], part), figures).replace("weftnet-head", f"weftnet-head-{_plain(part)}")
        if len(loaded.architecture.parts) > 1:
            found.append(heading(part))
        tall = _height(svg) > _TALL
        found.append(folded("drawing", f"<div class=wide>{svg}</div>", unfolded=not tall))
        if costs is not None:
            found.append(_table(story, part, costs))
    text = loaded.run.text("architecture.yaml")
    return "".join([*found, folded("as YAML, with the task's head", f"<pre>{escape(text)}</pre>")])


def _table(story: Story, part: str, costs: Cost) -> str:
    """A line for each block with bars of parameters, FLOPs and measured time."""
    model = story.loaded.model[part]
    times = block_times(model, [row.path for row in costs.rows], *story.inputs(part, _BATCH))
    rows = costs.rows[:_ROWS]
    most = [
        max((row.parameters for row in costs.rows), default=0) or 1,
        max((row.flops for row in costs.rows), default=0) or 1,
        max((times.get(row.path, 0.0) for row in costs.rows), default=0.0) or 1.0,
    ]
    lines = []
    for row in rows:
        spent = times.get(row.path, 0.0)
        cells = [
            (amount(row.parameters), row.parameters / most[0], "--c0"),
            (amount(row.flops), row.flops / most[1], "--c3"),
            (duration(spent), spent / most[2], "--c2"),
        ]
        bars = "".join(
            f"<td class=bars><span>{text}</span>"
            f"<i class=bar style='width:{2.8 * share:.2f}rem;background:var({colour})'></i></td>"
            if share
            else "<td class=bars><span class=soft>–</span></td>"
            for text, share, colour in cells
        )
        name = f"{escape(row.block)} <span class=soft>{escape(row.path)}<br>{escape(brief(row.gives))}</span>"
        lines.append(f"<tr><td>{name}</td>{bars}</tr>")
    head = "<th>block</th>" + "".join(f"<th class=left>{each}</th>" for each in _MEASURED)
    more = paragraph(f"and {len(costs.rows) - _ROWS} more blocks", soft=True) if len(costs.rows) > _ROWS else ""
    told = (
        f"{amount(costs.parameters)} parameters, {amount(costs.flops)} FLOPs for a forward pass of one example. Time: "
        f"median of a forward pass of {_BATCH} examples on one thread, {duration(times[''])} in all, hooks included."
    )
    return f"<div class=wide><table><tr>{head}</tr>{''.join(lines)}</table></div>{more}{paragraph(told, soft=True)}"


def _plain(part: str) -> str:
    return escape(part, quote=True)


def _height(svg: str) -> int:
    found = re.search(r'height="(\d+)"', svg)
    return int(found[1]) if found else 0
