"""The network: its drawing with shapes, and how parameters, arithmetic and time distribute over its blocks."""

import re
from html import escape

from weftnet.base.units import amount, duration
from weftnet.compose import Network, resolve
from weftnet.compose.draw import draw
from weftnet.compose.drawing import brief
from weftnet.cost.cost import Cost, cost
from weftnet.report.page import collapsible, heading, paragraph
from weftnet.report.subject import Subject
from weftnet.report.timing import block_times

#: the height in pixels above which a drawing is collapsed; examples in the timed batch; the most rows of the table
_TALL, _BATCH, _ROWS = 900, 16, 60
#: measured quantity → its colour
_MEASURED = {"parameters": "--c0", "FLOPs": "--c3", "time": "--c2"}


def network(subject: Subject) -> str:
    """A drawing and a table for each part of the model."""
    loaded = subject.loaded
    inputs = loaded.task.inputs(loaded.signals)
    html = []
    for part, node in loaded.architecture.parts.items():
        model = loaded.model[part]
        costs = cost(model, 1) if isinstance(model, Network) else None
        figures = {row.path: row for row in costs.rows} if costs is not None else None
        unique = f"weftnet-head-{escape(part, quote=True)}"  # drawings of one page must not share ids
        svg = draw(resolve(node, inputs[part], part), figures).replace("weftnet-head", unique)
        if len(loaded.architecture.parts) > 1:
            html.append(heading(part))
        html.append(collapsible("drawing", f"<div class=wide>{svg}</div>", expanded=_height(svg) <= _TALL))
        if costs is not None:
            html.append(_table(subject, part, costs))
    yaml = loaded.run.text("architecture.yaml")
    return "".join([*html, collapsible("as YAML, with the task's head", f"<pre>{escape(yaml)}</pre>")])


def _table(subject: Subject, part: str, costs: Cost) -> str:
    """A row for each block with bars of parameters, FLOPs and measured time."""
    times = block_times(subject.loaded.model[part], [row.path for row in costs.rows], *subject.inputs(part, _BATCH))
    values = [(row.parameters, row.flops, times.get(row.path, 0.0)) for row in costs.rows]
    largest = [max(column, default=0) or 1 for column in zip(*values, strict=True)] or [1, 1, 1]
    lines = []
    for row, (parameters, flops, seconds) in list(zip(costs.rows, values, strict=True))[:_ROWS]:
        texts = (amount(parameters), amount(flops), duration(seconds))
        shares = [value / most for value, most in zip((parameters, flops, seconds), largest, strict=True)]
        name = f"{escape(row.block)} <span class=soft>{escape(row.path)}<br>{escape(brief(row.gives))}</span>"
        lines.append(f"<tr><td>{name}</td>{''.join(map(_bar, texts, shares, _MEASURED.values()))}</tr>")
    head = "<th>block</th>" + "".join(f"<th class=left>{each}</th>" for each in _MEASURED)
    more = paragraph(f"and {len(costs.rows) - _ROWS} more blocks", soft=True) if len(costs.rows) > _ROWS else ""
    summary = (
        f"{amount(costs.parameters)} parameters, {amount(costs.flops)} FLOPs for a forward pass of one example. Time: "
        f"median of a forward pass of {_BATCH} examples on one thread, {duration(times[''])} in total, hooks included."
    )
    return f"<div class=wide><table><tr>{head}</tr>{''.join(lines)}</table></div>{more}{paragraph(summary, soft=True)}"


def _bar(text: str, share: float, colour: str) -> str:
    """A cell with a value and a bar for its share of the largest."""
    if not share:
        return "<td class=bars><span class=soft>–</span></td>"
    bar = f"<i class=bar style='width:{2.8 * share:.2f}rem;background:var({colour})'></i>"
    return f"<td class=bars><span>{text}</span>{bar}</td>"


def _height(svg: str) -> int:
    match = re.search(r'height="(\d+)"', svg)
    return int(match[1]) if match else 0
