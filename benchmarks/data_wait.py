"""How long a training waits for its data if they don't fit into the memory it is allowed.

    python benchmarks/data_wait.py --data DIR

Three data sets train networks that suit them: CIFAR-10, JPEGs in a Parquet file, a residual CNN; Fashion-MNIST, a file
of arrays, LeNet, whose steps are short; AG News, a table of texts, a CNN over words. Each is opened with far less
memory than it needs, so it is decoded once into files of bytes or tokens on disk, which are memory-mapped. Then it
trains, in a process of its own, in four ways:

    in memory     everything is held in memory, encoded
    streamed      batches are prepared ahead of time by threads, weftnet's default
    cold          the same, after the files were dropped from the system's page cache
    by the loop   each batch is made when it is needed

Goal: streamed, waiting for data takes less than 2 % of the training time, evaluation included. The disk is really cold
only if the data are larger than the machine's memory: opening them reads them once, for their checksums. Peak memory is
that of the whole process, next to what it used before it opened the data; mapped pages count for as long as the system
keeps them. The preparation pass is timed separately: fitting, decoding, writing, checksums.
"""

import argparse
import csv
import json
import lzma
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _report import Report, arguments, start

from weftnet.data import Data, cache, open_data
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit
from weftnet.zoo import ZOO

WAYS = ("in memory", "streamed", "cold", "by the loop")
PLENTY = "64GiB"


@dataclass(frozen=True)
class Set:
    """A data set and the network trained on it.

    Args:
        source: creates the file in a folder, from the folder of the data sets.
        memory: allowed if it is streamed.
        network: of the zoo, with its settings.
        steps: of a training.
        options: of the data.
    """

    source: Callable[[Path, Path], Path]
    memory: str
    network: tuple[str, dict[str, Any]]
    steps: int
    options: dict[str, Any]


def cifar10(data: Path, work: Path) -> Path:
    """The file unchanged."""
    return data / "cifar10" / "train.parquet"


def fashion_mnist(data: Path, work: Path) -> Path:
    """The training images in one file of arrays."""
    path = work / "fashion_mnist.npz"
    folder = data / "fashion_mnist"
    with lzma.open(folder / "x_train.npy.xz") as stream:
        images = np.load(stream)
    np.savez(path, x=images, y=np.load(folder / "y_train.npy"))
    return path


def ag_news(data: Path, work: Path) -> Path:
    """Class and description, with a header."""
    path = work / "ag_news.csv"
    with lzma.open(data / "ag_news_test" / "test.csv.xz", "rt", encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["label", "text"], *([row[0], row[2]] for row in rows)])
    return path


SETS = {
    "CIFAR-10, JPEG": Set(
        cifar10, "48MiB", ("resnet_small", {}), 40, {"target": "label", "kinds": {"file": None, "label": "category"}}
    ),
    "Fashion-MNIST": Set(fashion_mnist, "24MiB", ("lenet", {}), 400, {}),
    "AG News": Set(ag_news, "2MiB", ("text_cnn", {}), 60, {"target": "label", "kinds": {"label": "category"}}),
}


def main() -> None:
    parser = arguments(__doc__, rounds=3)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS), metavar="NAME")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    args = start(parser)
    if args.child:
        name, way, source = args.child
        print(json.dumps(trained(SETS[name], way, Path(source))))
        return
    report = Report("data_wait", "Waiting for data", args, __doc__.split("\n\n")[0])
    for name in args.sets:
        with tempfile.TemporaryDirectory() as work:
            os.environ["XDG_CACHE_HOME"] = work
            source = SETS[name].source(args.data, Path(work))
            began = time.perf_counter()
            data = opened(SETS[name], "streamed", source)
            seconds, rows = time.perf_counter() - began, sum(data.sizes.values())
            report.add(name, "preparation, s", seconds, digits=1, rows=rows, rate=f"{rows / seconds:,.0f}/s")
            for _ in range(args.rounds):
                for way in WAYS:
                    add_rows(report, f"{name}, {way}", child(name, way, source, args))


def add_rows(report: Report, what: str, result: dict[str, float]) -> None:
    """The rows of one training."""
    goal: dict[str, Any] = {"goal": "< 2", "met": lambda mean: mean < 2} if what.endswith("streamed") else {}
    share = 100 * result["waited"] / result["seconds"]
    report.add(what, "waiting, %", share, digits=2, **goal, seconds=round(result["seconds"], 1))
    report.add(what, "samples/s", result["rate"], digits=0, loss=f"{result['loss']:.6f}")
    report.add(what, "peak memory, MiB", result["peak"], digits=0, before=round(result["before"]))


def child(name: str, way: str, source: Path, args: argparse.Namespace) -> dict[str, float]:
    """Train in a process of its own."""
    fixed = ["--data", str(args.data), "--threads", str(args.threads)]
    command = [sys.executable, __file__, *fixed, "--child", name, way, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def opened(each: Set, way: str, source: Path) -> Data:
    """The data, in memory or not; with batches made by the loop if that is the way."""
    if way == "in memory":
        os.environ["XDG_CACHE_HOME"] += "/other"  # otherwise the encoded files would be reused
    data = open_data(source, memory=PLENTY if way == "in memory" else each.memory, **each.options)
    if data.lazy != (way != "in memory"):
        raise SystemExit(f"{source}: {data.notes}")
    if way == "by the loop":
        data.lazy = False
    return data


def trained(each: Set, way: str, source: Path) -> dict[str, float]:
    """Seconds, seconds waited, samples/s, the last loss, peak memory, and that before the data."""
    before = memory("VmRSS")
    data = opened(each, way, source)
    if way == "cold":
        forget()
    network, settings = each.network
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe.for_task(task, steps=each.steps, plan="eager", keep="last")
    architecture = ZOO.get(network)(**settings)
    with tempfile.TemporaryDirectory() as folder:
        run = fit(architecture, task, data, recipe, Path(folder) / "run", device="cpu")
        last = json.loads(run.text("history.jsonl").splitlines()[-1])
    return {
        "seconds": run.facts.seconds, "waited": run.facts.waited, "rate": last["rate"],
        "loss": last["loss"]["network"], "peak": memory("VmHWM"), "before": before,
    }  # fmt: skip


def forget() -> None:
    """Drop the encoded files from the system's page cache."""
    for path in cache.home().rglob("*.npy"):
        with path.open("rb") as stream:
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def memory(what: str) -> float:
    """MiB, as counted by the system."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    return float("nan")


if __name__ == "__main__":
    main()
