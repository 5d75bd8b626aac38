"""`plan`: the execution plan of a run, and what was measured to find it."""

import json
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from netloom.compete import best_run
from netloom.errors import RunError
from netloom.run import Run
from netloom.train.plan import Plan
from netloom.units import duration


def plan_command(folder: Path, as_json: bool) -> None:
    """Print the plan and the table of what was tried.

    Raises:
        RunError: the run has no plan yet, or it can't be read.
    """
    run = Run.open(best_run(folder))
    document: dict[str, Any] | None = run.document.get("plan")
    if not isinstance(document, dict):
        raise RunError("has no plan", where=str(run.folder), got=f"the run's status is {run.status!r}")
    if as_json:
        print(json.dumps(document, indent=2))
        return
    console = Console()
    console.print(f"[bold]{Plan.from_dict(document['plan'])}[/bold] – {document['source']}", highlight=False)
    if not document["tried"]:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("plan", "a step", "faster than eager", "difference"):
        table.add_column(name, justify="left" if name == "plan" else "right")
    table.add_column("verdict")
    for each in document["tried"]:
        seconds, ratio, difference = each["seconds"], each["ratio"], each["difference"]
        table.add_row(
            str(Plan.from_dict(each["plan"])),
            "" if seconds is None else duration(seconds),
            "" if ratio is None else f"{ratio:.2f} ×",
            "" if difference is None else f"{difference:.1e}",
            each["verdict"],
        )
    console.print(table)
    console.print(f"measured in {duration(document['seconds'])}, by turns", highlight=False)
