"""`grid`: {task × networks} × stages, from really running the commands on the tasks' examples.

A cell works, or says why it is not applicable, or is a fault. What is not applicable is said by the task's facets
(`Registry.reason`) or by the error of the command; anything else that a command raises is a fault. `grid_stages.py` has
the stages.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from rich.console import Console
from rich.table import Table

from weftnet.architecture.reading import from_dict
from weftnet.architecture.spec import Architecture
from weftnet.base.workplace import temporary
from weftnet.cli._output import Output
from weftnet.cli.commands.grid_stages import Row
from weftnet.data import Data, open_data
from weftnet.errors import WeftnetError
from weftnet.registry import Registry
from weftnet.tasks import ANSWERS, EXAMPLES, EXPLANATIONS, PROPOSALS, TASKS, Example
from weftnet.tasks._propose.suited import suited

Verdict: TypeAlias = Literal["works", "not applicable", "fault"]
#: steps of a proposed network, whose own recipe is for more data
_STEPS = 20
_MARKS: Mapping[Verdict, str] = {"works": "[green]works[/]", "not applicable": "[dim]–[/]", "fault": "[red]fault[/]"}
#: stage → the facet without which it does not apply
STAGES: Mapping[str, Registry[Any] | None] = {
    "check": None, "train": None, "resume": None, "start": None, "predict": ANSWERS, "explain": EXPLANATIONS,
    "report": None, "compress": None, "export": None, "serve": ANSWERS,
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """What came of a stage.

    Args:
        task: its name.
        family: of the network.
        stage: check, train …
        verdict: works, not applicable or fault.
        why: the reason, or the error; what is to be said of one that works.
    """

    task: str
    family: str
    stage: str
    verdict: Verdict
    why: str = ""


def cells(tasks: Sequence[str], families: Sequence[str], fast: bool) -> Iterable[Cell]:
    """The cells, as they are filled."""
    for task in tasks or TASKS.names():
        make = EXAMPLES.find(task)
        if make is None:
            yield Cell(task, "example", "check", "not applicable", EXAMPLES.reason(task))
            continue
        with temporary("grid") as folder:
            example = make(folder)
            data = open_data(example.source, **example.options)
            for family, architecture, recipe in _networks(task, example, data, fast):
                if families and family not in families:
                    continue
                home = folder / f"grid-{family}"
                home.mkdir()
                yield from _cells(Row(task, family, architecture, example, recipe, data, home), fast)


def _networks(
    task: str, example: Example, data: Data, fast: bool
) -> Iterable[tuple[str, Architecture, dict[str, Any]]]:
    """The example's network, and those that the task proposes for its data."""
    yield "example", from_dict(example.architecture), dict(example.recipe)
    propose = None if fast else PROPOSALS.find(task)
    made = TASKS.get(task).from_data(data)
    for candidate in suited(propose, data.signals, made) if propose else ():
        short = {name: value for name, value in candidate.recipe.items() if name not in ("budget", "epochs")}
        length = {"steps": _STEPS, "batch_size": 16, "evaluate_every": f"{_STEPS // 2} steps"}
        yield candidate.name, candidate.architecture, {**short, **length}


def _cells(row: Row, fast: bool) -> Iterable[Cell]:
    """The stages of one network; where it can't be trained, none after it is tried."""
    untrained = ""
    for stage, facet in STAGES.items():
        cell = partial(Cell, row.task, row.family, stage)
        if fast and stage == "compress":
            continue
        if facet is not None and (why := facet.reason(row.task)):
            yield cell("not applicable", why)
        elif untrained:
            yield cell("fault", untrained)
        else:
            verdict, why = tried(getattr(row, stage))
            untrained = "it was not trained" if stage == "train" and verdict != "works" else ""
            yield cell(verdict, why)


def tried(stage: Callable[[], str]) -> tuple[Verdict, str]:
    """What comes of a stage, and what is to be said of it."""
    try:
        return "works", stage()
    except WeftnetError as error:
        text = str(error)
        _, found, reason = text.partition("not applicable, ")
        return ("not applicable", reason.split("\n")[0]) if found else ("fault", text.replace("\n", " "))
    except Exception as error:  # a cell that fails must not end the grid
        return "fault", f"{type(error).__name__}: {error}"


def grid_command(tasks: Sequence[str], families: Sequence[str], fast: bool, output: Output) -> bool:
    """Fill the grid and print it; whether it is without a fault.

    Raises:
        UnknownName: there is no such task.
    """
    for task in tasks:
        TASKS.get(task)  # a misspelt name is no task to which nothing applies
    filled = []
    for cell in cells(tasks, families, fast):
        filled.append(cell)
        if output.talks:
            said = f"{cell.task} {cell.family} {cell.stage}: {cell.verdict}"
            Console(stderr=True).print(said, style="dim", highlight=False)
    if output.talks:
        _print(filled)
    output.end({"cells": [asdict(cell) for cell in filled]})
    return all(cell.verdict != "fault" for cell in filled)


def _print(filled: Sequence[Cell]) -> None:
    """A row for each network, and every reason below."""
    console = Console(width=max(Console().width, 130))
    stages = [stage for stage in STAGES if any(cell.stage == stage for cell in filled)]
    table = Table("task", "network", *stages, box=None)
    verdicts = {(cell.task, cell.family, cell.stage): cell.verdict for cell in filled}
    for task, family in dict.fromkeys((cell.task, cell.family) for cell in filled):
        found = [verdicts.get((task, family, stage)) for stage in stages]
        table.add_row(task, family, *(_MARKS[verdict] if verdict else "" for verdict in found))
    console.print(table)
    for cell in filled:
        if cell.why and cell.verdict != "works":
            where = f"{cell.task} {cell.family}, {cell.stage}"
            console.print(f"{where}: {cell.verdict}: {cell.why}", markup=False, highlight=False, soft_wrap=True)
