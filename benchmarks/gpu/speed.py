"""Training speed on a GPU: weftnet's plan, plain PyTorch eager and compiled; the networks of benchmarks/speed.

    python benchmarks/gpu/speed.py --device cuda --minutes 7        # writes results/gpu_speed.json and .md
    python benchmarks/gpu/speed.py --device cpu --small             # few steps of two networks, as a smoke test

All examples, twenty batches of them, are on the device, where batches are sliced from them. Every contender trains the
same weights on the same batches in the same order:

    eager       a plain loop, PyTorch's defaults
    compiled    the same in bf16 autocast, network and loss compiled for CUDA graphs (reduce-overhead), fused Adam
    weftnet     `fit` with a plan measured beforehand for `--planned` steps; the time for that is reported

Rounds alternate. Seconds per step are those of all steps but the first ones, with the GPU synchronised at both ends.
The held-out losses of all contenders must agree; bf16 rounds more than float32. Networks are started as long as the
minutes last, and the report is written after every figure.
"""

# ruff: noqa: E402  (the folders must be on the path before their modules are imported)

import argparse
import os
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HERE), str(HERE / "speed"), str(HERE / "speed" / "peers")]

import torch
from _device import FIRST, Watch, done, forget_peak, peak_mib, words
from _job import Job
from _ready import Ready
from _report import Report
from _torch import held_out, parts, tensors, with_loss
from networks import NETWORKS, prepare

from weftnet.architecture.reading import read_text
from weftnet.data.batch import Batch
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit
from weftnet.train.planning import plan_of

