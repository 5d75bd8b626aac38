"""One direction: a stage imports only from the stages above it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "netloom"

#: From the ground up; the stages of one row know nothing of each other, and the files of one stage may.
ROWS = (
    "errors",
    "registry files units intervals synonyms extras typed heap",
    "signal spec tensors",
    "edits",
    "faults",
    "blocks",
    "reading plugins",
    "build zoo",
    "generate",
    "answers",
    "data optim",
    "runtime",
    "cost tasks",
    "draw check",
    "run",
    "train",
    "evaluate",
    "samples predict",
    "explain",
    "export",
    "compete",
    "compress",
    "show",
    "compare facts report catalogue serve",
    "commands",
    "cli",
)
#: Modules that belong to a stage of another name.
PART_OF = {
    "reader": "reading", "graph_reader": "reading",
    "meter": "cost", "work": "cost", "pieces": "cost",
    "communication": "cost", "scratch": "cost", "kernels": "cost", "machine": "cost", "calibrate": "cost",
    "clock": "cost", "prices": "cost",
    "mermaid": "draw", "drawing": "draw",
    "assemble": "check", "mend": "check",
    "propose": "compete", "shortlist": "compete", "jobs": "compete", "pool": "compete",
    "run_fields": "run",
    "scores": "compete", "significance": "intervals",
    "latency": "evaluate",
    "commands.show": "show",
    "__main__": "cli",
}  # fmt: skip
RANK = {stage: rank for rank, row in enumerate(ROWS) for stage in row.split()}
FILES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def stage(module: str) -> str:
    """netloom.build.axes → build."""
    names = module.split(".")[1:]
    return PART_OF.get(".".join(names[:2])) or PART_OF.get(names[0], names[0])


def imported(tree: ast.Module) -> set[str]:
    """The netloom modules that are imported when this one is, or later; not those for the type checker alone."""
    names: set[str] = set()
    only_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in only_types:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "netloom":
            names |= {f"netloom.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name for name in names if name.startswith("netloom.") and "__" not in name}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_stage_imports_from_above(path: Path) -> None:
    own = stage("netloom." + ".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert own in RANK, f"name the stage {own} in this file"
    for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
        other = stage(name)
        above = other == own or RANK[other] < RANK[own]
        later = path.name == "reader.py" and other == "build"  # only to mend a faulty file, and only then
        assert above or later, f"{own} imports {name}"


def test_blocks_know_only_blocks() -> None:
    for path in (ROOT / "blocks").rglob("[!_]*.py"):
        assert all(name.startswith("netloom.blocks.") for name in imported(ast.parse(path.read_text(encoding="utf-8"))))
