"""`grid`: {task × networks} × stages, from really running the commands on the tasks' examples.

A cell works, or says why it is not applicable, or is a fault. What is not applicable is said by the task's facets
(`Registry.reason`) or by the error of the command; anything else that a command raises is a fault.
"""

import json
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, field
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeAlias

from rich.console import Console
from rich.table import Table

from weftnet.architecture.reading import from_dict
from weftnet.architecture.spec import Architecture, to_yaml
from weftnet.base import tensors
from weftnet.cli import app
from weftnet.data import Data, open_data
from weftnet.errors import WeftnetError
from weftnet.registry import Registry
from weftnet.serve.engines import ENGINES
from weftnet.serve.engines._engine import Stored
from weftnet.tasks import ANSWERS, EXAMPLES, EXPLANATIONS, PROPOSALS, TASKS, Example
from weftnet.train import Recipe, fit
from weftnet.train.listeners._listener import Listener

Verdict: TypeAlias = Literal["works", "not applicable", "fault"]
#: said by `compress` with status 1: all were measured, and refused with the reason of each
_REFUSED = "nothing is smaller and faster"
#: steps of a proposed network, whose own recipe is for more data
_STEPS = 20
_MARKS = {"works": "[green]works[/]", "not applicable": "[dim]–[/]", "fault": "[red]fault[/]"}


@dataclass(frozen=True)
class Cell:
    """What came of a stage.

    Args:
        task: its name.
        family: of the network.
        stage: check, train …
        verdict: works, not applicable or fault.
        why: the reason, or the error.
    """

    task: str
    family: str
    stage: str
    verdict: Verdict
    why: str = ""


class Broken(WeftnetError):
    """A stage ran, and what it gave is wrong."""


class _Stop(Listener):
    """Ctrl-C at the first evaluation."""

    def after_evaluation(self, line: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)


@dataclass
class _Row:
    """One task with one network, in a folder of its own."""

    task: str
    family: str
    architecture: Architecture
    example: Example
    recipe: dict[str, Any]
    data: Data
    home: Path
    failed: str = field(default="", init=False)

    @property
    def run(self) -> Path:
        """The trained run."""
        return self.home / "run" / "net-seed0"

    def check(self) -> None:
        """Its cost."""
        about = ("--data", self.example.source, *self._target(), *self._options(), "--task", self.task)
        weftnet("check", self._written(), *about, "--no-time")

    def train(self, *more: object, out: str = "run") -> None:
        """A run by the command line."""
        fields = [f"--set={name}={json.dumps(value)}" for name, value in self.recipe.items() if name != "steps"]
        settings = [f"--task-set={name}={json.dumps(value)}" for name, value in self.example.settings.items()]
        weftnet(
            "fit", self.example.source, *self._target(), "--arch", self._written(), "--task", self.task, "--jobs", 1,
            "--steps", self.recipe["steps"], *fields, *settings, *self._options(), "--out", self.home / out, *more,
        )  # fmt: skip

    def resume(self) -> None:
        """Stopped and resumed it has the same weights, bit for bit."""
        task = TASKS.get(self.task).from_data(self.data, **self.example.settings)
        folder = self.home / "stopped"
        with redirect_stdout(StringIO()):
            recipe = Recipe.for_task(task, **self.recipe)
            stopped = fit(self.architecture, task, self.data, recipe, folder, listeners=[_Stop()])
        if stopped.status != "stopped":
            raise Broken("could not be stopped", got=stopped.status)
        weftnet("resume", folder)
        files = [tensors.load(run / "weights.safetensors") for run in (self.run, folder)]
        if any(not bool((values == files[1][name]).all()) for name, values in files[0].items()):
            raise Broken("the resumed run has other weights")

    def start(self) -> None:
        """Another run that starts from it."""
        self.train("--start", self.run, out="started")

    def predict(self) -> None:
        """Answers to the example's own rows."""
        weftnet("predict", self.run, self.example.source, "--out", self.home / "answers.jsonl")

    def explain(self) -> None:
        """An explanation of a row."""
        weftnet("explain", self.run, "--row", 1, "--checks", 2)

    def report(self) -> None:
        """The page."""
        weftnet("report", self.run, "--out", self.home / "report.html")

    def compress(self) -> None:
        """A smaller run, or the measured reasons against all of them."""
        weftnet("compress", self.run, "--budget", "2s", "--out", self.home / "small")

    def export(self) -> None:
        """An ONNX export that agrees with the run."""
        weftnet("export", self.run, "--to", "onnx", "--out", self.home / "onnx")

    def serve(self) -> None:
        """The run, loaded as the server loads it."""
        stored = Stored.read(self.run)
        engine = ENGINES.get("torch")()
        engine.load(stored, engine.source(stored), 1)

    def _options(self) -> list[str]:
        """Of the data, but for the target."""
        about = {name: value for name, value in self.example.options.items() if name not in ("target", "kinds")}
        kinds = self.example.options.get("kinds", {}).items()
        return [f"--kind={name}={json.dumps(value)}" for name, value in kinds] + [
            f"--data-set={name}={json.dumps(value)}" for name, value in about.items()
        ]

    def _target(self) -> Sequence[str]:
        target = self.example.options.get("target")
        return () if target is None else ("--target", str(target))

    def _written(self) -> Path:
        path = self.home / "net.yaml"
        path.write_text(to_yaml(self.architecture), encoding="utf-8")
        return path


