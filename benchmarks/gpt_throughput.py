"""A small GPT on Tiny Shakespeare: tokens per second, the share of the device's measured bf16 peak, and the loss.

    python benchmarks/gpt_throughput.py --data DIR --device cuda --minutes 1
    python benchmarks/gpt_throughput.py --data DIR --device cpu --small

6 layers, 6 heads, 384 wide, context 256, batch 64, dropout 0.2, AdamW: nanoGPT's setting for characters. The peers are
nanoGPT's loop around the same network from the same weights, in bf16 autocast with fused AdamW, eager and compiled,
with windows stacked on the processor and sent from pinned memory; weftnet runs `fit` under the plan that it measures
for `--planned` steps.

    share of the peak   tokens/s · (6 · weights in matrices + 12 · layers · dim · context) / FLOP/s of a large product

After that weftnet and the compiled loop train for `--minutes` each, with nanoGPT's schedule, and the loss on the whole
validation split is reported.
"""

import os
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from _device import FIRST, Watch, done, forget_peak, peak_mib, seconds, words
from _report import Report, arguments, start
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.architecture.spec import Architecture
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.optim import SCHEDULES
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.train import Recipe, fit
from weftnet.train.planning import plan_of
from weftnet.zoo import ZOO

SETTING = {"depth": 6, "heads": 6, "dim": 384, "context": 256, "batch": 64, "product": 8192}
SMALL = {"depth": 2, "heads": 2, "dim": 32, "context": 32, "batch": 4, "product": 256}
ADAMW = {"betas": [0.9, 0.99], "weight_decay": 0.1}
RATE, WARMUP, END = 1e-3, 0.02, 0.1


def main() -> None:
    parser = arguments(__doc__, steps=200, planned=200_000, rounds=2)
    parser.add_argument("--device", default="cuda", help="(cuda)")
    parser.add_argument("--minutes", type=float, default=1.0, help="minutes of training for the loss; 0 skips it (1)")
    parser.add_argument("--small", action="store_true", help="a tiny network and a few steps")
    args = start(parser)
    chosen = SMALL if args.small else SETTING
    report = Report("gpt_throughput", "Small GPT, training speed", args, words(args.device))
    peak = product(args.device, chosen["product"])
    report.add("matrix product", "TFLOP/s", peak / 1e12, digits=2, size=chosen["product"])
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        job = Job(args, chosen)
        planned = job.plan()
        report.add("weftnet", "s to find its plan", planned.seconds, digits=1, plan=str(planned.plan))
        for _ in range(args.rounds):
            for who, run in (("eager", job.loop), ("compiled", job.compiled), ("weftnet", job.weftnet)):
                forget_peak(args.device)
                step = run(args.steps)
                report.add(who, "tokens/s", job.tokens / step, digits=0, ms=round(step * 1e3, 3))
                report.add(who, "share of the peak", job.tokens / step * job.flops / peak, digits=4)
                report.add(who, "MiB", peak_mib(args.device), digits=0)
        if args.minutes:
            for who, run in (("compiled", job.loop_for), ("weftnet", job.weftnet_for)):
                loss, steps = run(args.minutes)
                report.add(f"{who}, {args.minutes:g} min", "validation, nats a character", loss, steps=steps)


def product(device: str, size: int) -> float:
    """FLOP/s of a square product in bf16."""
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    return 2 * size**3 / seconds(lambda: a @ b, device)


