"""Counts that are kept in a file and added up over calls: every call with its commit, its command and its seconds.

    {"calls": [{"commit": "1a2b3c4", "date": "2026-03-01", "command": "…", "seconds": 60.0, "counts": [{…}]}]}

A count is a row of names with the number of times that it came up; other numbers of a row are maxima. The file is
replaced after every row, so that a call that is interrupted leaves what it has.
"""

import datetime
import json
import os
import platform
import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
Key = tuple[tuple[str, str], ...]


class Tally:
    """The counts of this call, and those of the calls before it.

    Args:
        path: of the file; without one nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        kept = json.loads(path.read_text(encoding="utf-8")) if path is not None and path.is_file() else {}
        self.calls: list[dict[str, Any]] = kept.get("calls", [])
        command = shlex.join(["python", f"scripts/{Path(sys.argv[0]).name}", *sys.argv[1:]])
        today = datetime.date.today().isoformat()
        self._began = time.monotonic()
        self._call: dict[str, Any] = {"commit": commit(), "date": today, "command": command, "seconds": 0.0}
        self._counts: Counter[Key] = Counter()
        self._most: dict[Key, dict[str, float]] = {}
        self.calls.append(self._call)

    def add(self, *, count: int = 1, most: Mapping[str, float] | None = None, **names: str) -> None:
        """Count a row once more.

        Args:
            count: how many times.
            most: measured numbers, whose maximum is kept.
            names: of the row.
        """
        key = tuple(sorted(names.items()))
        self._counts[key] += count
        largest = self._most.setdefault(key, {})
        for name, value in (most or {}).items():
            largest[name] = max(value, largest.get(name, value))

    def write(self) -> None:
        """Replace the file."""
        self._call["seconds"] = round(time.monotonic() - self._began, 1)
        self._call["counts"] = [
            {**dict(key), "count": count, **self._most[key]} for key, count in sorted(self._counts.items())
        ]
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new = self.path.with_suffix(".new")
            new.write_text(json.dumps({"calls": self.calls}, indent=1) + "\n", encoding="utf-8")
            os.replace(new, self.path)

    def rows(self, *, commit: str = "") -> list[dict[str, Any]]:
        """The rows of all calls, or of those of a commit; a row that came up in several stands there as often."""
        return [row for call in self.calls if commit in ("", call["commit"]) for row in call.get("counts", ())]

    def total(self, *names: str, **where: str) -> Counter[tuple[str, ...]]:
        """How often each combination of names came up over all calls, among the rows that are so."""
        counts: Counter[tuple[str, ...]] = Counter()
        for row in self.rows():
            if all(row.get(name) == value for name, value in where.items()):
                counts[tuple(row[name] for name in names)] += row["count"]
        return counts

    def circumstances(self) -> str:
        """When, where and of which commits the counts are, as a line of Markdown."""
        minutes = sum(call["seconds"] for call in self.calls) / 60
        dates = sorted({call["date"] for call in self.calls})
        days = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
        return f"{len(self.calls)} calls of together {minutes:.0f} minutes, on {days}. " + machine()


def table(header: list[str], rows: list[list[object]]) -> str:
    """A table of Markdown; the numbers on the right."""
    right = [bool(rows) and all(isinstance(row[number], int | float) or row[number] == "" for row in rows)
             for number in range(len(header))]  # fmt: skip
    lines = [header, ["---:" if each else "---" for each in right]]
    lines += [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def circumstances() -> str:
    """When, where and of which commit a table is, as a line of Markdown."""
    return f"Measured on {datetime.date.today().isoformat()}, commit {commit()}. " + machine()


def machine() -> str:
    """The machine and Python, as a line of Markdown."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores that others used at the same time, {platform.platform(terse=True)}, {python}.\n"


def commit() -> str:
    """The commit of the code that runs; a plus where files were changed since."""
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return found.stdout.strip() or "unknown"
