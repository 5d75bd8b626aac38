"""Change the code by one small mistake at a time, and see whether a test notices.

    python scripts/mutate.py --count 300 --seed 0 --out mutants.json

Mutants are drawn from all packages, as many from each as it has places, by a seed. For each the tests that cover its
module run in a child process with a time limit, on a copy of src/. A mutant is killed if one fails; one that takes too
long is counted apart, since a busy machine may be the reason; others survive and are listed with place and change. What
was run is kept in --out, so that a second call continues.
Equivalent mutants, which no test could kill, stand in scripts/equivalent_mutants.txt: `module: old -> new: reason`.

Operators: constants and defaults ± 1, comparisons, + − * /, not, and/or, True/False, calls removed, arguments swapped.
"""

import argparse
import ast
import copy
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE, TESTS = ROOT / "src" / "weftnet", ROOT / "tests"
EQUIVALENT = ROOT / "scripts" / "equivalent_mutants.txt"
FLIPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Div, ast.Div: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A change: the line of a module as it was and as it is."""

    module: str
    line: int
    old: str
    new: str


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that could stand in its place."""
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Compare(ops=[op]) if type(op) in FLIPPED:
            changed = copy.deepcopy(node)
            changed.ops = [FLIPPED[type(op)]()]  # type: ignore[list-item]
            yield changed
        case ast.BinOp(op=op) | ast.BoolOp(op=op) if type(op) in FLIPPED:
            changed = copy.deepcopy(node)
            changed.op = FLIPPED[type(op)]()  # type: ignore[union-attr]
            yield changed
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.Call(args=[first, second, *_]) if not isinstance(first, ast.Starred):
            changed = copy.deepcopy(node)
            changed.args[:2] = [copy.deepcopy(second), copy.deepcopy(first)]
            yield changed
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            yield ast.Pass()