class Job:
    """The network, the text, and the ways to train."""

    def __init__(self, args: Any, chosen: dict[str, int]) -> None:
        self.device, self.planned, self.batch = args.device, args.planned, chosen["batch"]
        self.data = open_data(args.data / "tiny_shakespeare" / "input.txt.xz", context=chosen["context"])
        self.task = TASKS.get("language_model").from_data(self.data)
        layout = {name: chosen[name] for name in ("depth", "heads", "dim")}
        self.architecture: Architecture = ZOO.get("char_transformer")(**layout, dropout=0.2)
        self.tokens, model = chosen["batch"] * chosen["context"], self.built()
        looked_up = [model["network"].get_submodule(place) for place in ("0", "1")]  # embedding and positions
        weights = size(model) - sum(map(size, looked_up))
        self.flops = 6 * weights + 12 * chosen["depth"] * chosen["dim"] * chosen["context"]

    def built(self) -> nn.ModuleDict:
        """The network with its first weights, on the device."""
        complete = assemble(self.architecture, self.task, self.data.signals)
        return build(complete.architecture, complete.inputs, seed=0).to(self.device)

    def recipe(self, **length: Any) -> Recipe:
        """nanoGPT's."""
        return Recipe(
            lr=RATE, optimiser_settings=ADAMW, schedule="cosine", schedule_settings={"end": END}, warmup=WARMUP,
            batch_size=self.batch, clip=1.0, keep="last", evaluate_every="1000000 steps", **length,
        )  # fmt: skip

    def plan(self) -> Any:
        """The plan that weftnet finds for a long training and remembers for later ones on this machine."""
        data = self.data.to(self.device) if self.device.startswith("cuda") else self.data
        return plan_of(self.built(), self.task, data, self.recipe(steps=self.planned))

    def weftnet(self, steps: int) -> float:
        """Seconds per step of `fit`."""
        watch, _ = self._fit(steps=steps)
        return watch.seconds[0] / steps

    def weftnet_for(self, minutes: float) -> tuple[float, int]:
        """The loss after that time, planning and compiling included, and the number of steps."""
        watch, history = self._fit(budget=minutes * 60)
        return history[-1]["validation"]["nats_per_token"], watch.steps

    def _fit(self, **length: Any) -> tuple[Watch, list]:
        watch = Watch()
        with tempfile.TemporaryDirectory() as folder:
            run = fit(self.architecture, self.task, self.data, self.recipe(**length), Path(folder) / "run",
                      listeners=[watch], device=self.device)  # fmt: skip
            return watch, run.history

    def compiled(self, steps: int) -> float:
        """As `loop`, compiled."""
        return self.loop(steps, compiled=True)

    def loop(self, steps: int, compiled: bool = False) -> float:
        """Seconds per step of nanoGPT's loop, without the first steps."""
        loop = Loop(self, steps, compiled)
        for step in range(min(FIRST, steps // 2)):
            loop.step(step)
        done(self.device)
        began, first = time.perf_counter(), min(FIRST, steps // 2)
        for step in range(first, steps):
            loop.step(step)
        done(self.device)
        loop.leave()
        return (time.perf_counter() - began) / (steps - first)

    def loop_for(self, minutes: float) -> tuple[float, int]:
        """The loss after that time, compiling included, and the number of steps."""
        began = time.perf_counter()
        trial = self.loop(50, compiled=True)
        steps = max(1, int((minutes * 60 - (time.perf_counter() - began)) / trial))
        loop = Loop(self, steps, True)
        for step in range(steps):
            loop.step(step)
        metrics = self.task.evaluate(
            loop.model, (b.to(self.device) for b in self.data.batches("validation", self.batch))
        )
        loop.leave()
        return metrics["nats_per_token"], steps


def size(module: nn.Module) -> int:
    """Its parameters."""
    return sum(parameter.numel() for parameter in module.parameters())


class Loop:
    """The hand-written loop: bf16 autocast, fused AdamW, clipped gradients, batches from pinned memory."""

    def __init__(self, job: Job, steps: int, compiled: bool) -> None:
        self.job, self.steps, self.model = job, steps, job.built()
        self.network = torch.compile(self.model["network"]) if compiled else self.model["network"]
        matrices = [p for p in self.model.parameters() if p.ndim >= 2]
        others = [p for p in self.model.parameters() if p.ndim < 2]
        groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.99), fused=True)
        self.on_gpu = job.device.startswith("cuda")
        # the training split, joined from its adjacent windows
        self.text = torch.cat([batch.inputs["tokens"].flatten() for batch in job.data.batches("train", 1024)])
        self.model.train()

    def step(self, number: int) -> None:
        factor = SCHEDULES.get("cosine")((number + 0.5) / self.steps, warmup=WARMUP, end=END)
        for group in self.optimiser.param_groups:
            group["lr"] = RATE * factor
        tokens, following = self.windows()
        with torch.autocast("cuda", torch.bfloat16) if self.on_gpu else nullcontext():
            loss = F.cross_entropy(self.network(tokens).flatten(0, 1), following.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)

    def windows(self) -> tuple[Tensor, Tensor]:
        """A batch of windows from random places of the training split."""
        context = self.job.task.context
        starts = torch.randint(len(self.text) - context, (self.job.batch,)).tolist()
        both = torch.stack([self.text[start : start + context + 1] for start in starts])
        if self.on_gpu:
            both = both.pin_memory().to(self.job.device, non_blocking=True)
        return both[:, :-1].contiguous(), both[:, 1:].contiguous()

    def leave(self) -> None:
        """Drop compiled code."""
        torch._dynamo.reset()


if __name__ == "__main__":
    main()
