"""Small mistakes: which there are, how they are named and counted, and a run of `scripts/mutate.py` to its end."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mutation import choosing
from mutation.operators import Mutant, mutants
from mutation.table import markdown, reasons

SCRIPTS = Path(__file__).parents[1] / "scripts"

TEXT = '''"""A module."""

TOP = 3


class Box:
    size: int = 64

    @cached(1)
    def area(self, side: Literal[2], deep: bool = True) -> int:
        if not deep and side > 1:
            log(side, "x")
            raise ValueError(f"{side + 1}")
        total = [0]
        total[0] += 1

        def inner() -> float:
            return side * 0.5

        return inner()


class Shaped(Protocol):
    def area(self, side: int = 3) -> int:
        """Its area."""


def example() -> int:
    return 7
'''


def of_text(folder: Path, text: str = TEXT, name: str = "box.py") -> list[Mutant]:
    path = folder / "shapes" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return mutants(path, folder)


def test_every_mistake_of_a_module(tmp_path: Path) -> None:
    found = [(mutant.line, mutant.function, mutant.new) for mutant in of_text(tmp_path)]
    assert sorted(found) == [
        (3, "", "TOP = 2"),
        (3, "", "TOP = 4"),
        (7, "", "size: int = 128"),
        (7, "", "size: int = 32"),
        (10, "Box.area", "def area(self, side: Literal[2], deep: bool = False) -> int:"),
        (11, "Box.area", "if (deep) and side > 1:"),
        (11, "Box.area", "if (not deep or side > 1):"),
        (11, "Box.area", "if not deep and (side >= 1):"),
        (11, "Box.area", "if not deep and side > 0:"),
        (11, "Box.area", "if not deep and side > 2:"),
        (12, "Box.area", "log('x', side)"),
        (12, "Box.area", "pass"),
        (14, "Box.area", "total = [-1]"),
        (14, "Box.area", "total = [1]"),
        (15, "Box.area", "pass"),
        (15, "Box.area", "total[0] += 0"),
        (15, "Box.area", "total[0] += 2"),
        (18, "Box.area.<locals>.inner", "return (side / 0.5)"),
        (18, "Box.area.<locals>.inner", "return side * -0.5"),
        (18, "Box.area.<locals>.inner", "return side * 1.5"),
    ]
    assert [mutant.line for mutant in of_text(tmp_path) if mutant.default] == [10]
    assert not of_text(tmp_path, name="example.py")


def test_a_mutant_changes_its_line_and_finds_it_again(tmp_path: Path) -> None:
    mutant = next(each for each in of_text(tmp_path) if each.line == 12)
    before, after = TEXT.split("\n"), mutant.applied(TEXT).split("\n")
    assert [number for number, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1]] == [12]
    assert after[11] == " " * 12 + mutant.new
    moved = mutant.placed(f"# one\n# two\n{TEXT}")
    assert moved is not None
    assert (moved.line, moved.new) == (14, mutant.new)
    assert mutant.placed(TEXT.replace("log", "warn")) is None


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package and its tests."""
    for name, text in {
        "src/shapes/box.py": "def area(): ...",
        "src/shapes/_round.py": "from weftnet.shapes.box import area",
        "src/show/box.py": "import weftnet.shapes.box",
        "tests/shapes/test_box.py": "",
        "tests/shapes/test_all.py": "from weftnet.shapes.box import area\nfrom weftnet.shapes._round import turn",
        "tests/shapes/test_round.py": "",
        "tests/show/test_box.py": "",
        "tests/show/test_show_box.py": "from weftnet.show.box import drawn",
        "tests/other/test_more.py": "from weftnet.show.box import drawn",
        "tests/other/test_none.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(choosing, "SOURCE", tmp_path / "src")
    monkeypatch.setattr(choosing, "TESTS", tmp_path / "tests")
    choosing._imports.cache_clear()
    yield tmp_path / "tests"
    choosing._imports.cache_clear()


def test_files_called_after_a_module_are_sought_first(tree: Path) -> None:
    """Then those that import it, then those that import what imports it; what has nothing to do with it, never."""
    found = {
        module: [str(each.relative_to(tree)) for each in choosing.files_of(module)]
        for module in ("shapes/box.py", "show/box.py", "shapes/_round.py")
    }
    assert found["shapes/box.py"][0] == "shapes/test_box.py"
    assert found["shapes/box.py"].index("shapes/test_all.py") < found["shapes/box.py"].index("other/test_more.py")
    assert found["show/box.py"][:2] == ["show/test_show_box.py", "show/test_box.py"]
    assert found["shapes/_round.py"][:2] == ["shapes/test_round.py", "shapes/test_all.py"]
    assert all("other/test_none.py" not in files for files in found.values())


def result(module: str, end: str, line: int = 1) -> dict[str, object]:
    return {"module": module, "line": line, "old": "a = 1", "new": "a = 2", "end": end}


def test_the_table_counts_by_package_and_leaves_out_what_no_test_could_notice(tmp_path: Path) -> None:
    path = tmp_path / "reasons.txt"
    path.write_text(
        "# why\nequivalent b/y.py: never read\n- a = 1\n+ a = 2\naccepted b/z.py: a size\n- a = 1\n+ a = 2\n"
    )
    ends = [
        ("a/x.py", "killed"),
        ("a/w.py", "timeout"),
        ("b/y.py", "survived"),
        ("b/z.py", "survived"),
        ("c.py", "killed"),
    ]
    page = markdown([result(*each) for each in ends], reasons(path))
    assert "| a | 1 | 1 | 0 | 0 | 0 |" in page
    assert "| b | 0 | 0 | 1 | 0 | 1 |" in page
    assert "**2 of 4 killed, 50.0 %**" in page
    assert "- survived, `b/z.py:1`: a size" in page
    assert "`a/x.py" not in page
    path.write_text("equal b/y.py: never read\n- a = 1\n+ a = 2\n")
    with pytest.raises(ValueError, match="expected `equivalent module: reason`"):
        reasons(path)


def test_every_reason_can_be_read() -> None:
    assert all(reason for _, reason in reasons().values())


@pytest.mark.slow
def test_a_run_from_end_to_end(tmp_path: Path) -> None:
    """Most mistakes in a module of formulas are noticed; a second call has nothing left to do."""
    command = [sys.executable, str(SCRIPTS / "mutate.py"), "--only", "base/intervals.py", "--count", "3"]
    command += ["--out", str(tmp_path / "mutation"), "--kept", str(tmp_path / "kept")]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=False) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stdout + first.stderr
    results = json.loads((tmp_path / "mutation.json").read_text())["results"]
    assert len(results) == 3
    assert sum(each["end"] == "killed" for each in results) >= 2
    assert all(each["by"].startswith("tests/") for each in results if each["end"] == "killed")
    assert first.stdout.count("base/intervals.py") == 3
    assert second.stdout.count("base/intervals.py") == 0
