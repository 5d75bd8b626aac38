"""weftnet with its defaults: the plan that it measures on a machine and remembers, with progress bar and checkpoints.

With ONLY_FLOAT32 in the environment the same plan runs in float32. `in_weftnet.py JOB plan` searches the plan of a
training of `planned` steps, as the first such training on a machine does.
"""

from _job import Clock, Job, job, report, threads  # isort: skip  (starts the clock)

import json
import os
import sys
import tempfile
from pathlib import Path

import torch
from rich.console import Console

from weftnet.architecture.reading import read_text
from weftnet.library.progress import Trainings
from weftnet.tasks import TASKS
from weftnet.tasks._scoring import Scoring
from weftnet.train import Recipe, fit


def main() -> None:
    torch.set_num_threads(threads())
    clock, this = Clock(), job()
    if sys.argv[2:] == ["plan"]:
        print(json.dumps(plan(this)))
        return
    with clock.aside():
        from _ready import Ready

        data, forced = Ready(this, clock.tick), "auto"
        if os.environ.get("ONLY_FLOAT32"):
            forced = plan(this)["fields"] | {"precision": "float32"}
    architecture, _ = read_text(this.architecture)
    task = TASKS.get(this.task[0])(**this.task[1])
    with tempfile.TemporaryDirectory() as folder:
        clock.begin()
        with Trainings(Console(stderr=True), 1, Scoring(task).deciding) as shown:
            progress, recipe = shown.training(this.network), Recipe(**settings(this), steps=this.steps, plan=forced)
            run = fit(architecture, task, data, recipe, Path(folder) / "run", listeners=[progress], device="cpu")
        clock.end()
        del clock.ticks[0]  # the first batch is requested before the first step
        planned = run.document["plan"]
        from _torch import before_and_after, parts, tensors

        model, task = parts(this)
        run.load_weights(model)
    losses = before_and_after(this, model, task, tensors(this)[1])
    report(this, clock, *losses, plan=words(planned), source=planned["source"])


def settings(this: Job) -> dict:
    """Fields of the recipe."""
    return {
        "optimiser": "adam", "lr": this.lr, "optimiser_settings": {"betas": this.betas}, "schedule": "constant",
        "batch_size": this.batch, "keep": "last",
    }  # fmt: skip


def plan(this: Job) -> dict:
    """The measured or remembered plan."""
    from _ready import Ready
    from _torch import parts

    from weftnet.train.planning import plan_of

    model, task = parts(this)
    record = plan_of(model, task, Ready(this), Recipe(**settings(this), steps=this.planned)).to_dict()
    return {
        "plan": words(record),
        "fields": record["plan"],
        "source": record["source"],
        "seconds": record["seconds"],
        "tried": record["tried"],
    }


def words(planned: dict) -> str:
    """A plan in words."""
    from weftnet.execution.plan import Plan

    return str(Plan.from_dict(planned["plan"]))


if __name__ == "__main__":
    main()
