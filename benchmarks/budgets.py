"""Whether a training ends within its budget, on a quiet machine and beside four busy processes.

    python benchmarks/budgets.py --data DIR [--networks 30] [--seconds 10 --seconds 40] [--load 0 --load 4]

The networks are those that are proposed for digits, Fashion-MNIST, CIFAR-10, AG News and a table, in turn, as `fit`
sizes them to the budget; what it would leave out is trained as well. Each is trained for each budget beside no other
and beside four busy processes. The wall time is that of the whole training: building the network, its plan, its steps,
its scores on validation and test. Remembered plans are not used.

Goal: at most 1.1 budgets and 2 s; of 10 s and more the worst is at most 1.15 budgets.
"""

import csv
import lzma
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from _report import Report, arguments, start

from weftnet.compete.jobs import Terms, jobs_of, run_job
from weftnet.compete.propose import propose
from weftnet.compete.prospects import prospects
from weftnet.compete.sizing import sized
from weftnet.data import Data, open_data
from weftnet.tasks import Candidate

GOAL = 1.15


def main() -> None:
    """Train them all and write the report."""
    parser = arguments(__doc__ or "", networks=30)
    parser.add_argument("--seconds", type=float, action="append", help="a budget; several may be given (10 and 40)")
    parser.add_argument("--load", type=int, action="append", help="busy processes; several may be given (0 and 4)")
    args = start(parser)
    note = f"{args.networks} networks; the wall time of a whole training over its budget, and the steps that it made."
    report = Report("budgets", "Trainings and their budgets", args, note)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        entries = list(networks(args.data, Path(folder), args.networks))
        for load in args.load or [0, 4]:
            with busy(load):
                for seconds in args.seconds or [10.0, 40.0]:
                    for number, (data, candidate) in enumerate(entries):
                        place = Path(folder) / f"{load}-{seconds:g}-{number}"
                        measure(report, data, candidate, seconds, load, place)
    write_worst(report)


def networks(source: Path, folder: Path, count: int) -> Iterator[tuple[Data, Candidate]]:
    """Proposed networks, of each data set in turn."""
    sets = [open_data("digits"), fashion(source, folder), cifar(source, folder), texts(source, folder), table(folder)]
    offers = [(data, propose(data.signals, "classification")) for data in sets]
    made = 0
    for rank in range(max(len(candidates) for _, candidates in offers)):
        for data, candidates in offers:
            if rank < len(candidates) and made < count:
                made += 1
                yield data, candidates[rank]


def fashion(source: Path, folder: Path) -> Data:
    """6,000 images of Fashion-MNIST."""
    with lzma.open(source / "fashion_mnist" / "x_train.npy.xz") as file:
        images = np.load(file)[:6000]
    np.savez(folder / "fashion.npz", x=images, y=np.load(source / "fashion_mnist" / "y_train.npy")[:6000])
    return open_data(folder / "fashion.npz")


def cifar(source: Path, folder: Path) -> Data:
    """5,000 images of CIFAR-10, as files in a table."""
    import pyarrow.parquet as pq

    pq.write_table(pq.read_table(source / "cifar10" / "train.parquet").slice(0, 5000), folder / "cifar.parquet")
    return open_data(folder / "cifar.parquet", target="label", kinds={"file": None})


def texts(source: Path, folder: Path) -> Data:
    """AG News, the official test file."""
    with lzma.open(source / "ag_news_test" / "test.csv.xz", "rt") as file:
        rows = [(row[0], " ".join(row[1:])) for row in csv.reader(file)]
    with (folder / "news.csv").open("w", newline="") as out:
        csv.writer(out).writerows([("class", "text"), *(row for row in rows if row[0].isdecimal())])
    return open_data(folder / "news.csv", target="class")


def table(folder: Path) -> Data:
    """Breast cancer in 569 rows."""
    from sklearn.datasets import load_breast_cancer

    load_breast_cancer(as_frame=True).frame.to_csv(folder / "cancer.csv", index=False)
    return open_data(folder / "cancer.csv", target="target", kinds={"target": "category"})


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that compute."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for each in running:
            each.kill()
            each.wait()


def measure(report: Report, data: Data, candidate: Candidate, seconds: float, load: int, folder: Path) -> None:
    """Train a network for one budget."""
    terms = Terms("classification", recipe={"budget": seconds, "patience": None})
    known = prospects([candidate], terms, data)
    (fitted,) = sized([candidate], known, terms, data, threads=None, named=True)
    (job,) = jobs_of([fitted.candidate], [0], folder, terms)
    began = time.perf_counter()
    outcome = run_job(job, data)
    wall = time.perf_counter() - began
    facts = {"network": f"{candidate.name} on {data.name}", "steps": outcome.steps, "epochs": round(outcome.epochs, 2)}
    if outcome.error:
        facts["error"] = outcome.error.splitlines()[0]
    what = f"{seconds:g} s, beside {load} busy processes"
    met = (lambda mean: wall <= 1.1 * seconds + 2) if outcome.status == "finished" else (lambda mean: False)
    report.add(what, "wall ÷ budget", wall / seconds, digits=3, met=met, **facts)


def write_worst(report: Report) -> None:
    """The worst of each budget, which the goal is about."""
    for (what, metric), row in list(report.rows.items()):
        values = row["values"]
        worst = max(range(len(values)), key=values.__getitem__)
        facts = row["facts"][worst]
        report.add(what, f"{metric}, worst", values[worst], digits=3, goal=f"≤ {GOAL}",
                   met=lambda mean: mean <= GOAL, **facts)  # fmt: skip


if __name__ == "__main__":
    main()