def places(tree: ast.Module) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Where a node hangs inside a function or class: its parent, the field, the index in a list."""
    for parent in ast.walk(tree):
        if isinstance(parent, ast.JoinedStr | ast.FormattedValue | ast.Raise | ast.Subscript):
            continue
        for name, value in ast.iter_fields(parent):
            if name in ("annotation", "returns", "decorator_list", "type_params"):
                continue
            for index, each in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(each, ast.expr | ast.stmt):
                    yield parent, name, index if isinstance(value, list) else None


def mutants(path: Path) -> Iterator[tuple[Mutant, str]]:
    """Every mutant of a module, with the changed line."""
    text = path.read_text(encoding="utf-8")
    lines, module = text.splitlines(keepends=True), str(path.relative_to(SOURCE))
    tree = ast.parse(text)
    for parent, name, index in places(tree):
        value = getattr(parent, name)
        node = value if index is None else value[index]
        if node.lineno != node.end_lineno:
            continue
        row = node.lineno - 1
        line = lines[row].encode()
        for changed in changes(node):
            new_text = ast.unparse(ast.fix_missing_locations(changed))
            if isinstance(node, ast.expr) and not isinstance(changed, ast.Constant | ast.Call):
                new_text = f"({new_text})"
            new = (line[: node.col_offset] + new_text.encode() + line[node.end_col_offset :]).decode()
            yield Mutant(module, node.lineno, lines[row].strip(), new.strip()), new


def covering(module: str, most: int = 6) -> list[str]:
    """Test files that import the module, then those of its folder whose names share a word with it."""
    path = Path(module)
    dotted = "weftnet." + ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    words = {word for word in re.split(r"[_\d]+", path.stem) if len(word) > 3} | {path.parent.name}
    scored: list[tuple[int, str]] = []
    for test in sorted(TESTS.rglob("test_*.py")):
        text = test.read_text(encoding="utf-8")
        score = 8 * (f"from {dotted} import" in text) + 4 * (f'"{path.stem}"' in text or f"- {path.stem}" in text)
        same_room = path.parts[0] in test.relative_to(TESTS).parts
        score += 2 * same_room * any(word in test.stem for word in words) + same_room
        if score > 0:
            scored.append((-score, str(test.relative_to(ROOT))))
    return [name for _, name in sorted(scored)[:most]]


def tried(mutant: Mutant, line: str, seconds: float) -> str:
    """What became of it: killed, timeout, survived, uncovered, or invalid where it is no Python."""
    lines = (SOURCE / mutant.module).read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join([*lines[: mutant.line - 1], line, *lines[mutant.line :]])
    try:
        ast.parse(text)
    except SyntaxError:
        return "invalid"
    tests = covering(mutant.module)
    if not tests:
        return "uncovered"
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "src", Path(folder) / "src", ignore=shutil.ignore_patterns("__pycache__"))
        (Path(folder) / "src" / "weftnet" / mutant.module).write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *tests]
        environment = os.environ | {"PYTHONPATH": f"{folder}/src", "PYTHONDONTWRITEBYTECODE": "1"}
        child = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            return "survived" if child.wait(seconds) == 0 else "killed"
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 9)
            child.wait()
            return "timeout"


def equivalents() -> dict[str, str]:
    """Reasons by `module: old -> new`."""
    lines = EQUIVALENT.read_text(encoding="utf-8").splitlines() if EQUIVALENT.is_file() else []
    parts = (line.rsplit(": ", 1) for line in lines if line and not line.startswith("#"))
    return {parts_of[0]: parts_of[1] for parts_of in parts}


def drawn(count: int, seed: int, only: str) -> list[tuple[Mutant, str]]:
    """Mutants of all modules below `only`, without repetition."""
    found = [each for path in sorted(SOURCE.rglob("*.py")) if only in str(path) for each in mutants(path)]
    return random.Random(seed).sample(found, min(count, len(found)))


def table(results: list[dict[str, object]]) -> str:
    """By package, and the survivors."""
    known = equivalents()
    counts: Counter[tuple[str, str]] = Counter()
    lines = []
    for each in results:
        change = f"{each['module']}: {each['old']} -> {each['new']}"
        end = "equivalent" if change in known and each["end"] == "survived" else str(each["end"])
        counts[str(each["module"]).split("/")[0], end] += 1
        if end in ("survived", "uncovered"):
            lines += [f"{end}  {each['module']}:{each['line']}", f"  - {each['old']}", f"  + {each['new']}"]
    ends = ("killed", "timeout", "survived", "uncovered", "equivalent")
    rows = [f"{'package':14}" + "".join(f"{end:>12}" for end in ends)]
    for package in sorted({package for package, _ in counts}):
        rows.append(f"{package:14}" + "".join(f"{counts[package, end]:12}" for end in ends))
    dead = sum(number for (_, end), number in counts.items() if end == "killed")
    alive = sum(number for (_, end), number in counts.items() if end in ("survived", "uncovered"))
    share = f"{dead} of {dead + alive} killed, {100 * dead / max(1, dead + alive):.0f} %"
    return "\n".join([*rows, "", share, "", *lines])


def main() -> None:
    """Run them and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="part of a module's path")
    parser.add_argument("--seconds", type=float, default=120.0, help="time limit of a mutant")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no mutant after that")
    parser.add_argument("--out", type=Path, default=Path("mutants.json"))
    args = parser.parse_args()
    results = json.loads(args.out.read_text(encoding="utf-8")) if args.out.is_file() else []
    done = {(each["module"], each["line"], each["new"]) for each in results}
    began = time.monotonic()
    for mutant, line in drawn(args.count, args.seed, args.only):
        if (mutant.module, mutant.line, mutant.new) in done:
            continue
        if time.monotonic() - began > 60 * args.minutes:
            break
        results.append({**asdict(mutant), "end": tried(mutant, line, args.seconds)})
        args.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(table(results))


if __name__ == "__main__":
    main()
