"""`plan`: the execution plans of a run, of its training and of its answers, and what was measured to find them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from weftnet.base.typed import brief, misfit, misfits
from weftnet.base.units import duration
from weftnet.compete.competition import best_run
from weftnet.errors import DamagedCheckpoint, RunError
from weftnet.execution.answer_plans import Plans
from weftnet.execution.plan import Plan
from weftnet.execution.tried import TriedPlan
from weftnet.run.folder import Run

#: What is said of a plan.
_FIELDS: dict[str, Any] = {"plan": dict[str, Any] | None, "source": str, "tried": list[dict[str, Any]]}


def plan_command(folder: Path, as_json: bool) -> None:
    """Print the plans and the tables of what was tried.

    Raises:
        RunError: the run has no plan yet.
        DamagedCheckpoint: what it says of its plans can't be read.
    """
    run = Run.open(best_run(folder))
    document: dict[str, Any] | None = run.document.get("plan")
    if not isinstance(document, dict):
        raise RunError("has no plan", where=str(run.folder), got=f"the run's status is {run.status!r}")
    answers: dict[str, Any] | None = run.document.get("answers")
    if as_json:
        print(json.dumps(document if answers is None else document | {"answers": answers}, indent=2))
        return
    where, console = str(run.folder / "run.json"), Console()
    _check(document, _FIELDS | {"seconds": float}, where)
    _told(console, document, "a step")
    if document["tried"]:
        console.print(f"measured in {duration(document['seconds'])}, by turns", highlight=False)
    if answers is None:
        return
    Plans.of(run.document, where)  # refuses what it can't read
    _check(answers, {"seconds": float, "threads": int}, where)
    for row in answers["sizes"]:
        _check(row, _FIELDS, where)
        console.print(f"\nanswers, batch {row['batch']}", highlight=False)
        _told(console, row, "a pass")
    if any(row["tried"] for row in answers["sizes"]):
        threads = f"{answers['threads']} thread{'s' * (answers['threads'] > 1)}"
        console.print(f"measured in {duration(answers['seconds'])}, by turns, on {threads}", highlight=False)


def _check(found: Mapping[str, Any], wanted: Mapping[str, Any], where: str) -> None:
    """Refuse a plan that lacks something, or says it in another type."""
    for name, kind in wanted.items():
        if wrong := misfit(found.get(name), kind):
            got = brief(found.get(name))
            raise DamagedCheckpoint(f"a plan's field {name!r} is wrong", where=where, expected=wrong, got=got)
    for each in found.get("tried", ()):
        if wrong := misfits(each, TriedPlan):
            raise DamagedCheckpoint("a plan that was tried is wrong", where=where, got=wrong)


def _told(console: Console, found: Mapping[str, Any], what: str) -> None:
    """A plan, where it comes from, and the table of what was tried."""
    plan = Plan.from_dict(found["plan"] or {})
    console.print(f"[bold]{plan}[/bold] – {found['source']}", highlight=False)
    tried: Sequence[Mapping[str, Any]] = found["tried"]
    if not tried:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("plan", what, "faster than eager", "difference"):
        table.add_column(name, justify="left" if name == "plan" else "right")
    table.add_column("verdict")
    for each in tried:
        seconds, ratio, difference = each["seconds"], each["ratio"], each["difference"]
        table.add_row(
            str(Plan.from_dict(each["plan"])),
            "" if seconds is None else duration(seconds),
            "" if ratio is None else f"{ratio:.2f} ×",
            "" if difference is None else f"{difference:.1e}",
            each["verdict"],
        )
    console.print(table)
