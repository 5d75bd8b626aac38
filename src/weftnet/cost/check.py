"""Everything about an architecture before it runs: its faults, or what training it will cost.

Nothing runs but shapes on the meta device; times are those of `timing.py`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from typing import Any

from torch import nn

from weftnet.architecture.faults import Fault
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture
from weftnet.base import units
from weftnet.base.memory import free
from weftnet.compose import examine
from weftnet.compose.flow import Resolved
from weftnet.compose.inputs import Inputs, inputs_of
from weftnet.cost.communication import TIMES, Scaling, Together, Volume, volume
from weftnet.cost.cost import Cost, cost
from weftnet.cost.machine import Machine
from weftnet.cost.room import largest, usable
from weftnet.cost.step_time import PASSES, Steps, StepTime
from weftnet.errors import ArchitectureError, SettingError
from weftnet.tasks._assemble import Assembled, assemble
from weftnet.tasks._task import Task

#: freezes or adapts the network of a part (see `cost.Tune`), and what does so for a complete architecture
PartTune = Callable[[str, nn.Module], None]
Tuning = Callable[[Assembled], PartTune | None]


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
        tune: what is frozen or adapted, by part; None where all is trained as it is.
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
    tune: PartTune | None = field(default=None, repr=False)

    @cached_property
    def largest_batch(self) -> int | None:
        """The most examples whose training step fits into the memory; None where there are faults."""
        return None if self.faults else self.largest_below(usable(self.memory))

    def largest_below(self, peak: int) -> int:
        """The most examples whose training step has no higher peak than so many bytes; 0 if not even one does."""
        return _largest(self.costs, peak, {self.batch: self.peak})

    def costs(self, size: int) -> dict[str, Cost]:
        """What a step of so many examples costs, by part."""
        return _costs(self.resolved, size, self.optimiser, self.tune)

    def steps(self) -> Steps:
        """Steps that can be timed."""
        tunes = None if self.tune is None else [partial(self.tune, part) for part in self.resolved]
        return Steps(self.resolved.values(), self.optimiser, tunes)

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
    def trainable(self) -> int:
        """Of all parts, adapters included."""
        return sum(each.trainable for each in self.parts.values())

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
            "parameters": self.parameters, "trainable": self.trainable, "flops": self.flops,
            "peak": self.peak, "batch": self.batch, "examples": self.examples, "memory": self.memory,
            "largest_batch": self.largest_batch,
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
    tuning: Tuning | None = None,
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
        tuning: what is frozen or adapted, of an architecture that is complete; needs a task.

    Raises:
        SettingError: the inputs of a part are not known, not even one example fits into the memory, or a batch has
            fewer examples than there are workers.
    """
    known = list(faults)
    architecture, signals, resolved, assembled = _complete(architecture, inputs or {}, task)
    for part, node in architecture.parts.items():
        if part in resolved:
            continue
        tree, wrong = examine(node, signals[part], part)
        known.extend(fault for fault in wrong if fault not in known)
        if tree is not None and not wrong:
            resolved[part] = tree
    memory = free() if memory is None else memory
    tune = tuning(assembled) if tuning is not None and assembled is not None and not known else None

    if known:
        size = 64 if batch is None else batch
        return Report(_costs(resolved, size, optimiser, None), tuple(known), size, examples, memory)
    if batch is None:
        batch = _largest(lambda size: _costs(resolved, size, optimiser, tune), usable(memory), {})
        if not batch:
            raise SettingError("not even one example fits", where="memory", got=units.size(memory))
    sent = None
    if together is not None:
        if batch < together.workers:
            expected = f"a batch of at least {together.workers}, one example for each worker"
            raise SettingError("the batch is too small", where="--workers", expected=expected, got=str(batch))
        of = {part: None if tune is None else partial(tune, part) for part in resolved}
        sizes = (volume(tree, together.workers, together.shard, tune=of[part]) for part, tree in resolved.items())
        sent = sum(sizes, Volume(0, 0, 0))
    costs = _costs(resolved, batch, optimiser, tune)
    more: dict[str, Any] = {"resolved": resolved, "optimiser": optimiser, "tune": tune}
    return Report(costs, (), batch, examples, memory, together, sent, **more)


def _costs(resolved: Mapping[str, Resolved], size: int, optimiser: str, tune: PartTune | None) -> dict[str, Cost]:
    return {
        part: cost(tree, size, optimiser=optimiser, tune=None if tune is None else partial(tune, part))
        for part, tree in resolved.items()
    }


def _largest(costs: Callable[[int], Mapping[str, Cost]], peak: int, known: Mapping[int, int]) -> int:
    """The largest batch within a peak; those of some batches are known."""

    def needed(size: int) -> int:
        return known.get(size) or sum(each.peak for each in costs(size).values())

    return largest(needed, peak)


def _complete(
    architecture: Architecture, inputs: Inputs, task: Task | None
) -> tuple[Architecture, Mapping[str, Mapping[str, Signal]], dict[str, Resolved], Assembled | None]:
    """With the task's heads where it can append them, what each part reads, and the parts that are sound already."""
    if task is None:
        return architecture, inputs_of(architecture, inputs), {}, None
    signals = {name: parse(text) if isinstance(text, str) else text for name, text in inputs.items()}
    try:
        complete = assemble(architecture, task, signals)
    except ArchitectureError:  # `examine` reports its faults, with all the others
        return architecture, task.inputs(signals), {}, None
    return complete.architecture, complete.inputs, dict(complete.resolved), complete
