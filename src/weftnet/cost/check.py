"""Everything about an architecture before it runs: its faults, or what it will cost on this machine.

`check` gives a report, `render` prints it, `fix` applies the edits that the faults carry.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from weftnet.architecture.faults import Fault
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import COMBINATORS, MERGES, Architecture
from weftnet.base import units
from weftnet.compose import examine
from weftnet.compose.fix import fix
from weftnet.compose.flow import Resolved
from weftnet.compose.inputs import Inputs, inputs_of
from weftnet.cost.communication import Scaling, Together, Volume, scaling, volume
from weftnet.cost.cost import Cost, cost, largest, usable
from weftnet.cost.machine import Machine, StepTime, calibration, memory_available, step_time
from weftnet.errors import ArchitectureError, SettingError
from weftnet.tasks._assemble import assemble

__all__ = ["Report", "check", "fix", "inputs_of", "render", "text"]
_COMBINED = (*COMBINATORS, *MERGES)


@dataclass(frozen=True)
class Report:
    """What `check` found.

    Args:
        parts: each part's cost; a part at fault has none.
        faults: of all parts.
        batch: examples in a batch.
        examples: in an epoch, None if not known.
        memory: bytes that training may use.
        largest_batch: the most examples whose training step fits into them, None where there are faults.
        time: of a training step on this machine.
        machine: what the times were worked out for.
        scaling: what several workers send, and how much faster they are.
    """

    parts: Mapping[str, Cost]
    faults: tuple[Fault, ...]
    batch: int
    examples: int | None
    memory: int
    largest_batch: int | None = None
    time: StepTime | None = None
    machine: Machine | None = None
    scaling: Scaling | None = None

    @property
    def step(self) -> float | None:
        """Seconds of a training step."""
        return None if self.time is None else self.time.total

    @property
    def epoch(self) -> float | None:
        """Seconds of an epoch; its last batch is dropped if it is not full."""
        if self.step is None or not self.examples:
            return None
        return max(self.examples // self.batch, 1) * self.step

    @property
    def parameters(self) -> int:
        """Of all parts."""
        return sum(each.parameters for each in self.parts.values())

    @property
    def flops(self) -> int:
        """Of all parts, forward, per example."""
        return sum(each.flops for each in self.parts.values())

    @property
    def peak(self) -> int:
        """Bytes of a training step of all parts at once."""
        return sum(each.peak for each in self.parts.values())

    def data(self) -> dict[str, Any]:
        """The report as JSON."""
        faults = [
            {
                "path": ".".join(fault.path), "block": fault.block, "what": fault.what, "reads": fault.reads,
                "given": fault.given, "by": fault.by, "close": list(fault.close),
                "fix": fault.fix.data() if fault.fix else None,
            }
            for fault in self.faults
        ]  # fmt: skip
        machine = {"name": self.machine.name, "threads": self.machine.threads} if self.machine else None
        return {
            "faults": faults, "parts": {part: each.data() for part, each in self.parts.items()},
            "parameters": self.parameters, "flops": self.flops, "peak": self.peak, "batch": self.batch,
            "examples": self.examples, "memory": self.memory, "largest_batch": self.largest_batch,
            "step_seconds": self.step, "epoch_seconds": self.epoch, "machine": machine,
            "passes": self.time and {name: getattr(self.time, name) for name in ("forward", "backward", "update")},
            "scaling": self.scaling and self.scaling.data(),
        }  # fmt: skip


def check(
    architecture: Architecture,
    inputs: Inputs | None = None,
    *,
    task: Any = None,
    batch: int | None = 64,
    examples: int | None = None,
    memory: int | None = None,
    optimiser: str = "adamw",
    together: Together | None = None,
    faults: Iterable[Fault] = (),
) -> Report:
    """Look at every part; where none is at fault, say what training will cost.

    Args:
        architecture: what to check.
        inputs: signals by the input's or the part's name; the architecture's own are the default.
        task: completes the architecture with its heads, and says what each part reads.
        batch: examples in a batch; None is the largest that fits into the memory.
        examples: in an epoch, for its time.
        memory: bytes training may use; what is free now if not given.
        optimiser: whose state is counted.
        together: workers that share a batch.
        faults: known already, from reading the file.

    Raises:
        SettingError: the inputs of a part are not known, not even one example fits into the memory, or a batch has
            fewer examples than there are workers.
    """
    found = list(faults)
    resolved: dict[str, Resolved] = {}
    architecture, signals = _complete(architecture, inputs or {}, task)
    for part, node in architecture.parts.items():
        tree, wrong = examine(node, signals[part], part)
        found.extend(fault for fault in wrong if fault not in found)
        if tree is not None and not wrong:
            resolved[part] = tree
    memory = memory_available() if memory is None else memory

    def costs(size: int) -> dict[str, Cost]:
        return {part: cost(tree, size, optimiser=optimiser) for part, tree in resolved.items()}

    if found:
        size = 64 if batch is None else batch
        return Report(costs(size), tuple(found), size, examples, memory)
    most = largest(lambda size: sum(each.peak for each in costs(size).values()), usable(memory))
    if batch is None and not most:
        raise SettingError("not even one example fits", where="memory", got=units.size(memory))
    batch = most if batch is None else batch
    machine, counted = calibration(), costs(batch)
    time = _time(counted, machine)
    scaled = None
    if together is not None:
        if batch < together.workers:
            expected = f"a batch of at least {together.workers}, one example for each worker"
            raise SettingError("the batch is too small", where="--workers", expected=expected, got=str(batch))
        sent = sum((volume(tree, together.workers, together.shard) for tree in resolved.values()), Volume(0, 0, 0))
        share = _time(costs(-(-batch // together.workers)), machine)
        scaled = scaling(together, sent, time, share)
    return Report(counted, (), batch, examples, memory, most, time, machine, scaled)


def _time(costs: Mapping[str, Cost], machine: Machine) -> StepTime:
    return sum((step_time(each, machine) for each in costs.values()), StepTime(0, 0, 0))


def render(report: Report) -> RenderableType:
    """The report as tables and lines for a terminal of 80 columns or more."""
    shown: list[RenderableType] = []
    for part, each in report.parts.items():
        shown.append(_Rows(part if len(report.parts) > 1 else "", each))
    for fault in report.faults:
        first, *rest = str(fault).split("\n")
        shown.append("\n".join([f"[red]✗[/red] {escape(first)}", *map(escape, rest)]))
    if report.faults:
        mendable = sum(fault.fix is not None for fault in report.faults)
        count = f"{len(report.faults)} fault{'s' * (len(report.faults) != 1)}"
        shown.append(f"[bold]{count}[/bold]" + (f", {mendable} mended by check --fix" if mendable else ""))
        return Group(*shown)
    shown.append(_totals(report))
    return Group(*shown)


def text(report: Report, width: int = 110) -> str:
    """The report as plain text."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(render(report))
    assert isinstance(console.file, io.StringIO)  # given above; for the type checker
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


