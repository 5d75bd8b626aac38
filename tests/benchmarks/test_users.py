"""Five people's way: every script is there on both sides, and what is published of its length is so."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def users() -> ModuleType:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        spec = importlib.util.spec_from_file_location("users", BENCHMARKS / "users.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["users"] = module
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.mark.parametrize("name", ["photos", "arrays", "table", "pipeline", "boxes"])
def test_lines_and_commands_are_those_of_the_scripts(users: ModuleType, name: str) -> None:
    sides = {"weftnet", users.USERS[name].peer}
    lengths = {side: users.length(users.script_of(name, side)) for side in sides}
    path = BENCHMARKS / "results" / f"users_{name}.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    assert {row["what"] for row in rows} <= sides
    for row in rows:
        assert {(each["lines"], each["commands"]) for each in row["facts"]} == {lengths[row["what"]]}


@pytest.mark.parametrize(
    ("page", "line", "command"), [("README.md", "lines", "commands"), ("README.zh.md", "行", "条命令")]
)
def test_the_readme_says_how_long_they_are(users: ModuleType, page: str, line: str, command: str) -> None:
    text = (BENCHMARKS.parent / page).read_text(encoding="utf-8")
    for name, user in users.USERS.items():
        cells = []
        for side in ("weftnet", user.peer):
            lines, commands = users.length(users.script_of(name, side))
            cells.append(f"{lines} {line}" if lines else f"{commands} {command}")
        own, other = cells
        (row,) = [
            each for each in text.splitlines() if each.startswith("|") and f" {user.peer}" in each and own in each
        ]
        assert row.rstrip(" |").endswith(other), row


def test_boxes_are_judged_alike_on_both_sides(users: ModuleType, tmp_path: Path) -> None:
    """The truth itself as answers, in the forms of both sides, is perfect."""
    pytest.importorskip("pycocotools")
    box, other = [10.0, 20.0, 30.0, 40.0], [50.0, 10.0, 20.0, 20.0]
    truth = {
        "info": {},
        "images": [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 80}],
        "categories": [{"id": 1, "name": "cell"}, {"id": 2, "name": "plate"}],
        "annotations": [
            {"id": n, "image_id": 7, "category_id": n, "bbox": each, "area": each[2] * each[3], "iscrowd": 0}
            for n, each in ((1, box), (2, other))
        ],
    }
    told = {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "categories": [{"id": 1, "name": "plate"}, {"id": 2, "name": "cell"}],
        "annotations": [
            {"image_id": 1, "category_id": 2, "bbox": box, "score": 0.9},
            {"image_id": 1, "category_id": 1, "bbox": other, "score": 0.8},
        ],
    }
    (tmp_path / "answers.coco.json").write_text(json.dumps(told))
    (tmp_path / "answers" / "labels").mkdir(parents=True)
    lines = "0 0.25 0.5 0.3 0.5 0.9\n1 0.6 0.25 0.2 0.25 0.8\n"
    (tmp_path / "answers" / "labels" / "a.txt").write_text(lines)
    assert users.by_box(tmp_path, "weftnet", truth) == pytest.approx(1.0)
    assert users.by_box(tmp_path, "Ultralytics", truth) == pytest.approx(1.0)
