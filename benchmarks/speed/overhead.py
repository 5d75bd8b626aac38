"""The overhead of weftnet's loop over a hand-written one: the same network, plan, batches and optimiser, step by step.

    python benchmarks/speed/overhead.py

Each step of `fit` is followed by a step of a hand-written loop on a copy of the network, so that other load on the
machine affects both. Progress bar, metrics and checkpoints are on (the bar's terminal output is discarded). Times are
processor seconds, with one torch thread; the time of weftnet's other threads, which draw the bar, is added to its own.
A round is the mean over all steps, so it includes work that is done only occasionally. Goals: at most 2 % for steps of
a millisecond or more, at most 30 µs per step below that. A checkpoint is timed separately: one is written every 30 s.
"""

# ruff: noqa: E402  (the folders must be on the path before their modules are imported)

import argparse
import io
import json
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
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

from weftnet.architecture.reading import read_text
from weftnet.execution.executor import Executor
from weftnet.execution.plan import Plan
from weftnet.library.progress import Trainings
from weftnet.tasks import TASKS
from weftnet.tasks._scoring import Scoring
from weftnet.train import Recipe, fit
from weftnet.train.checkpoint import Checkpoints
from weftnet.train.state import State


def table(columns: int, widths: list[int], batch: int) -> Network:
    """A dense network on a table of ten classes."""
    return Network(
        zoo("mlp", widths=widths), f"vector:{columns}", classes(10), lambda n: rule(n, columns=columns), batch=batch
    )


#: (network, steps of a round)
SIZES = {
    "tiny MLP": (table(10, [16], 32), 1500),
    "MLP": (table(100, [256, 256], 128), 500),
    "CNN": (replace(NETWORKS["seed_cnn"], batch=32), 60),
}
PLAN = Plan(pool_first=True)
#: Seconds between two checkpoints, unless a recipe says otherwise.
EVERY = Recipe().checkpoint_every


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="(7)")
    parser.add_argument("--networks", nargs="+", choices=SIZES, default=list(SIZES), metavar="NAME")
    parser.add_argument("--out", type=Path, metavar="DIR", default=HERE / "results", help="folder for the report")
    args = parser.parse_args()
    args.data = None
    torch.set_num_threads(1)
    report = Report("speed_overhead", "weftnet's loop beside a hand-written one", args, __doc__.split("\n\n")[2])
    for name in args.networks:
        network, steps = SIZES[name]
        with tempfile.TemporaryDirectory() as work:
            job = Job(prepare(network, steps, steps, Path(work) / "job"))
            for number in range(args.rounds + 1):
                by_hand, ours = beside(job)
                if number:  # the first warms up
                    add_rows(report, name, by_hand, ours)
            report.add(name, "a checkpoint, ms", 1e3 * (took := checkpoint(job)), share=f"{took / EVERY:.3%} of 30 s")


def add_rows(report: Report, name: str, by_hand: float, ours: float) -> None:
    """Report a round; the goal depends on the length of a step."""
    facts = {"step": f"{by_hand * 1e6:.0f} µs"}
    short, more = by_hand < 1e-3, ours - by_hand
    goal: dict[str, Any] = {"goal": "≤ 30", "met": lambda mean: mean <= 30} if short else {}
    report.add(name, "overhead, µs a step", 1e6 * more, digits=1, **goal, **facts)
    goal = {} if short else {"goal": "≤ 2", "met": lambda mean: mean <= 2}
    report.add(name, "overhead, %", 100 * more / by_hand, digits=2, **goal, **facts)


def beside(job: Job) -> tuple[float, float]:
    """Processor seconds per step: of the hand-written loop, and of `fit`."""
    loss, other = together(job)
    if abs(loss - other.loss) > 1e-3 * abs(loss):
        raise SystemExit(f"the loops are not the same: mean losses {loss} and {other.loss}")
    return other.means()


def together(job: Job) -> tuple[float, "Other"]:
    """Train with both loops, step by step in turns; the mean loss of `fit`, and the other loop."""
    task = TASKS.get(job.task[0])(**job.task[1])
    architecture, _ = read_text(job.architecture)
    recipe = Recipe(
        optimiser="adam", lr=job.lr, optimiser_settings={"betas": job.betas}, schedule="constant", keep="last",
        batch_size=job.batch, steps=job.steps, plan=PLAN.to_dict(),
    )  # fmt: skip
    terminal = Console(file=io.StringIO(), force_terminal=True)
    board = Trainings(terminal, 1, Scoring(task).deciding)
    with tempfile.TemporaryDirectory() as folder, board as shown, closing(hand_written(job)) as by_hand:
        data = Ready(job, other := Other(by_hand, warm=job.steps // 10))
        run = fit(
            architecture, task, data, recipe, Path(folder) / "run", listeners=[shown.training("run")], device="cpu"
        )
        return json.loads(run.text("history.jsonl").splitlines()[-1])["loss"]["network"], other


def hand_written(job: Job) -> Generator[torch.Tensor, None, None]:
    """A bare training loop, as a generator: one step for each value."""
    model, _ = parts(job)
    data = Ready(job)
    executor = Executor(model, PLAN)
    module = with_loss(job, executor.model)
    optimiser = torch.optim.Adam(model.parameters(), lr=job.lr, betas=tuple(job.betas), fused=True)
    executor.model.train()
    with executor:
        for number in range(job.steps):
            batch = data.train_batch(number, job.batch, 0)
            loss = module(batch.inputs["x"], batch.target)
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            yield loss.detach()


class Other:
    """Called at every step of `fit`: makes a step of the other loop, and attributes processor time to each.

    Args:
        steps: of the other loop.
        warm: number of initial steps of each loop that don't count.
    """

    def __init__(self, steps: Iterator[torch.Tensor], warm: int) -> None:
        self.steps, self.warm, self.count = steps, warm, 0
        self.theirs = self.ours = self.left = self.began = 0.0
        self.losses: list[torch.Tensor] = []

    def __call__(self) -> None:
        now = time.thread_time()
        self.count += 1
        if self.count == self.warm:
            self.began = time.process_time() - now  # time of other threads so far
        elif self.count > self.warm:
            self.ours += now - self.left
        self.losses.append(next(self.steps))
        self.left = time.thread_time()
        if self.count > self.warm:
            self.theirs += self.left - now
        self.beside = time.process_time() - self.left - self.began

    def means(self) -> tuple[float, float]:
        """Seconds per step of the other loop and of `fit`.

        The time of other threads belongs to `fit`; they always run, so only the share during its own steps counts.
        """
        beside = self.beside * self.ours / (self.ours + self.theirs)
        return self.theirs / (self.count - self.warm), (self.ours + beside) / (self.count - self.warm)

    @property
    def loss(self) -> float:
        """The mean over all steps."""
        return float(torch.stack(self.losses).mean())


def checkpoint(job: Job) -> float:
    """Seconds for which a checkpoint delays the training, the median of five."""
    model, task = parts(job)
    state = State(model, task, Recipe(optimiser="adam"))
    model["network"](torch.from_numpy(job.arrays["x"][: job.batch])).sum().backward()
    for optimiser in state.optimisers.values():
        optimiser.step()
        optimiser.zero_grad()
    times = []
    with tempfile.TemporaryDirectory() as folder:
        kept = Checkpoints(Path(folder))
        for number in range(5):
            began = time.perf_counter()
            kept.save(number, *state.saved())
            times.append(time.perf_counter() - began)
    return sorted(times)[2]


if __name__ == "__main__":
    main()
