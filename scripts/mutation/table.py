"""What became of the mutants: a table by package, and those that no test notices."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ENDS = ("killed", "timeout", "survived", "untested", "equivalent")
EXPLAINED = Path(__file__).parents[1] / "equivalent_mutants.txt"


def reasons(path: Path = EXPLAINED) -> dict[tuple[str, str, str], tuple[str, str]]:
    """By module, old and new line: `equivalent` (no test could notice) or `accepted` (none does), and the reason.

    A mutant has three lines, `equivalent module: reason`, `- old`, `+ new`; those that begin with # are comments.
    """
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and line[0] != "#"]
    found = {}
    for head, old, new in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        kind, rest = head.split(" ", 1)
        module, reason = rest.split(": ", 1)
        if kind not in ("equivalent", "accepted") or (old[:2], new[:2]) != ("- ", "+ "):
            raise ValueError(f"{path}: expected `equivalent module: reason`, `- old`, `+ new`, got {head!r}")
        found[module, old[2:], new[2:]] = (kind, reason)
    return found


def markdown(results: Sequence[Mapping[str, Any]], known: Mapping[tuple[str, str, str], tuple[str, str]]) -> str:
    """The page."""
    counts: Counter[tuple[str, str]] = Counter()
    left: list[str] = []
    for each in sorted(results, key=lambda each: (each["module"], each["line"])):
        kind, reason = known.get((each["module"], each["old"], each["new"]), ("", ""))
        end = "equivalent" if kind == "equivalent" and each["end"] in ("survived", "untested") else each["end"]
        counts[each["module"].split("/")[0], end] += 1
        if end in ("timeout", "survived", "untested", "equivalent"):
            what = f"{end}, `{each['module']}:{each['line']}`" + (f": {reason}" if reason else "")
            left += [f"- {what}", "  ```diff", f"  - {each['old']}", f"  + {each['new']}", "  ```"]
    lines = ["| package | " + " | ".join(ENDS) + " |", "| --- |" + " --- |" * len(ENDS)]
    for package in sorted({package for package, _ in counts}):
        lines.append(f"| {package} | " + " | ".join(str(counts[package, end]) for end in ENDS) + " |")
    whole = {end: sum(number for (_, of), number in counts.items() if of == end) for end in ENDS}
    lines.append("| **all** | " + " | ".join(f"**{whole[end]}**" for end in ENDS) + " |")
    tried = sum(whole.values()) - whole["equivalent"]
    share = f"**{whole['killed']} of {tried} killed, {100 * whole['killed'] / max(1, tried):.1f} %**"
    return "\n".join([*lines, "", share, "", "## Not killed", "", *left]) + "\n"
