"""Everything about an architecture before it runs: its faults, or what training it will cost.

check    faults, shapes, parameters, FLOPs, memory: nothing runs but shapes on the meta device
timed    the same report with times: steps are run where they fit, estimated where they don't
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from weftnet.architecture.faults import Fault
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture
from weftnet.base import units
from weftnet.base.memory import free
from weftnet.compose import examine
from weftnet.compose.flow import Resolved
from weftnet.compose.inputs import Inputs, inputs_of
from weftnet.cost.communication import TIMES, Scaling, Together, Volume, scaling, volume
from weftnet.cost.cost import Cost, cost, largest, usable
from weftnet.cost.machine import Machine, this_machine
from weftnet.cost.microbenchmarks import roofline
from weftnet.cost.roofline import pass_calls
from weftnet.cost.step_time import BUDGET, FIRST, PASSES, Steps, StepTime, step_time, undisturbed
from weftnet.errors import ArchitectureError, SettingError
from weftnet.tasks._assemble import assemble
from weftnet.tasks._task import Task

#: what any machine does: FLOPs a second, kernel calls a second, weights initialised a second. A first step that would
#: take longer than the budget at these rates is not tried
_FLOPS, _CALLS, _WEIGHTS = 2e10, 5e4, 1e8
#: times that at the most is believed of a step that was timed for a moment
_SLOWEST = 3.0


@dataclass(frozen=True)
class Report:
    """What is known of an architecture.

    Args:
        parts: each part's cost; a part at fault has none.
        faults: of all parts.
        batch: examples in a batch.
        examples: in an epoch, None if not known.
        memory: bytes that training may use.
        together: the workers that share a batch, if any.
        sent: what each of them sends in a step.
        time: of a training step, None if it is left out.
        machine: what the times hold for.
        scaling: how much faster several workers are; needs times.
        note: what went wrong on the way to the times, empty if nothing.
        resolved: the parts, as far as they are sound.
        optimiser: whose state is counted.
    """

    parts: Mapping[str, Cost]
    faults: tuple[Fault, ...]
    batch: int
    examples: int | None
    memory: int
    together: Together | None = None
    sent: Volume | None = None
    time: StepTime | None = None
    machine: Machine | None = None
    scaling: Scaling | None = None
    note: str = ""
    resolved: Mapping[str, Resolved] = field(default_factory=dict, repr=False)
    optimiser: str = "adamw"

    @cached_property
    def largest_batch(self) -> int | None:
        """The most examples whose training step fits into the memory; None where there are faults."""
        return None if self.faults else self.largest_below(usable(self.memory))

    def largest_below(self, peak: int) -> int:
        """The most examples whose training step has no higher peak than so many bytes; 0 if not even one does."""
        return _largest(self.resolved, peak, self.optimiser, {self.batch: self.peak})

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
                "given": fault.received, "by": fault.by, "close": list(fault.close),
                "fix": fault.fix.data() if fault.fix else None,
            }
            for fault in self.faults
        ]  # fmt: skip
        scaling = None
        if self.together is not None and self.sent is not None:
            scaling = {**dict.fromkeys(TIMES), "workers": self.together.workers, "sent": self.sent.data()}
            scaling |= {"bandwidth": self.together.bandwidth} | (self.scaling.data() if self.scaling else {})
        return {
            "faults": faults, "parts": {part: each.data() for part, each in self.parts.items()},
            "parameters": self.parameters, "flops": self.flops, "peak": self.peak, "batch": self.batch,
            "examples": self.examples, "memory": self.memory, "largest_batch": self.largest_batch,
            "step_seconds": self.step, "epoch_seconds": self.epoch, "time_source": self.time and self.time.source,
            "machine": self.machine and asdict(self.machine),
            "passes": self.time and {name: getattr(self.time, name) for name in PASSES}, "scaling": scaling,
        }  # fmt: skip


def check(
    architecture: Architecture,
    inputs: Inputs | None = None,
    *,
    task: Task | None = None,
    batch: int | None = 64,
    examples: int | None = None,
    memory: int | None = None,
    optimiser: str = "adamw",
    together: Together | None = None,
    faults: Iterable[Fault] = (),
) -> Report:
    """Look at every part; where none is at fault, say what training will cost, but for its time.

    Args:
        architecture: what to check.
        inputs: signals by the input's or the part's name; the architecture's own are the default.
        task: completes the architecture with its heads, and says what each part reads.
        batch: examples in a batch; None is the largest that fits into the memory.
        examples: in an epoch, for its time.
        memory: bytes training may use; None is what is free now.
        optimiser: whose state is counted.
        together: workers that share a batch.
        faults: known already, from reading the file.

    Raises:
        SettingError: the inputs of a part are not known, not even one example fits into the memory, or a batch has
            fewer examples than there are workers.
    """
    known = list(faults)
    architecture, signals, resolved = _complete(architecture, inputs or {}, task)
    for part, node in architecture.parts.items():
        if part in resolved:
            continue
        tree, wrong = examine(node, signals[part], part)
        known.extend(fault for fault in wrong if fault not in known)
        if tree is not None and not wrong:
            resolved[part] = tree
    memory = free() if memory is None else memory

    if known:
        size = 64 if batch is None else batch
        return Report(_costs(resolved, size, optimiser), tuple(known), size, examples, memory)
    if batch is None:
        batch = _largest(resolved, usable(memory), optimiser, {})
        if not batch:
            raise SettingError("not even one example fits", where="memory", got=units.size(memory))
    sent = None
    if together is not None:
        if batch < together.workers:
            expected = f"a batch of at least {together.workers}, one example for each worker"
            raise SettingError("the batch is too small", where="--workers", expected=expected, got=str(batch))
        sent = sum((volume(tree, together.workers, together.shard) for tree in resolved.values()), Volume(0, 0, 0))
    costs = _costs(resolved, batch, optimiser)
    return Report(costs, (), batch, examples, memory, together, sent, resolved=resolved, optimiser=optimiser)


def timed(report: Report, *, budget: float = BUDGET, progress: Callable[[float], None] = lambda _: None) -> Report:
    """The report with times of a step on this machine; one with faults stays as it is.

    Args:
        report: of `check`.
        budget: seconds for which steps are run.
        progress: is called now and then with the share of the work that is done.
    """
    if report.faults or not report.parts:
        return report
    whole = [report.batch]
    sizes = whole if report.together is None else [*whole, -(-report.batch // report.together.workers)]
    times, note = _times(report, sizes, budget, progress)
    scaled = None
    if report.together is not None and report.sent is not None:
        scaled = scaling(report.together, report.sent, times[0], times[-1])
    return replace(report, time=times[0], machine=this_machine(), scaling=scaled, note=note)


def slow_step(report: Report) -> float:
    """Seconds of a training step on a slow machine, from FLOPs and calls: more than a usual one takes."""
    return _at_least(report.parts.values())


def rough_step(report: Report, budget: float) -> float:
    """Seconds of a training step on this machine, roughly; never much longer than on a slow machine.

    Args:
        report: of `check`, without faults.
        budget: seconds for which steps are run; none is where a first one would take longer.
    """

    def fits(size: int) -> bool:
        return sum(each.peak for each in _costs(report.resolved, size, report.optimiser).values()) <= usable(free())

    first, slow = min(FIRST, report.batch), slow_step(report)
    if _at_least(_costs(report.resolved, first, report.optimiser).values()) <= budget and fits(first):
        try:
            with undisturbed():
                run = Steps(report.resolved.values(), report.optimiser)
                return min(step_time(run, report.batch, fits=fits, budget=budget).total, _SLOWEST * slow)
        except (RuntimeError, MemoryError):  # torch's allocator raises a RuntimeError
            pass
    return slow


def _times(
    report: Report, sizes: list[int], budget: float, progress: Callable[[float], None]
) -> tuple[list[StepTime], str]:
    """The times of steps of these sizes: of real steps where the smallest is within memory and budget."""
    room = usable(min(report.memory, free()))

    def costs(size: int) -> list[Cost]:
        return list(_costs(report.resolved, size, report.optimiser).values())

    def fits(size: int) -> bool:
        return sum(each.peak for each in costs(size)) <= room

    note = ""
    first = costs(min(FIRST, *sizes))
    if sum(each.peak for each in first) <= room and _at_least(first) <= budget:
        share = budget / len(sizes)
        try:
            with undisturbed():
                steps = Steps(report.resolved.values(), report.optimiser)
                return [
                    step_time(steps, size, fits=fits, budget=share,
                              progress=lambda done, past=past: progress((past + done) / len(sizes)))
                    for past, size in enumerate(sizes)
                ], ""  # fmt: skip
        except (RuntimeError, MemoryError) as error:  # torch's allocator raises a RuntimeError
            note = f"no step could be run: {str(error).splitlines()[0] if str(error) else type(error).__name__}. "
    roof, kept = roofline(progress=progress)
    return [roof.step_time(costs(size)) for size in sizes], note + kept


def _at_least(costs: Iterable[Cost]) -> float:
    """Seconds that building networks and a first step would take on a slow machine."""
    costs = tuple(costs)
    calls = sum(n for each in pass_calls(costs).values() for _, n in each)
    flops = sum(each.training_flops * each.batch for each in costs)
    return flops / _FLOPS + calls / _CALLS + sum(each.parameters for each in costs) / _WEIGHTS


def _costs(resolved: Mapping[str, Resolved], size: int, optimiser: str) -> dict[str, Cost]:
    return {part: cost(tree, size, optimiser=optimiser) for part, tree in resolved.items()}


def _largest(resolved: Mapping[str, Resolved], peak: int, optimiser: str, known: Mapping[int, int]) -> int:
    """The largest batch within a peak; those of some batches are known."""

    def needed(size: int) -> int:
        return known.get(size) or sum(each.peak for each in _costs(resolved, size, optimiser).values())

    return largest(needed, peak)


def _complete(
    architecture: Architecture, inputs: Inputs, task: Task | None
) -> tuple[Architecture, Mapping[str, Mapping[str, Signal]], dict[str, Resolved]]:
    """With the task's heads where it can append them, what each part reads, and the parts that are sound already."""
    if task is None:
        return architecture, inputs_of(architecture, inputs), {}
    signals = {name: parse(text) if isinstance(text, str) else text for name, text in inputs.items()}
    try:
        complete = assemble(architecture, task, signals)
    except ArchitectureError:  # `examine` reports its faults, with all the others
        return architecture, task.inputs(signals), {}
    return complete.architecture, complete.inputs, dict(complete.resolved)