CHOICE = ("seed_cnn", "residual_cnn", "gpt", "transformer", "mlp", "lstm", "vae")
#: Batches of examples.
BATCHES = 20
#: Held-out losses may differ by this share, and by this many nats: Adam's first steps are as long for a gradient of
#: rounding errors as for any other.
TOLERANCE, NATS = 0.1, 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="(cuda)")
    parser.add_argument("--networks", nargs="+", choices=CHOICE, default=list(CHOICE), metavar="NAME")
    parser.add_argument(
        "--scale", type=int, default=8, metavar="N", help="factor of the batch size of benchmarks/speed (8)"
    )
    parser.add_argument("--steps", type=int, default=1000, metavar="N", help="(1000)")
    parser.add_argument("--rounds", type=int, default=2, metavar="N", help="(2)")
    parser.add_argument("--planned", type=int, default=1_000_000, metavar="N", help="steps weftnet plans for (1000000)")
    parser.add_argument("--minutes", type=float, default=7.0, help="no network is started later (7)")
    parser.add_argument("--small", action="store_true", help="two networks, few steps")
    parser.add_argument("--out", type=Path, metavar="DIR", default=HERE / "results", help="folder for the report")
    args = parser.parse_args()
    args.data = None
    if args.small:
        args.networks, args.scale, args.steps, args.rounds, args.planned = ["mlp", "vae"], 1, 12, 1, 12
    report = Report("gpu_speed", "Training speed on one GPU", args, f"{words(args.device)} Batches × {args.scale}.")
    began, wrong, last = time.perf_counter(), [], 0.0
    for name in args.networks:
        here = time.perf_counter()
        if here - began + last > args.minutes * 60:
            print(f"no time is left for {name}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.environ["XDG_CACHE_HOME"] = folder
            wrong += compare(name, Path(folder), args, report)
        last = time.perf_counter() - here
    if wrong:
        raise SystemExit("\n".join(wrong))


def compare(name: str, folder: Path, args: Any, report: Report) -> list[str]:
    """All rounds of a network; returns the errors."""
    network = NETWORKS[name]
    job = Job(prepare(scaled(network, args.scale), min(args.steps, BATCHES), args.planned, folder / name))
    job.steps = args.steps
    planned = plan(job, args.device)
    report.add(f"{name}: plan", "s", planned["seconds"], digits=1, plan=planned["plan"])
    for tried in planned["tried"]:
        print(f"  {tried['plan']}: {tried['verdict']} {tried['ratio'] or ''}", flush=True)
    losses: dict[str, float] = {}
    contenders = {"eager": loop, "compiled": compiled, "weftnet": weftnet}
    for number in range(args.rounds):
        order = list(contenders)[number % 3 :] + list(contenders)[: number % 3]
        steps = {}
        for who in order:
            forget_peak(args.device)
            steps[who], losses[who] = contenders[who](job, args.device)
            facts = {"MiB": round(peak_mib(args.device)), "loss": round(losses[who], 4)}
            report.add(f"{name}: {who}", "samples/s", job.batch / steps[who], digits=0, **facts)
        for peer in ("eager", "compiled"):
            report.add(f"{name}: weftnet", f"ratio to {peer}", steps[peer] / steps["weftnet"], digits=2)
    first = losses["eager"]
    return [f"{name}: {who} reaches the loss {loss}, eager {first}" for who, loss in losses.items()
            if not abs(loss - first) <= TOLERANCE * abs(first) + NATS]  # fmt: skip


def scaled(network: Any, times: int) -> Any:
    """The network with larger batches, to occupy a GPU."""
    return type(network)(**{**vars(network), "batch": network.batch * times})


def recipe(job: Job, steps: int) -> Recipe:
    """Adam with a constant rate."""
    return Recipe(
        optimiser="adam", lr=job.lr, optimiser_settings={"betas": job.betas}, schedule="constant", keep="last",
        batch_size=job.batch, steps=steps, evaluate_every="1000000000 steps",
    )  # fmt: skip


class There(Ready):
    """The job's examples on the device; a batch is a slice of them."""

    def __init__(self, job: Job, device: str) -> None:
        super().__init__(job)
        self.x, self.y = self.x.to(device), self.y.to(device)
        self.numbers = torch.arange(len(self.x), device=device)

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """The examples of a step, in stored order."""
        start = step % self.steps_per_epoch(batch_size) * batch_size
        rows = slice(start, start + batch_size)
        return Batch({"x": self.x[rows]}, {}, {"y": self.y[rows]}, self.numbers[rows])


def plan(job: Job, device: str) -> dict[str, Any]:
    """Measure the plan, as the first `fit` on this machine would; later ones remember it."""
    model, task = parts(job)
    search = plan_of(model.to(device), task, There(job, device), recipe(job, job.planned))
    return {**search.to_dict(), "plan": str(search.plan)}


def weftnet(job: Job, device: str) -> tuple[float, float]:
    """Seconds per step of `fit`, and the held-out loss."""
    watch, task = Watch(), TASKS.get(job.task[0])(**job.task[1])
    architecture, _ = read_text(job.architecture)
    with tempfile.TemporaryDirectory() as folder:
        run = fit(architecture, task, There(job, device), recipe(job, job.steps), Path(folder) / "run",
                  listeners=[watch], device=device)  # fmt: skip
        model, task = parts(job)
        run.load_weights(model)
    return watch.seconds[0] / job.steps, held_out(job, model, task, tensors(job)[1])


def compiled(job: Job, device: str) -> tuple[float, float]:
    """As `loop`, with network and loss compiled for CUDA graphs, in bf16 on a GPU."""
    return loop(job, device, fast=True)


def loop(job: Job, device: str, fast: bool = False) -> tuple[float, float]:
    """Seconds per step of a hand-written loop, and the held-out loss."""
    model, task = parts(job)
    data, module = There(job, device), with_loss(job, model).to(device)
    optimiser = torch.optim.Adam(module.parameters(), lr=job.lr, betas=tuple(job.betas), fused=fast or None)
    module.train()
    step_loss = torch.compile(module, mode="reduce-overhead" if device == "cuda" else None) if fast else module
    first = min(FIRST, job.steps // 2)
    for step in range(job.steps):
        if step == first:
            done(device)
            began = time.perf_counter()
        batch = data.train_batch(step, job.batch, 0)
        with torch.autocast("cuda", torch.bfloat16) if fast and device == "cuda" else nullcontext():
            loss = step_loss(batch.inputs["x"], batch.target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    done(device)
    seconds = (time.perf_counter() - began) / (job.steps - first)
    torch._dynamo.reset()
    return seconds, held_out(job, model.cpu(), task, tensors(job)[1])


if __name__ == "__main__":
    main()
