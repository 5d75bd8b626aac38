"""What all benchmarks share: their arguments, one training and its evaluation, and the report.

A report is two files, `NAME.json` with every value and `NAME.md` with a table; both record the machine, the versions
and the command. They are rewritten after every value, so that a benchmark that is interrupted leaves what it has.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import shlex
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from weftnet.architecture.reading import read_text
from weftnet.architecture.spec import Architecture
from weftnet.base.intervals import interval
from weftnet.data.data import Data
from weftnet.run.loading import Loaded, load
from weftnet.tasks._scoring import Scoring
from weftnet.train import Recipe, fit

HERE = Path(__file__).parent
PACKAGES = ("weftnet", "torch", "numpy", "scikit-learn")


def arguments(docstring: str, **defaults: int) -> argparse.ArgumentParser:
    """A parser with `--data`, `--out`, `--threads`, and an integer option for each default."""
    parser = argparse.ArgumentParser(description=docstring, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the data sets")
    parser.add_argument("--out", type=Path, metavar="DIR", default=HERE / "results", help="folder for the report")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch (1)")
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=value, metavar="N", help=f"({value})")
    return parser


def start(parser: argparse.ArgumentParser, needs_data: bool = True) -> argparse.Namespace:
    """Parse the arguments and set torch's number of threads."""
    args = parser.parse_args()
    if needs_data and args.data is None:
        parser.error("--data DIR is needed")
    torch.set_num_threads(args.threads)
    return args


@contextmanager
def stopped_after(seconds: float) -> Iterator[None]:
    """Whatever trains in the `with` is interrupted after so many seconds, as by Ctrl-C; 0 for never."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.daemon = True
    if seconds:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def read(path: Path) -> Architecture:
    """The architecture of a YAML file."""
    architecture, faults = read_text(path.read_text(encoding="utf-8"), where=str(path))
    if architecture is None or faults:
        raise SystemExit("\n".join(map(str, faults)))
    return architecture


def trained(
    architecture: Architecture,
    task: Any,
    data: Data,
    *,
    then: Callable[[Loaded], Any] = lambda _: None,
    **recipe: Any,
) -> tuple[Loaded, dict[str, Any]]:
    """Train in a temporary folder; returns the loaded run, and facts: parameters, seconds, examples/s.

    `then` is called with the loaded run while its folder still exists.
    """
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        run = fit(architecture, task, data, Recipe.for_task(task, **recipe), Path(folder) / "run", device="cpu")
        seconds = time.perf_counter() - began
        loaded = load(run)
        then(loaded)
        history = [json.loads(line) for line in run.text("history.jsonl").splitlines()]
    facts = {
        "parameters": sum(p.numel() for p in loaded.model.parameters()),
        "seconds": round(seconds, 1),
        "examples/s": round(history[-1]["rate"]),
        "validation": max(history, key=lambda line: _better(task, line["validation"]))["validation"],
    }
    return loaded, facts


def _better(task: Any, metrics: dict[str, float]) -> float:
    value = metrics.get(task.score, 0.0)
    return value if Scoring(task).better == "max" else -value


def circumstances(args: argparse.Namespace, load: float) -> dict[str, Any]:
    """Date, command, machine and versions; `load` is the machine's load before the measurements."""
    argv = [("DIR" if a == str(args.data) else a) for a in sys.argv[1:]]
    script = Path(sys.argv[0]).resolve()
    name = script.relative_to(HERE.parent) if script.is_relative_to(HERE) else script.name
    return {
        "date": datetime.date.today().isoformat(),
        "command": shlex.join(["python", str(name), *argv]),
        "hardware": {
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
            "load when started": round(load, 2),
            "platform": platform.platform(terse=True),
        },
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES},
    }


class Report:
    """Measurements and the conditions under which they were made.

    Args:
        name: of the two files.
        title: first line of the Markdown file.
        args: of the command.
        note: what the reader needs to know.
    """

    def __init__(self, name: str, title: str, args: argparse.Namespace, note: str = "") -> None:
        self.name, self.title, self.args, self.note = name, title, args, note
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        self.began, self.load = time.time(), os.getloadavg()[0]

    def add(
        self, what: str, metric: str, value: float, *, goal: str = "", met: Callable[[float], bool] | None = None,
        digits: int = 4, **facts: Any,
    ) -> None:  # fmt: skip
        """Add a value; `met` judges the mean."""
        row = self.rows.setdefault((what, metric), {"what": what, "metric": metric, "values": [], "facts": []})
        row["values"].append(value)
        row["facts"].append(facts)
        row["mean"] = interval(row["values"]).mean
        row["half"] = interval(row["values"]).half
        row["goal"], row["digits"] = goal, digits
        row["met"] = None if met is None else met(row["mean"])
        print(f"{what}: {metric} {value:.{digits}f}  {facts}", flush=True)
        self.write()

    def write(self) -> None:
        """Write both files."""
        document = {
            "title": self.title,
            **circumstances(self.args, self.load),
            "wall_seconds": round(time.time() - self.began, 1),
            "note": self.note,
            "rows": list(self.rows.values()),
        }
        self.args.out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(document, indent=1) + "\n"
        (self.args.out / f"{self.name}.json").write_text(text, encoding="utf-8")
        (self.args.out / f"{self.name}.md").write_text(_table(document), encoding="utf-8")


def _table(document: dict[str, Any]) -> str:
    hardware, versions = document["hardware"], document["versions"]
    lines = [f"# {document['title']}", "", document["note"], ""]
    lines += ["| what | metric | n | mean ± 95 % | low … high | goal | met | of each run |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for row in document["rows"]:
        digits, score = row["digits"], interval(row["values"])
        met = {None: "", True: "yes", False: "**no**"}[row["met"]]
        facts = [{k: v for k, v in facts.items() if not isinstance(v, dict)} for facts in row["facts"]]
        each = "; ".join(f"{key} {_values([one.get(key) for one in facts])}" for key in facts[0])
        spread = f"{score.low:.{digits}f} … {score.high:.{digits}f}" if score.n > 1 else ""
        lines += [
            f"| {row['what']} | {row['metric']} | {score.n} | {score.text(digits=digits)} | {spread} "
            f"| {row['goal']} | {met} | {each} |"
        ]
    lines += [
        "",
        f"Measured on {document['date']} by `{document['command']}`, {document['wall_seconds']:.0f} s in all.",
        f"{hardware['cpu']}, {hardware['cores']} cores, {hardware['threads']} thread(s) of torch, load "
        f"{hardware['load when started']} when started (the machine was shared), {hardware['platform']}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items() if version)
        + ".",
    ]
    return "\n".join(lines) + "\n"


def _values(values: list[Any]) -> str:
    """All values, or a single one if they are equal."""
    return ", ".join(map(str, values if len(set(values)) > 1 else values[:1]))


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