#: stage → the facet without which it does not apply
_STAGES: dict[str, Registry[Any] | None] = {
    "check": None, "train": None, "resume": None, "start": None, "predict": ANSWERS, "explain": EXPLANATIONS,
    "report": None, "compress": None, "export": None, "serve": ANSWERS,
}  # fmt: skip


def weftnet(*command: object) -> str:
    """Run a command in this process; what it printed.

    Raises:
        WeftnetError: it failed.
        Broken: it ended with a status other than 0.
    """
    printed = StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        status = app([str(word) for word in command], standalone_mode=False)
    if status and _REFUSED not in printed.getvalue():
        raise Broken(f"ended with status {status}", got=printed.getvalue()[-300:])
    return printed.getvalue()


def cells(tasks: Sequence[str], families: Sequence[str], fast: bool) -> Iterable[Cell]:
    """The cells, as they are filled."""
    for task in tasks or TASKS.names():
        make = EXAMPLES.find(task)
        if make is None:
            yield Cell(task, "example", "check", "not applicable", EXAMPLES.reason(task))
            continue
        with TemporaryDirectory(prefix="weftnet-grid-") as folder:
            example = make(Path(folder))
            data = open_data(example.source, **example.options)
            for family, architecture, recipe in _networks(task, example, data, fast):
                if families and family not in families:
                    continue
                home = Path(folder) / f"grid-{family}"
                home.mkdir()
                yield from _cells(_Row(task, family, architecture, example, recipe, data, home), fast)


def _networks(
    task: str, example: Example, data: Data, fast: bool
) -> Iterable[tuple[str, Architecture, dict[str, Any]]]:
    """The example's network, and those that the task proposes for its data."""
    yield "example", from_dict(example.architecture), dict(example.recipe)
    propose = None if fast else PROPOSALS.find(task)
    for candidate in propose(data.signals) if propose else ():
        short = {name: value for name, value in candidate.recipe.items() if name not in ("budget", "epochs")}
        length = {"steps": _STEPS, "batch_size": 16, "evaluate_every": f"{_STEPS // 2} steps"}
        yield candidate.name, candidate.architecture, {**short, **length}


def _cells(row: _Row, fast: bool) -> Iterable[Cell]:
    """The stages of one network; where it can't be trained, none after it is tried."""
    untrained = ""
    for stage, facet in _STAGES.items():
        cell = partial(Cell, row.task, row.family, stage)
        if fast and stage == "compress":
            continue
        if facet is not None and (why := facet.reason(row.task)):
            yield cell("not applicable", why)
        elif untrained:
            yield cell("fault", untrained)
        else:
            verdict, why = _tried(getattr(row, stage))
            untrained = "it was not trained" if stage == "train" and verdict != "works" else ""
            yield cell(verdict, why)


def _tried(stage: Callable[[], None]) -> tuple[Verdict, str]:
    try:
        stage()
    except WeftnetError as error:
        text = str(error)
        _, found, reason = text.partition("not applicable, ")
        return ("not applicable", reason.split("\n")[0]) if found else ("fault", text.replace("\n", " "))
    except Exception as error:  # a cell that fails must not end the grid
        return "fault", f"{type(error).__name__}: {error}"
    return "works", ""


def grid_command(tasks: Sequence[str], families: Sequence[str], fast: bool, as_json: bool) -> bool:
    """Fill the grid and print it; whether it is without a fault.

    Raises:
        UnknownName: there is no such task.
    """
    for task in tasks:
        TASKS.get(task)  # a misspelt name is no task to which nothing applies
    filled = []
    for cell in cells(tasks, families, fast):
        filled.append(cell)
        if not as_json:
            Console(stderr=True).print(f"{cell.task} {cell.family} {cell.stage}: {cell.verdict}", style="dim")
    if as_json:
        print(json.dumps([asdict(cell) for cell in filled], indent=2, ensure_ascii=False))
    else:
        _print(filled)
    return all(cell.verdict != "fault" for cell in filled)


def _print(filled: Sequence[Cell]) -> None:
    """A row for each network, and every reason below."""
    console = Console(width=max(Console().width, 130))
    stages = [stage for stage in _STAGES if any(cell.stage == stage for cell in filled)]
    table = Table("task", "network", *stages, box=None)
    verdicts = {(cell.task, cell.family, cell.stage): cell.verdict for cell in filled}
    for task, family in dict.fromkeys((cell.task, cell.family) for cell in filled):
        marks = [_MARKS.get(verdicts.get((task, family, stage), ""), "") for stage in stages]
        table.add_row(task, family, *marks)
    console.print(table)
    for cell in filled:
        if cell.why:
            where = f"{cell.task} {cell.family}, {cell.stage}"
            console.print(f"{where}: {cell.verdict}: {cell.why}", markup=False, highlight=False, soft_wrap=True)
