"""What `check` says of a training step – peak memory and time – against what the step takes.

    memory      weights, buffers, gradients, optimiser state, the batch, and whatever forward, backward and update hold
                at the worst moment: predicted by `cost.cost`, measured as the bytes that torch's CPU allocator has
                given out at once (torch.profiler's record of every allocation) on top of what is there between steps
    resident    the same step's growth of the resident set (VmHWM, reset before), with scratch of oneDNN and MKL and
                pages of code: reported where it is large enough to mean something
    time        the lowest decile of at least ten steps of a loop of its own, against what `check` says three ways:
        default     `cost.step_time`, which times steps of this batch size by itself where its budget allows
        line        the same where only an eighth of the batch fits, so that it is estimated from two smaller sizes
        roofline    `cost.roofline`, measured at the start of the very process that then times the steps

A step is plain eager PyTorch in float32: forward, backward from a gradient of ones, AdamW, gradients set to None; for
its time with freed memory kept, as `fit` keeps it. Of one thread time is the processor's, which does not count waiting
for a processor that others use; of several it is the clock's. The loop that is timed runs before and after what `check`
does, in the same process. What weftnet does beyond such a step – the plan that `fit` measures: channels_last,
pool_first, compile – is not in it.

The networks (cost_parts/networks.py) are every entry of the zoo at a size people train, architectures drawn by
`compose.generate` with seeds that were looked at while the rules of memory were written, and, apart, fresh ones drawn
with seeds that nobody looked at before.

Every measurement is kept in `cost_cases.json` when it is made; a second call makes those that are missing.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from _report import Report, arguments, start
from cost_parts.networks import Case, cases
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from weftnet.base.heap import kept_memory
from weftnet.compose import Network
from weftnet.cost.cost import cost
from weftnet.cost.machine import this_machine
from weftnet.cost.microbenchmarks import measure
from weftnet.cost.roofline import Roofline
from weftnet.cost.step_time import Steps, step_time
from weftnet.optim import OPTIMISERS

BATCHES = (4, 32, 128)
#: cases that one process measures
TOGETHER = 10
#: the batch whose time is also estimated from an eighth of it
LINE = 128
LIMIT = 4 << 30
RESIDENT = 64 << 20


def batch_of(network: Network, batch: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Random inputs, and masks that leave between one step and all of them."""
    inputs, masks = {}, {}
    for name, signal in network.inputs.items():
        shape = signal.shape(batch)
        inputs[name] = torch.randint(signal.known["vocabulary"], shape) if signal.dtype == "int" else torch.randn(shape)
        if signal.padded:
            lengths = torch.randint(1, shape[1] + 1, (batch, 1)).clamp(min=max(shape[1] // 2, 1))
            masks[name] = torch.arange(shape[1]) < lengths
    return inputs, masks


class Stepper:
    """A network with its optimiser, and a batch of a size."""

    def __init__(self, case: Case, batch: int) -> None:
        torch.manual_seed(0)
        self.network = Network(case.resolved)
        self.inputs, self.masks = batch_of(self.network, batch)
        self.optimiser = OPTIMISERS.get("adamw")(self.network.named_parameters()) if self._parameters() else None

    def _parameters(self) -> list[Tensor]:
        return list(self.network.parameters())

    def __call__(self) -> None:
        """One step."""
        y = self.network(self.inputs, self.masks or None)
        given = [each for each in (y.values() if isinstance(y, dict) else [y]) if each.requires_grad]
        del y
        if given and self.optimiser is not None:
            torch.autograd.backward(given, [torch.ones_like(each) for each in given])
            del given
            self.optimiser.step()
            self.optimiser.zero_grad()

    def stays(self) -> int:
        """Bytes that are there between steps."""
        state = [t for entry in self.optimiser.state.values() for t in entry.values()] if self.optimiser else []
        tensors = [*self._parameters(), *self.network.buffers(), *self.inputs.values(), *self.masks.values(), *state]
        return sum(t.untyped_storage().nbytes() for t in tensors)


def memory(case: Case, batch: int) -> dict[str, Any]:
    """Peak bytes of a step by torch's allocator, and by the operating system."""
    step = Stepper(case, batch)
    step()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        step()
    now = most = 0
    for event in profiler.profiler.kineto_results.events():
        if event.name() == "[memory]":
            now += event.nbytes()
            most = max(most, now)
    del profiler
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _resident("VmRSS")
    step()
    return {"peak": step.stays() + most, "resident": step.stays() + _resident("VmHWM") - before}


def _resident(field: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))


def seconds(case: Case, batch: int, roofline: Roofline) -> dict[str, Any]:
    """Seconds of a step as measured here, and as `check` has them."""
    before = stopwatch(Stepper(case, batch))
    steps = Steps([case.resolved])
    default = step_time(steps, batch)
    figures = {"check": default.total, "source": default.source}
    if batch == LINE:
        figures["line"] = step_time(steps, batch, fits=lambda size: size <= batch // 8).total
    figures["roofline"] = roofline.step_time([cost(case.resolved, batch)]).total
    samples = sorted([*before, *stopwatch(Stepper(case, batch))])
    return {**figures, "seconds": samples[len(samples) // 10], "load": round(os.getloadavg()[0], 1)}


def stopwatch(step: Stepper) -> list[float]:
    """Seconds of steps, one after another, after one that warms up."""
    clock = time.thread_time if torch.get_num_threads() == 1 else time.perf_counter
    step()
    samples: list[float] = []
    end = time.perf_counter() + 0.3
    while len(samples) < 5 or (time.perf_counter() < end and len(samples) < 100):
        began = clock()
        step()
        samples.append(clock() - began)
    return samples


def child(args: argparse.Namespace) -> None:
    """Measure some cases in this process, one line for each."""
    wanted = json.loads(args.child)
    named = {case.name: case for case in cases(args.seeds)}
    roofline = measure(this_machine()) if wanted["what"] != "memory" else None
    for name, batches in wanted["cases"].items():
        case = named[name]
        with kept_memory(roofline is not None):
            figures = {b: memory(case, b) if roofline is None else seconds(case, b, roofline) for b in batches}
        print(json.dumps([name, figures]), flush=True)


def measured(what: str, missing: Mapping[str, list[int]], args: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    """The same in a process of its own; for memory with an allocator that gives large pieces back at once."""
    wanted = json.dumps({"what": what, "cases": missing})
    command = [sys.executable, __file__, "--child", wanted, "--seeds", str(args.seeds), "--threads", str(args.threads)]
    env = {"OMP_NUM_THREADS": str(args.threads), "MKL_NUM_THREADS": str(args.threads), "PATH": ""}
    env |= {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"} if what == "memory" else {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("["):
                yield tuple(json.loads(line))
    if process.returncode:
        raise SystemExit(f"measuring {list(missing)} failed")


def main() -> None:
    parser = arguments(__doc__, seeds=5)
    parser.add_argument("--what", default="memory,time", help="what to measure (memory,time)")
    parser.add_argument("--families", default="", help="leave out other families, fresh or dense,attention say")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = start(parser, needs_data=False)
    if args.child:
        return child(args)
    path = args.out / "cost_cases.json"
    kept: dict[str, dict[str, dict[str, Any]]] = json.loads(path.read_text()) if path.exists() else {}
    all_cases = list(cases(args.seeds))
    for what in filter(None, args.what.split(",")):
        key = "peak" if what == "memory" else f"time {args.threads}"
        missing = {}
        for case in random.Random(0).sample(all_cases, len(all_cases)):  # a run that is stopped leaves a fair sample
            if args.families and case.family not in args.families.split(","):
                continue
            fits = [batch for batch in BATCHES if cost(case.resolved, batch).peak < LIMIT]
            if batches := [batch for batch in fits if key not in kept.get(case.name, {}).get(str(batch), {})]:
                missing[case.name] = batches
        for some in _batched(list(missing)):
            for name, figures in measured(what, {name: missing[name] for name in some}, args):
                here = kept.setdefault(name, {})
                for batch, one in figures.items():
                    here.setdefault(batch, {}).update(one if what == "memory" else {key: one})
                print(what, name, figures, flush=True)
                path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    summarise(all_cases, kept, args)


def _batched(names: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(names), TOGETHER):
        yield names[first : first + TOGETHER]


def summarise(all_cases: list[Case], kept: dict[str, dict[str, dict[str, Any]]], args: argparse.Namespace) -> None:
    """Write the distribution of predicted / measured by family; memory is predicted anew."""
    ratios: dict[tuple[str, str], list[float]] = {}
    worst: dict[str, list[tuple[float, str, int]]] = {}
    loads: list[float] = []
    for case in all_cases:
        for batch, figures in kept.get(case.name, {}).items():
            peak = cost(case.resolved, int(batch)).peak
            pairs = {
                "memory": (peak, figures.get("peak")),
                "resident": (peak, figures.get("resident") if figures.get("peak", 0) > RESIDENT else None),
            }
            for threads in (1, 2):
                timed = figures.get(f"time {threads}", {})
                loads += [timed["load"]] if timed else []
                for way in ("check", "line", "roofline"):
                    if way in timed:
                        label = f"{way} ({timed['source']})" if way == "check" else way
                        pairs[f"time, {threads} thread(s), {label}"] = (timed[way], timed["seconds"])
            for what, (predicted, real) in pairs.items():
                if real:
                    families = [case.family] if case.family in ("drawn", "fresh") else [case.family, "zoo"]
                    for family in families:
                        ratios.setdefault((what, family), []).append(predicted / real)
                    worst.setdefault(what, []).append((predicted / real, case.name, int(batch)))
    note = NOTE.format(n=len(all_cases))
    if loads:
        note += f" While times were measured the machine's load was {min(loads)} to {max(loads)}, on two cores."
    report = Report("cost", "What `check` says of a training step, and what the step takes", args, note)
    for (what, family), values in sorted(ratios.items()):
        row = Quantiles(values)
        goal = 0.10 if what == "memory" else 0.25 if "check" in what else None
        met: dict[str, Any] = {"goal": f"≤ {goal}", "met": lambda v, g=goal: v <= g} if goal else {}
        report.add(f"{what}, {family}", "90th percentile of |predicted / measured − 1|", row.error(0.9), digits=3,
                   cases=len(values), median_error=round(row.error(0.5), 3), **row.facts(), **met)  # fmt: skip
    for what, some in worst.items():
        for ratio, name, batch in sorted(some, key=lambda one: -abs(one[0] - 1))[:8]:
            print(f"worst {what}: {ratio:.2f} {name}, batch {batch}")


class Quantiles:
    """Of ratios predicted / measured."""

    def __init__(self, values: list[float]) -> None:
        self.values = sorted(values)

    def at(self, share: float) -> float:
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]

    def error(self, share: float) -> float:
        errors = sorted(abs(value - 1) for value in self.values)
        return errors[min(int(share * len(errors)), len(errors) - 1)]

    def facts(self) -> dict[str, float]:
        shares = {"lowest": 0.0, "5 %": 0.05, "median": 0.5, "95 %": 0.95, "highest": 1.0}
        return {name: round(self.at(share), 3) for name, share in shares.items()}


NOTE = """\
{n} networks × batch sizes 4, 32, 128, those left out that would need more than 4 GiB. *drawn* are random architectures
that were looked at while the rules of memory were written, *fresh* those that were not. A ratio is predicted over
measured; the quantiles of each run are those of the ratio. How both come about: `benchmarks/cost.py`."""

if __name__ == "__main__":
    main()
