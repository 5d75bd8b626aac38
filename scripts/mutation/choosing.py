"""Which mutants are tried, and in which test files their tests are sought."""

import ast
import random
import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from mutation.operators import Mutant, is_python, mutants

ROOT = Path(__file__).parents[2]
SOURCE, TESTS = ROOT / "src" / "weftnet", ROOT / "tests"
#: mutants of one module, and the fewest of a package
OF_A_MODULE, OF_A_PACKAGE = 3, 6


def drawn(count: int, seed: int, only: Sequence[str] = ("",)) -> list[Mutant]:
    """Mutants of all packages, of each about as many as it has lines; the same seed and a higher count give more.

    Args:
        count: about how many.
        seed: of the draw.
        only: parts of paths, one of which a module's path holds.
    """
    draw = random.Random(seed)
    modules: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(SOURCE.rglob("*.py")):
        if any(part in str(path.relative_to(SOURCE)) for part in only):
            modules[path.relative_to(SOURCE).parts[0]].append(path)
    lines = {package: sum(len(path.read_text().split("\n")) for path in paths) for package, paths in modules.items()}
    places: list[tuple[float, Mutant]] = []
    for package, paths in modules.items():
        wanted = max(OF_A_PACKAGE, round(count * lines[package] / sum(lines.values())))
        draw.shuffle(paths)
        found: list[Mutant] = []
        for path in paths:
            if len(found) < wanted:
                found += _of_module(path, draw.random())
        places += [(number / wanted, mutant) for number, mutant in enumerate(found[:wanted])]
    return [mutant for _, mutant in sorted(places, key=lambda place: place[0])]


def _of_module(path: Path, seed: float) -> list[Mutant]:
    text = path.read_text(encoding="utf-8")
    found = mutants(path, SOURCE)
    random.Random(seed).shuffle(found)
    chosen: dict[int, Mutant] = {}  # one of a line
    for mutant in found:
        if len(chosen) < OF_A_MODULE and mutant.line not in chosen and is_python(mutant.applied(text)):
            chosen[mutant.line] = mutant
    return list(chosen.values())


def files_of(module: str) -> list[Path]:
    """Test files that may run the module, the likeliest first.

    First are those that are called after it, test_MODULE.py or test_ROOM_MODULE.py. Near are files that import the
    module, that lie in a folder of its room, or whose name or text holds its name; then those that import a module
    that imports it.
    """
    path = SOURCE / module
    stem = path.parent.name if path.stem == "__init__" else path.stem
    rooms = set(path.relative_to(SOURCE).parts[:-1])
    called = {f"test_{before}{stem.strip('_')}" for before in ("", *(f"{room.strip('_')}_" for room in rooms))}
    importers = {name for name in _imports() if _dotted(path) in _imports()[name]}
    words = {word for word in re.split(r"[_\d]+", stem) if len(word) > 3} | {path.parent.name}
    quoted = re.compile(rf"[\"' -]{re.escape(stem)}[\"':]|- {re.escape(stem)}$", re.MULTILINE)
    scored = []
    for test in sorted(TESTS.rglob("test_*.py")):
        imported = _imported(test)
        score = 8 * (_dotted(path) in imported) + 2 * bool(importers & imported)
        score += len(rooms & set(test.relative_to(TESTS).parts[:-1]))
        score += 16 * (test.stem in called)
        score += 3 * any(word in test.stem for word in words) + 2 * bool(quoted.search(_text(test)))
        if score > 1:
            scored.append((-score, len(_text(test)), test))
    return [test for _, _, test in sorted(scored)]


def _dotted(path: Path) -> str:
    return ".".join(("weftnet", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")


@cache
def _imports() -> dict[str, frozenset[str]]:
    """Of every module, what it imports."""
    return {_dotted(path): _imported(path) for path in SOURCE.rglob("*.py")}


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _imported(path: Path) -> frozenset[str]:
    """Names of modules that a file imports, and of what it imports from them, wherever that stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(_text(path))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(name for name in names if name.startswith("weftnet"))
