"""The report of `check` as tables and lines for a terminal of 80 columns or more: `costs`, then `times`."""

import io

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import COMBINATORS, MERGES
from weftnet.base import units
from weftnet.cost.check import Report
from weftnet.cost.communication import Scaling, Volume
from weftnet.cost.cost import Cost
from weftnet.cost.step_time import PASSES

_COMBINED = (*COMBINATORS, *MERGES)
#: width of the column of names, so that times, which are printed later, line up with the totals
_NAMES = 13


def text(report: Report, width: int = 110) -> str:
    """The report as plain text."""
    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None)
    console.print(costs(report))
    if report.time is not None:
        console.print(times(report))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def costs(report: Report) -> RenderableType:
    """The nodes of every part, then the faults, or the totals of everything but the times."""
    shown: list[RenderableType] = []
    for part, each in report.parts.items():
        shown.append(_Rows(part if len(report.parts) > 1 else "", each))
    for fault in report.faults:
        first, *rest = str(fault).split("\n")
        shown.append("\n".join([f"[red]✗[/red] {escape(first)}", *map(escape, rest)]))
    if report.faults:
        fixable = sum(fault.fix is not None for fault in report.faults)
        count = f"{len(report.faults)} fault{'s' * (len(report.faults) != 1)}"
        shown.append(f"[bold]{count}[/bold]" + (f", {fixable} fixable with check --fix" if fixable else ""))
    else:
        shown.append(_totals(report))
    return Group(*shown)


def times(report: Report) -> RenderableType:
    """Step, epoch and workers of a report with times."""
    table = _lines()
    if report.time is None:
        return table
    step = units.duration(report.time.total)
    about = step if report.time.measured else f"about {step}"
    table.add_row("step", f"{about} on {report.machine}, {report.time.source}:")
    passes = [f"{name} {units.duration(getattr(report.time, name))}" for name in PASSES]
    table.add_row("", ", ".join(passes))
    if not report.time.measured:
        table.add_row("", f"from {report.time.basis}")
    if report.epoch is not None:
        table.add_row("epoch", f"about {units.duration(report.epoch)} for {report.examples} examples")
    if report.scaling is not None:
        for line in _speed(report.scaling):
            table.add_row("", line)
    if report.note:
        table.add_row("note", report.note)
    return table


def _lines() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(min_width=_NAMES)
    table.add_column(overflow="fold")
    return table


def _brief(signal: Signal) -> str:
    sizes = "×".join(map(str, signal.sizes))
    return f"{signal.kind} {sizes}" if not signal.kind.startswith("[") else f"{signal.dtype} {sizes}"


class _Rows:
    """The table of a part; what its nodes read, which those before them give, is left out where there is no room."""

    def __init__(self, part: str, cost: Cost) -> None:
        self.part, self.cost = part, cost

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = _table(self.part, self.cost)
        wanted = Measurement.get(console, options.update(max_width=10_000), table).maximum
        yield table if wanted <= options.max_width else _table(self.part, self.cost, reads=False)


def _table(part: str, cost: Cost, reads: bool = True) -> Table:
    table = Table(title=part or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.padding = (0, 1) if reads else (0, 1, 0, 0)
    for name in ("node", "block", *(["reads"] if reads else []), "gives"):
        table.add_column(name, overflow="fold")
    for name in ("parameters", "FLOPs", "saved"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in cost.rows:
        if row.block in _COMBINED and not row.flops + row.saved:
            continue  # a sum or a concatenation costs nothing worth a line
        signals = [" + ".join(_brief(signal) for signal in row.reads.values()), _brief(row.gives)]
        amounts = (row.parameters, units.amount), (row.flops, units.amount), (row.saved, units.size)
        numbers = (unit(n) if n else "·" for n, unit in amounts)
        table.add_row(escape(row.path), row.block, *(signals if reads else signals[1:]), *numbers)
    table.add_section()
    totals = units.amount(cost.parameters), units.amount(cost.flops), units.size(cost.saved)
    table.add_row("total", "", "", *([""] if reads else []), *totals, style="bold")
    return table


def _totals(report: Report) -> Table:
    table = _lines()
    parts = report.parts.values()
    training = sum(each.training_flops for each in parts)
    table.add_row("FLOPs", f"{units.amount(report.flops)} forward, {units.amount(training)} to train, per example")
    if report.tune is not None:
        share = f"{units.amount(report.trainable)} parameters, adapters included; the others are frozen"
        table.add_row("trained", share)
    sizes = {name: sum(getattr(each, name) for each in parts) for name in ("weights", "gradients", "state", "saved")}
    made_of = [f"{name} {units.size(value)}" for name, value in sizes.items()]
    table.add_row("memory", f"{units.size(report.peak)} at its peak, batch {report.batch}:")
    table.add_row("", ", ".join(made_of[:2]) + ",\n" + ", ".join(made_of[2:]))
    largest = f"{report.largest_batch}" if report.largest_batch else "none"
    table.add_row("largest batch", f"{largest} in {units.size(report.memory)}")
    if report.together is not None and report.sent is not None:
        table.add_row(f"{report.together.workers} workers", _sent(report.sent))
    return table


def _sent(sent: Volume) -> str:
    """What each worker sends."""
    weights = f"weights {units.size(sent.forward)} forward, " if sent.forward else ""
    line = f"each sends {units.size(sent.total)} a step: {weights}{units.size(sent.backward)} backward"
    return line + (f", batch statistics {units.size(sent.statistics)}" if sent.statistics else "")


def _speed(scaling: Scaling) -> list[str]:
    """What sending comes to."""
    by = " (measured, this machine to itself)" if scaling.measured else ""
    step = f"{scaling.workers} workers: step about {units.duration(scaling.seconds)} "
    step += f"at {units.amount(scaling.bandwidth)}B/s{by}: "
    step += f"{scaling.faster:.2f} × as fast as one worker with the whole batch"
    if scaling.faster > scaling.workers:
        step += " (an example takes less time in a small batch)"
    kept = f"efficiency {100 * scaling.efficiency:.0f} %: {units.duration(scaling.apart)} if nothing were sent;"
    overlap = "messages overlap with the passes they belong to, statistics are waited for"
    return [step, kept, overlap]
