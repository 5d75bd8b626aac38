"""Write docs/grid.md from really running everything: `python scripts/grid.py`; it takes most of an hour.

Each task runs in a process of its own; its cells are kept in build/grid, so that a run that was interrupted goes on
where it stopped (`--again` forgets them). The exit status is 1 if a cell is a fault.
"""

import json
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

from weftnet.cli.commands.grid import STAGES
from weftnet.cost.machine import this_machine
from weftnet.tasks import TASKS

ROOT = Path(__file__).parents[1]
PAGE, KEPT = ROOT / "docs" / "grid.md", ROOT / "build" / "grid"
PACKAGES = ("weftnet", "torch", "numpy", "onnx", "onnxruntime", "starlette", "uvicorn")
OPENING = """\
# What works with what

Every task's example, with the example's network and with those that the task proposes for it, through every stage by
the commands that a person uses. `resume` compares the weights bit for bit; `export` runs the exported runner in a
process of its own and `serve` asks a server over HTTP, and both must answer what `predict` answers; where nothing that
`compress` makes is smaller and faster, it must have measured so.

This page is written by `make grid`. `weftnet grid --task NAME` runs one task, `--fast` only the examples' networks.
"""
MARKS = {"works": "✓", "not applicable": "–", "fault": "**fault**"}
Cell: TypeAlias = Mapping[str, Any]


def cells_of(task: str) -> list[Cell]:
    """The cells of a task, from a run or kept from an earlier one."""
    path = KEPT / f"{task}.json"
    if not path.exists():
        done = subprocess.run(
            [sys.executable, "-m", "weftnet", "grid", "--task", task, "--json"],
            stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        found = json.loads(done.stdout)["cells"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    cells: list[Cell] = json.loads(path.read_text(encoding="utf-8"))
    return cells


def page(cells: Sequence[Cell]) -> str:
    """The table, what is to be said of its cells, and where it was made."""
    rows: dict[tuple[str, str], dict[str, Cell]] = {}
    for cell in cells:
        rows.setdefault((cell["task"], cell["family"]), {})[cell["stage"]] = cell
    lines = [OPENING, "| task | network | " + " | ".join(STAGES) + " |", "| --- | --- |" + " :-: |" * len(STAGES)]
    for (task, family), found in rows.items():
        marks = [MARKS[found[stage]["verdict"]] if stage in found else "" for stage in STAGES]
        lines.append(f"| {task} | {family} | " + " | ".join(marks) + " |")
    return "\n".join([*lines, "", *_reasons(cells), *_made(cells)])


def _reasons(cells: Sequence[Cell]) -> list[str]:
    """What doesn't apply and what is a fault, each reason once."""
    stages: dict[tuple[str, str, str], list[str]] = {}
    for cell in cells:
        if cell["verdict"] != "works":
            told = stages.setdefault((cell["task"], cell["verdict"], cell["why"]), [])
            told += [cell["stage"]] * (cell["stage"] not in told)
    lines = [f"- {task}, {', '.join(told)}: {verdict}, {why}" for (task, verdict, why), told in stages.items()]
    return ["## What does not apply", "", *lines, ""] if lines else []


def _made(cells: Sequence[Cell]) -> list[str]:
    """Counts, machine and versions."""
    counts = {verdict: sum(cell["verdict"] == verdict for cell in cells) for verdict in MARKS}
    said = f"{counts['works']} work, {counts['not applicable']} are not applicable, {counts['fault']} are faults."
    refused = sum("refused" in cell["why"] for cell in cells if cell["stage"] == "compress")
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    told = f"{len(cells)} cells: {said} In {refused} cells of `compress` all that was made was measured, and refused."
    empty = len({(cell["task"], cell["family"]) for cell in cells}) * len(STAGES) - len(cells)
    return [
        "## Where this was made", "",
        told + f" {empty} were not run, and are empty." * (empty > 0), "",
        f"{this_machine()}; {platform.system()}, Python {platform.python_version()}; {versions}.", "",
    ]  # fmt: skip


def main() -> int:
    """Fill the grid, write the page."""
    if "--again" in sys.argv:
        for path in KEPT.glob("*.json"):
            path.unlink()
    cells = [cell for task in TASKS.names() for cell in cells_of(task)]
    PAGE.write_text(page(cells), encoding="utf-8")
    return int(any(cell["verdict"] == "fault" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
