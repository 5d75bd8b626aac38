"""Seconds until 92.5 % test accuracy on Fashion-MNIST: weftnet compared with a plain eager PyTorch loop.

    python benchmarks/fashion_time.py --data DIR --minutes 6        # repeat until it reports that everything is done

Both train the same network (architectures/fashion_plain.yaml) from the same weights with the same recipe: batches,
Muon, one-cycle schedule, label smoothing. The plain loop is eager PyTorch with its defaults, images as
(batch, channels, height, width), the pool behind the rectifier, data in memory, sliced into batches. The clock runs
from the untrained network to the end of the first evaluation on all test images, one after each epoch, that reaches the
goal; weftnet's measuring of plans is included, and nothing is remembered from earlier runs. The order alternates from
one seed to the next. Processor seconds are reported too, since a busy machine affects them less.

The test images decide when the clock stops, for both alike: this is a race to a mark, not an estimate of accuracy.
"""

import json
import os
import tempfile
import time
from pathlib import Path

import torch
from _report import HERE, Report, arguments, read, start
from torch.nn import functional as F

from weftnet.compose import build
from weftnet.data import open_data
from weftnet.data.read import read_npy
from weftnet.execution.plan import Plan
from weftnet.optim import OPTIMISERS, SCHEDULES
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.train import Recipe, fit
from weftnet.train.listeners._listener import Listener

GOAL = 0.925
SMOOTHING = 0.05
MUON = {"lr_others": 3e-3, "weight_decay": 0.05}
RECIPE = {
    "optimiser": "muon", "lr": 0.02, "optimiser_settings": MUON, "warmup": 0.2, "batch_size": 128, "keep": "last",
}  # fmt: skip
#: Expected seconds of a piece until one was measured: those of the slower contender.
EXPECTED = 180.0


def main() -> None:
    parser = arguments(__doc__, epochs=6, seeds=3, images=0)
    parser.add_argument("--minutes", type=float, default=6.0, help="no piece is started that would end later (6)")
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 2], metavar="N", help="threads (1 2)")
    args = start(parser)
    began, kept = time.perf_counter(), args.out / "fashion_time_pieces.json"
    pieces = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else []
    data, task = opened(args.data, args.images)
    for seed, threads, who in wanted(args):
        if any((each["seed"], each["threads"], each["who"]) == (seed, threads, who) for each in pieces):
            continue
        alike = [each["total"] for each in pieces if each["threads"] == threads]
        own = [each["total"] for each in pieces if (each["threads"], each["who"]) == (threads, who)]
        longest = max(own or alike, default=EXPECTED)
        if time.perf_counter() - began + longest > args.minutes * 60 and len(pieces):
            print("time is up: call again for the rest")
            break
        torch.set_num_threads(threads)
        result = (weftnet if who == "weftnet" else plain)(data, task, seed, threads, args.epochs)
        pieces.append({"who": who, "seed": seed, "threads": threads, **result})
        print(pieces[-1], flush=True)
        args.out.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(pieces, indent=1) + "\n", encoding="utf-8")
    report(args, pieces)


def wanted(args):
    """All pieces in the order in which they run: the two contenders of a pair one after the other."""
    for seed in range(args.seeds):
        for threads in args.counts:
            for who in ("plain", "weftnet") if seed % 2 == 0 else ("weftnet", "plain"):
                yield seed, threads, who


def opened(folder: Path, images: int):
    """The training images for training, the test images for evaluation; `images` limits both."""
    arrays = {
        f"{axis}_{ours}": read_npy(folder / "fashion_mnist" / f"{axis}_{theirs}.npy{'.xz' * (axis == 'x')}")
        for axis in "xy" for ours, theirs in (("train", "train"), ("val", "test"))
    }  # fmt: skip
    data = open_data({name: array[: images or None] for name, array in arrays.items()})
    return data, TASKS.get("classification").from_data(data, label_smoothing=SMOOTHING)


class Race(Listener):
    """Records when each evaluation ended, and stops the training at the goal."""

    def __init__(self) -> None:
        self.began, self.worked, self.accuracies = time.perf_counter(), time.process_time(), []

    def after_evaluation(self, line) -> None:
        self.note_accuracy(line["validation"]["accuracy"])
        if self.accuracies[-1] >= GOAL:
            raise Reached

    def note_accuracy(self, accuracy: float) -> None:
        self.accuracies.append(accuracy)
        self.last, self.cpu = time.perf_counter() - self.began, time.process_time() - self.worked

    def facts(self) -> dict:
        reached = self.accuracies[-1] >= GOAL
        return {"seconds": self.last if reached else None, "epochs": len(self.accuracies), "total": self.last,
                "cpu": self.cpu, "accuracies": [round(each, 4) for each in self.accuracies]}  # fmt: skip