def _complete(
    architecture: Architecture, inputs: Inputs, task: Any
) -> tuple[Architecture, Mapping[str, Mapping[str, Signal]]]:
    """With the task's heads where it can append them, and what each part reads."""
    if task is None:
        return architecture, inputs_of(architecture, inputs)
    signals = {name: parse(text) if isinstance(text, str) else text for name, text in inputs.items()}
    try:
        complete = assemble(architecture, task, signals)
    except ArchitectureError:  # its faults are found again, with all the others
        return architecture, task.inputs(signals)
    return complete.architecture, complete.inputs


def _brief(signal: Signal) -> str:
    sizes = "×".join(map(str, signal.sizes))
    return f"{signal.kind} {sizes}" if not signal.kind.startswith("[") else f"{signal.dtype} {sizes}"


class _Rows:
    """The table of a part; what its nodes read, which those before them gave, is left out where it finds no room."""

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
            continue  # a sum or a joining costs nothing worth a line
        signals = [" + ".join(_brief(signal) for signal in row.reads.values()), _brief(row.gives)]
        costs = (row.parameters, units.amount), (row.flops, units.amount), (row.saved, units.size)
        numbers = (unit(n) if n else "·" for n, unit in costs)
        table.add_row(escape(row.path), row.block, *(signals if reads else signals[1:]), *numbers)
    table.add_section()
    totals = units.amount(cost.parameters), units.amount(cost.flops), units.size(cost.saved)
    table.add_row("total", "", "", *([""] if reads else []), *totals, style="bold")
    return table


def _totals(report: Report) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(overflow="fold")
    costs = report.parts.values()
    training = sum(each.training_flops for each in costs)
    table.add_row("FLOPs", f"{units.amount(report.flops)} forward, {units.amount(training)} to train, per example")
    parts = {name: sum(getattr(each, name) for each in costs) for name in ("weights", "gradients", "state", "saved")}
    made_of = [f"{name} {units.size(value)}" for name, value in parts.items()]
    table.add_row("memory", f"{units.size(report.peak)} at its peak, batch {report.batch}:")
    table.add_row("", ", ".join(made_of[:2]) + ",\n" + ", ".join(made_of[2:]))
    largest = f"{report.largest_batch}" if report.largest_batch else "none"
    table.add_row("largest batch", f"{largest} in {units.size(report.memory)}")
    if report.machine is not None and report.time is not None:
        on = f"{report.machine.name}, {report.machine.threads} thread{'s' * (report.machine.threads != 1)}"
        table.add_row("step", f"about {units.duration(report.time.total)} on {on}:")
        passes = [f"{name} {units.duration(getattr(report.time, name))}" for name in ("forward", "backward", "update")]
        table.add_row("", ", ".join(passes))
    if report.epoch is not None:
        table.add_row("epoch", f"about {units.duration(report.epoch)} for {report.examples} examples")
    if report.scaling is not None:
        for name, line in _together(report.scaling):
            table.add_row(name, line)
    if report.machine is not None and report.machine.note:
        table.add_row("note", report.machine.note)
    return table


def _together(scaling: Scaling) -> list[tuple[str, str]]:
    """What workers send, and what it comes to."""
    sent, name = scaling.sent, f"{scaling.workers} workers"
    weights = f"weights {units.size(sent.forward)} forward, " if sent.forward else ""
    told = f"each sends {units.size(sent.total)} a step: {weights}{units.size(sent.backward)} backward"
    told += f", batch statistics {units.size(sent.statistics)}" if sent.statistics else ""
    by = " (measured, this machine to itself)" if scaling.measured else ""
    step = f"step about {units.duration(scaling.seconds)} at {units.amount(scaling.bandwidth)}B/s{by}: "
    step += f"{scaling.faster:.2f} × as fast as one worker with the whole batch"
    if scaling.faster > scaling.workers:
        step += " (an example takes less in a small batch)"
    kept = f"efficiency {100 * scaling.efficiency:.0f} %: {units.duration(scaling.apart)} if nothing were sent;"
    hidden = "messages behind the passes they belong to, statistics waited for"
    return [(name, told), ("", step), ("", kept), ("", hidden)]
