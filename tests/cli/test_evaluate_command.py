"""`weftnet evaluate`: metrics on a run's own data and on others."""

import json
import shutil
from pathlib import Path

import pytest

from weftnet.cli.commands.evaluate import evaluate_command
from weftnet.errors import DataError

FIXTURES = Path(__file__).parents[1] / "fixtures" / "run_format_1"


def test_its_own_test_part(capsys: pytest.CaptureFixture[str]) -> None:
    evaluate_command(FIXTURES / "digits", None, None, True)
    found = json.loads(capsys.readouterr().out)
    known = json.loads((FIXTURES / "digits.json").read_text(encoding="utf-8"))["scores"]["test"]
    assert found["metrics"] == pytest.approx(known, rel=1e-5)
    assert (found["split"], found["examples"]) == ("test", 269)
    assert sum(map(sum, found["confusion"])) == 269
    right = sum(found["confusion"][k][k] for k in range(10))
    assert right / 269 == pytest.approx(known["accuracy"])
    assert list(found["classes"]["3"]) == ["precision", "recall", "f1", "count"]
    evaluate_command(FIXTURES / "digits", None, "validation", False)
    printed = capsys.readouterr().out
    assert "digits, validation: 269 examples" in printed
    assert "confusion" in printed


def test_other_data_are_evaluated_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (FIXTURES / "people.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "other.csv").write_text("\n".join(lines[:31]) + "\n", encoding="utf-8")
    evaluate_command(FIXTURES / "table", str(tmp_path / "other.csv"), None, True)
    found = json.loads(capsys.readouterr().out)
    assert (found["split"], found["examples"]) == ("test", 30)
    assert set(found["metrics"]) == {"rmse", "mae", "r2"}
    assert "confusion" not in found


def test_data_without_the_target(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("area,town,floor\n40,Bonn,2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"no column 'price', which the run predicts\n  fix: add the column"):
        evaluate_command(FIXTURES / "table", str(tmp_path / "x.csv"), None, False)


def test_its_own_data_that_have_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="no such file"):
        evaluate_command(FIXTURES / "table", None, None, False)
    shutil.copy(FIXTURES / "people.csv", tmp_path)
    with (tmp_path / "people.csv").open("a", encoding="utf-8") as file:
        file.write("50,Bonn,2,700\n")
    with pytest.raises(DataError, match="not those the run was trained on"):
        evaluate_command(FIXTURES / "table", None, None, False)


def test_a_part_that_is_not_there() -> None:
    with pytest.raises(DataError, match="no holdout part"):
        evaluate_command(FIXTURES / "digits", None, "holdout", False)
