"""`plan`: the execution plans of a run, for its training and its answers, and the measurements behind them."""

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

#: The fields that describe a plan.
_FIELDS: dict[str, Any] = {"plan": dict[str, Any] | None, "source": str, "tried": list[dict[str, Any]]}


def plan_command(folder: Path, as_json: bool) -> None:
    """Print the plans and tables of the plans that were tried.

    Raises:
        RunError: the run has no plan yet.
        DamagedCheckpoint: the record of its plans can't be read.
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
    _show(console, document, "a step")
    if document["tried"]:
        console.print(f"measured in {duration(document['seconds'])}, in turns", highlight=False)
    if answers is None:
        return
    Plans.of(run.document, where)  # refuses what it can't read
    _check(answers, {"seconds": float, "threads": int}, where)
    for row in answers["sizes"]:
        _check(row, _FIELDS, where)
        console.print(f"\nanswers, batch {row['batch']}", highlight=False)
        _show(console, row, "a pass")
    if any(row["tried"] for row in answers["sizes"]):
        threads = f"{answers['threads']} thread{'s' * (answers['threads'] > 1)}"
        console.print(f"measured in {duration(answers['seconds'])}, in turns, on {threads}", highlight=False)


def _check(record: Mapping[str, Any], kinds: Mapping[str, Any], where: str) -> None:
    """Refuse a plan's record with a field that is missing or has another type."""
    for name, kind in kinds.items():
        if wrong := misfit(record.get(name), kind):
            got = brief(record.get(name))
            raise DamagedCheckpoint(f"a plan's field {name!r} is wrong", where=where, expected=wrong, got=got)
    for each in record.get("tried", ()):
        if wrong := misfits(each, TriedPlan):
            raise DamagedCheckpoint("a plan that was tried is wrong", where=where, got=wrong)


def _show(console: Console, record: Mapping[str, Any], what: str) -> None:
    """Print a plan, its origin, and a table of the plans that were tried."""
    plan = Plan.from_dict(record["plan"] or {})
    console.print(f"[bold]{plan}[/bold] – {record['source']}", highlight=False)
    tried: Sequence[Mapping[str, Any]] = record["tried"]
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
