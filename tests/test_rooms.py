"""The plan of the house: few files at the top, imports that only point down, no circles.

Lazy imports count, and those for the type checker alone.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

import weftnet

ROOT = Path(weftnet.__file__).parent
#: From the ground up. A room imports from itself and from rooms before it.
ROOMS = (
    "errors", "plugins", "registry", "base", "blocks", "architecture", "optim", "data", "compose", "zoo", "metrics",
    "losses", "tasks", "solvers", "cost", "execution", "run", "train", "transfer", "answer", "explain", "export",
    "compress", "compete", "report", "serve", "contract", "library", "cli", "__main__",
)  # fmt: skip
FILES = {
    ".".join(("weftnet", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}


@cache
def imported(name: str) -> frozenset[str]:
    """The modules of weftnet that a module names in an import, wherever it stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name in FILES}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} imports relatively"
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {each if each in FILES else str(node.module) for each in whole} & FILES.keys()
    return frozenset(names - {name})


def room(module: str) -> str:
    """weftnet.compose.block → compose, weftnet → weftnet."""
    return module.partition(".")[2].partition(".")[0] or "weftnet"


def test_nothing_else_lies_at_the_top() -> None:
    assert {path.name for path in ROOT.glob("*.py")} == {
        "__init__.py", "__main__.py", "errors.py", "registry.py", "plugins.py",
    }  # fmt: skip
    assert {room(name) for name in FILES} == {*ROOMS, "weftnet"}


@pytest.mark.parametrize("own", ROOMS)
def test_imports_point_down(own: str) -> None:
    lower = {*ROOMS[: ROOMS.index(own) + 1], "weftnet"}
    wrong = [
        f"{name} imports {other}"
        for name in FILES
        if room(name) == own
        for other in sorted(imported(name))
        if room(other) not in lower
    ]
    assert not wrong, "\n".join(wrong)


def test_there_is_no_circle() -> None:
    """Modules that import nothing, or that nothing imports, are taken away until none is left; circles would stay."""
    left = set(FILES)
    while free := {name for name in left if not imported(name) & left} | (
        left - {other for name in left for other in imported(name)}
    ):
        left -= free
    assert not left, f"circles through {sorted(left)}"


def test_blocks_know_only_blocks() -> None:
    for name in FILES:
        if room(name) == "blocks" and name != "weftnet.blocks":
            assert all(room(other) == "blocks" for other in imported(name)), name
