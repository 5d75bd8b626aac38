"""Compression: what `weftnet compress` achieves on a residual network, a CNN, a Transformer and an LSTM.

Goals: int8 of the small residual CNN at least 3 × faster than eager PyTorch and 3.5 × smaller, at most 0.5 points
worse, on Fashion-MNIST; a Transformer text classifier at least 1.5 × faster; pruning that really shrinks an LSTM and a
CNN. Everything is timed on one thread; within a round all contenders of a network take turns. Sizes compare the run's
weights file with the file that is used afterwards. The validation split chooses, the test split is only reported.

The networks are trained once and kept in --runs; the text is AG News' 7,600 test articles, split by row number.
"""

import csv
import lzma
import shutil
import tempfile
from pathlib import Path
from typing import Any

import _report
from _report import Report, arguments, start

from weftnet.compress import Compression, Goal, compress
from weftnet.compress.compressing import Settings
from weftnet.compress.contract import Row
from weftnet.data import open_data
from weftnet.data.data import Data
from weftnet.run.loading import Loaded, load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit
from weftnet.zoo import ZOO

_report.PACKAGES = (*_report.PACKAGES, "onnxruntime", "torch-pruning")
_IMAGES = {
    "optimiser": "muon",
    "lr": 0.02,
    "optimiser_settings": {"lr_others": 3e-3, "weight_decay": 0.05},
    "warmup": 0.2,
    "batch_size": 128,
    "augment": ["flip"],
    "epochs": 3,
}
_TEXTS = {"batch_size": 50, "optimiser_settings": {"weight_decay": 0.1}, "epochs": 5}
#: name → data, settings of the zoo entry, recipe, methods, seconds of fine-tuning after the pruning
NETWORKS: dict[str, tuple[str, dict[str, Any], dict[str, Any], tuple[str, ...], float]] = {
    "resnet_small": ("fashion_mnist", {}, _IMAGES, ("prune", "int8_static"), 400),
    "cnn": ("fashion_mnist", {}, _IMAGES, ("prune", "low_rank", "int8_static"), 350),
    "text_transformer": ("ag_news", {"dim": 128}, {**_TEXTS, "lr": 3e-3}, ("prune", "low_rank", "int8_dynamic"), 105),
    "text_lstm": ("ag_news", {}, {**_TEXTS, "lr": 1e-2}, ("prune", "low_rank", "int8_dynamic"), 70),
}


class Tables(Report):
    """A report followed by the whole table of every network."""

    tables: tuple[str, ...] = ()

    def write(self) -> None:
        """Write both files."""
        super().write()
        path = self.args.out / f"{self.name}.md"
        path.write_text("\n\n".join([path.read_text(encoding="utf-8").rstrip(), *self.tables]) + "\n", encoding="utf-8")


def main() -> None:
    parser = arguments(__doc__ or "", budget=100)
    parser.add_argument("--only", choices=NETWORKS, help="one of the networks")
    parser.add_argument("--runs", type=Path, metavar="DIR", help="folder in which trained runs are kept")
    args = start(parser)
    note = (
        "One training each (seed 0). Speed-ups are medians with quartiles over 30 rounds of one example, over 10 of "
        "64; drops are in points of accuracy on the validation split. `run` is eager PyTorch, `onnx` the same in ONNX "
        f"Runtime, float32. --budget scales the seconds of training after cuts ({args.budget} %)."
    )
    report = Tables(f"compression_{args.only}" if args.only else "compression", "Compression", args, note)
    with tempfile.TemporaryDirectory() as folder:
        runs = args.runs or Path(folder)
        for name in [args.only] if args.only else NETWORKS:
            loaded, data = trained(name, args, runs)
            methods, seconds = NETWORKS[name][3:]
            settings = Settings(methods, seconds * args.budget / 100)
            out = Path(folder) / "out"
            result = compress(loaded, data, out, Goal(0.5), settings, lambda what: print("  ", what, flush=True))
            shutil.rmtree(out)
            report.tables += (table(name, data, result, settings),)
            goals(report, name, result)


def trained(name: str, args: Any, runs: Path) -> tuple[Loaded, Data]:
    """A network's run, trained unless it exists, and its data."""
    source, settings, recipe, *_ = NETWORKS[name]
    if source == "ag_news":
        data = open_data(news(args.data, runs), target="class", kinds={"text": "text"}, splits={"column": "split"})
    else:
        data = open_data(args.data / source)
    if not (runs / name / "metrics.json").is_file():
        task = TASKS.get("classification").from_data(data)
        recipe = Recipe.for_task(task, **recipe, threads=args.threads)
        fit(ZOO.get(name)(**settings), task, data, recipe, runs / name, device="cpu")
    return load(runs / name), data


