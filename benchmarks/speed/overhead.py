"""What netloom's loop costs beside a hand-written one: the same network, plan, batches and optimiser, by turns.

    python benchmarks/speed/overhead.py --rounds 5

Progress bar, metrics and checkpoints are on (of the bar, what a terminal would show goes to nowhere). Goals: at most
2 % for steps of a millisecond or more, at most 30 µs a step below. Seconds are those of the processor, with one thread:
a machine that others use changes them less. A mean over all steps counts, so that what happens now and then is in it.
"""

# ruff: noqa: E402  (the folders come before what lies in them)

import argparse
import io
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent / "peers")]

import torch
from _job import Job
from _ready import Ready
from _report import HERE, Report
from _torch import parts, with_loss
from networks import NETWORKS, Network, classes, prepare, rule, zoo
from rich.console import Console

from netloom.commands.progress import Trainings
from netloom.reading import read_text
from netloom.tasks import TASKS
from netloom.train import Recipe, fit
from netloom.train.plan import Plan

SIZES = {
    "seed_cnn": (NETWORKS["seed_cnn"], 60),
    "mlp": (NETWORKS["mlp"], 300),
    "tiny mlp": (
        Network(zoo("mlp", widths=[16]), "vector:10", classes(3), lambda n: rule(n, columns=10, classes=3), batch=32),
        4000,
    ),
}
PLAN = Plan(pool_first=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="(5)")
    parser.add_argument("--networks", nargs="+", choices=SIZES, default=list(SIZES), metavar="NAME")
    parser.add_argument("--out", type=Path, metavar="DIR", default=HERE / "results", help="where the report goes")
    args = parser.parse_args()
    args.data = None
    torch.set_num_threads(1)
    report = Report("speed_overhead", "netloom's loop beside a hand-written one", args, __doc__.split("\n", 1)[0])
    for name in args.networks:
        network, steps = SIZES[name]
        with tempfile.TemporaryDirectory() as work:
            job = Job(prepare(network, steps, steps, Path(work) / "job"))
            for number in range(args.rounds + 1):
                by_hand, ours = hand_written(job), netloom(job)
                if number:  # the first warms up
                    tell(report, name, by_hand, ours)


def tell(report: Report, name: str, by_hand: float, ours: float) -> None:
    """The rows of a round; the goal depends on how long a step is."""
    if by_hand >= 1e-3:
        goal: dict[str, Any] = {"goal": "≤ 2", "met": lambda mean: mean <= 2, "digits": 2}
        report.add(name, "overhead, %", 100 * (ours / by_hand - 1), **goal, step=f"{by_hand * 1e3:.2f} ms")
    else:
        goal = {"goal": "≤ 30", "met": lambda mean: mean <= 30, "digits": 1}
        report.add(name, "overhead, µs a step", 1e6 * (ours - by_hand), **goal, step=f"{by_hand * 1e6:.0f} µs")


def hand_written(job: Job) -> float:
    """Processor seconds a step of a loop that does nothing else."""
    model, _ = parts(job)
    ticks = Ticks(job.steps)
    data = Ready(job, ticks)
    module = with_loss(job, model)
    optimiser = torch.optim.Adam(model.parameters(), lr=job.lr, betas=tuple(job.betas), fused=True)
    model.train()
    with PLAN.on(model):
        for step in range(job.steps):
            batch = PLAN.place(data.train_batch(step, job.batch, 0))
            loss = module(batch.inputs["x"], batch.target)
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
    return ticks.mean


def netloom(job: Job) -> float:
    """Processor seconds a step of `fit`."""
    ticks = Ticks(job.steps)
    data = Ready(job, ticks)
    task = TASKS.get(job.task[0])(**job.task[1])
    architecture, _ = read_text(job.architecture)
    recipe = Recipe(
        optimiser="adam", lr=job.lr, optimiser_settings={"betas": job.betas}, schedule="constant", keep="last",
        batch_size=job.batch, steps=job.steps, plan=PLAN.to_dict(),
    )  # fmt: skip
    terminal = Console(file=io.StringIO(), force_terminal=True)
    with tempfile.TemporaryDirectory() as folder, Trainings(terminal, 1, task.score) as shown:
        fit(architecture, task, data, recipe, Path(folder) / "run", progress=shown.training("run"), device="cpu")
    return ticks.mean


class Ticks:
    """Called at every step; reads the clock twice only, since that may take longer than a small step."""

    def __init__(self, steps: int) -> None:
        self.count, self.first, self.last = 0, steps // 10, steps - 1
        self.times: dict[int, float] = {}

    def __call__(self) -> None:
        if self.count in (self.first, self.last):
            self.times[self.count] = time.process_time()
        self.count += 1

    @property
    def mean(self) -> float:
        """Seconds of a step, the first tenth left out."""
        return (self.times[self.last] - self.times[self.first]) / (self.last - self.first)


if __name__ == "__main__":
    main()
