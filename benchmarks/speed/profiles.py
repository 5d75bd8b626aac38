"""Where the time of a step goes, in plain eager PyTorch and under the plan that weftnet measures, on one thread.

    python benchmarks/speed/profiles.py --networks seed_cnn gpt

Operators that take 2 % or more are listed with their own time, by torch's profiler. Page faults lengthen operators that
write to fresh memory.
"""

# ruff: noqa: E402  (the folders must be on the path before their modules are imported)

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent / "peers")]

import torch
from _job import Job
from _ready import Ready
from _report import HERE, circumstances
from _torch import parts
from in_weftnet import settings
from networks import NETWORKS, prepare
from torch.profiler import profile

from weftnet.execution.plan import Plan
from weftnet.train import Recipe
from weftnet.train.planning import plan_of
from weftnet.train.trial import Trial

STEPS = 20
#: Operators with a smaller share are not listed.
LEAST = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), metavar="NAME")
    parser.add_argument("--planned", type=int, default=2000, metavar="N", help="steps weftnet plans for (2000)")
    parser.add_argument("--out", type=Path, metavar="DIR", default=HERE / "results", help="folder for the report")
    args = parser.parse_args()
    args.data = None
    torch.set_num_threads(1)
    lines = ["# Where the time of a step goes", "", *__doc__.strip().splitlines()[-2:], ""]
    facts = circumstances(args, os.getloadavg()[0])
    for name in args.networks:
        with tempfile.TemporaryDirectory() as work:
            os.environ["XDG_CACHE_HOME"] = work
            job = Job(prepare(NETWORKS[name], STEPS, args.planned, Path(work) / name))
            lines += [f"## {name}", ""]
            model, task = parts(job)
            recipe = Recipe(**settings(job), steps=args.planned)
            for planned in (False, True):  # eager first: once freed memory is kept, it stays so
                plan = plan_of(model, task, Ready(job), recipe).plan if planned else Plan()
                with Trial(model, task, Ready(job), recipe, plan) as trial:
                    lines += [f"- {plan}: {measure(trial)}"]
                    print(name, lines[-1], flush=True)
            lines += [""]
    machine = f"{facts['hardware']['cpu']}, load {facts['hardware']['load when started']} when started"
    lines += [f"{facts['date']}, `{facts['command']}`; {machine}, torch {facts['versions']['torch']}."]
    (args.out / "speed_profiles.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def measure(trial: Trial) -> str:
    """Milliseconds of a step, and the shares of its operators."""
    for _ in range(5):
        trial.step()
    times = [trial.work() for _ in range(STEPS)]
    with profile() as seen:
        for _ in range(STEPS):
            trial.step()
    rows: list[Any] = sorted(seen.key_averages(), key=lambda row: -row.self_cpu_time_total)
    total = sum(row.self_cpu_time_total for row in rows)
    named = [f"{row.key.removeprefix('aten::')} {row.self_cpu_time_total / total:.0%}" for row in rows
             if row.self_cpu_time_total >= LEAST * total]  # fmt: skip
    return f"{sorted(times)[STEPS // 2] * 1e3:.2f} ms of the processor. {', '.join(named)}"


if __name__ == "__main__":
    main()