def news(data: Path, runs: Path) -> Path:
    """AG News as a table: title and description as one text, class, split by row number."""
    table = runs / "ag_news.csv"
    if not table.is_file():
        runs.mkdir(parents=True, exist_ok=True)
        with lzma.open(data / "ag_news_test" / "test.csv.xz", "rt", encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        with table.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "class", "split"])
            for number, (label, title, text) in enumerate(rows):
                part = {8: "validation", 9: "test"}.get(number % 10, "train")
                writer.writerow([f"{title} {text}", label, part])
    return table


def goals(report: Tables, name: str, result: Compression) -> None:
    """The claims that a network's table must support."""
    kept = {row.name: row for row in result.rows if row.verdict == "kept"}
    base = result.rows[0]

    def add(row: Row | None, what: str, metric: str, value: float, least: float | None) -> None:
        goal = {} if least is None else {"goal": f"≥ {least:g}", "met": lambda mean: row is not None and mean >= least}
        facts = {} if row is None or row.timing is None else spread(row)
        report.add(f"{name}: {what}", metric, value, digits=2, **goal, **facts)

    if name == "resnet_small":
        row = kept.get("int8_static")
        add(row, "int8_static", "× faster than eager", row.timing.speedup if row and row.timing else 0.0, 3)
        add(row, "int8_static", "× smaller", base.bytes / row.bytes if row else 0.0, 3.5)
    if name == "text_transformer":
        row = kept.get("int8_dynamic")
        add(row, "int8_dynamic", "× faster than eager", row.timing.speedup if row and row.timing else 0.0, 1.5)
    pruned = [row for row in result.rows if row.name.startswith("prune-") and "+" not in row.name and row.drop <= 0.5]
    best = min(pruned, key=lambda row: row.bytes, default=None)
    if best is not None and best.parameters and base.parameters:
        least = 1.2 if name in ("cnn", "text_lstm") else None
        add(
            best,
            f"{best.name}, the smallest within the drop",
            "× fewer parameters",
            base.parameters / best.parameters,
            least,
        )
    if result.chosen is not None:
        row = kept[result.chosen]
        assert row.timing is not None
        add(row, f"chosen: {row.name}", "× faster than eager", row.timing.speedup, None)
        add(row, f"chosen: {row.name}", "× smaller", base.bytes / row.bytes, None)


def spread(row: Row) -> dict[str, Any]:
    """The spread shown next to a value."""
    assert row.timing is not None
    return {
        "speed-up quartiles": f"{row.timing.speedup_low:.2f} … {row.timing.speedup_high:.2f}",
        "rounds": row.timing.rounds,
        "speed-up of a batch of 64": round(row.timing.batch_speedup, 2),
        "drop": round(row.drop, 2),
        "test": None if row.test is None else round(row.test, 4),
    }


def table(name: str, data: Data, result: Compression, settings: Settings) -> str:
    """Everything that was tried on a network."""
    base = result.rows[0]
    lines = [
        f"## {name}",
        "",
        f"{data.sizes['train']} examples to train on, {data.sizes['validation']} to choose by, "
        f"{data.sizes['test']} to test; {settings.budget:.0f} s of training shared by the cut networks.",
        "",
        "| run | verdict | bytes | smaller | one example, ms (quartiles) | faster (quartiles) | batch of 64 "
        "| validation | drop | test | why not |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in result.rows:
        if row.timing is None:
            lines.append(f"| {row.name} | {row.verdict} | | | | | | | | | {row.reason} |")
            continue
        t = row.timing
        test = "" if row.test is None else f"{row.test:.2%}"
        lines.append(
            f"| {row.name} | {row.verdict} | {row.bytes:,} | {base.bytes / row.bytes:.2f} × "
            f"| {t.latency * 1e3:.3f} ({t.low * 1e3:.3f} … {t.high * 1e3:.3f}) "
            f"| {t.speedup:.2f} × ({t.speedup_low:.2f} … {t.speedup_high:.2f}) | {t.batch_speedup:.2f} × "
            f"| {row.score:.2%} | {row.drop:.2f} | {test} | {row.reason} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