class Reached(BaseException):
    """The goal is reached."""


def weftnet(data, task, seed: int, threads: int, epochs: int) -> dict:
    """weftnet with its defaults."""
    recipe = Recipe(**RECIPE, epochs=epochs, seed=seed, threads=threads)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder  # no plan is remembered
        race = Race()
        try:
            run = fit(network(), task, data, recipe, Path(folder) / "run", listeners=[race], device="cpu")
            planned = run.document["plan"]
        except Reached:
            planned = json.loads((Path(folder) / "run" / "run.json").read_text(encoding="utf-8"))["plan"]
    return race.facts() | {"plan": str(Plan.from_dict(planned["plan"])), "planning": round(planned["seconds"], 1)}


def plain(data, task, seed: int, threads: int, epochs: int) -> dict:
    """A plain loop around the same network, from the same weights."""
    complete = assemble(network(), task, data.signals)
    split = {name: whole(data, name) for name in ("train", "validation")}
    race = Race()
    model = build(complete.architecture, complete.inputs, seed=seed)["network"]
    optimiser = OPTIMISERS.get("muon")(model.named_parameters(), lr=RECIPE["lr"], **MUON)
    rates = [group["lr"] for group in optimiser.param_groups]
    torch.manual_seed(seed)
    x, y = split["train"]
    size, step = RECIPE["batch_size"], 0
    steps = epochs * (len(x) // size)
    for _ in range(epochs):
        model.train()
        order = torch.randperm(len(x))
        for rows in order[: len(x) // size * size].split(size):
            factor = SCHEDULES.get("one_cycle")((step + 0.5) / steps, warmup=RECIPE["warmup"])
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            loss = F.cross_entropy(model(x[rows]), y[rows], label_smoothing=SMOOTHING)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            step += 1
        race.note_accuracy(accuracy(model, *split["validation"]))
        if race.accuracies[-1] >= GOAL:
            break
    return race.facts()


def network():
    return read(HERE / "architectures" / "fashion_plain.yaml")


def whole(data, split: str):
    """Images and classes of a split."""
    batches = list(data.batches(split, 10_000))
    (name,) = data.signals
    return torch.cat([each.inputs[name] for each in batches]), torch.cat([each.target for each in batches])


def accuracy(model, x, y) -> float:
    """Share of correct answers."""
    model.eval()
    with torch.no_grad():
        right = sum(int((model(a).argmax(1) == b).sum()) for a, b in zip(x.split(1000), y.split(1000), strict=True))
    return right / len(x)


def half(mean: float) -> bool:
    """Whether it is at most a half."""
    return mean <= 0.5


def report(args, pieces: list[dict]) -> None:
    """All pieces as a table; a ratio for every pair."""
    note = f"Goal {GOAL:.1%} of the test images. Recipe: {RECIPE}, {args.epochs} epochs, label smoothing {SMOOTHING}."
    table = Report("fashion_time", "Fashion-MNIST, seconds to 92.5 % of the test images", args, note)
    for threads in args.counts:
        what = f"{threads} thread{'s' * (threads > 1)}"
        for seed in range(args.seeds):
            pair = {p["who"]: p for p in pieces if (p["seed"], p["threads"]) == (seed, threads)}
            for who, piece in pair.items():
                facts = {"epochs": piece["epochs"], "accuracy": piece["accuracies"][-1], "plan": piece.get("plan", "")}
                if piece["seconds"] is None:
                    print(f"{who}, {what}, seed {seed}: the goal was not reached: {piece['accuracies']}")
                else:
                    table.add(f"{who}, {what}", "s", piece["seconds"], digits=1, **facts)
                table.add(f"{who}, {what}", "s an epoch", piece["total"] / piece["epochs"], digits=1)
            if len(pair) == 2 and all(piece["seconds"] for piece in pair.values()):
                for key, metric in (("seconds", "of the time"), ("cpu", "of the processor's time")):
                    ratio, goal = pair["weftnet"][key] / pair["plain"][key], {"goal": "≤ 0.5", "met": half}
                    table.add(f"weftnet / plain, {what}", metric, ratio, digits=3, **goal)


if __name__ == "__main__":
    main()
