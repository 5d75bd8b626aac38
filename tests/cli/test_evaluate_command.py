"""`weftnet evaluate`: metrics on a run's own data and on others."""

import json
import shutil
from pathlib import Path

import pytest

from weftnet.cli._output import Output
from weftnet.cli.commands.evaluate import evaluate_command
from weftnet.errors import DataError

FIXTURES = Path(__file__).parents[1] / "fixtures" / "run_format_1"


def test_its_own_test_split(capsys: pytest.CaptureFixture[str]) -> None:
    evaluate_command(FIXTURES / "digits", None, None, Output(as_json=True))
    printed = json.loads(capsys.readouterr().out)
    known = json.loads((FIXTURES / "digits.json").read_text(encoding="utf-8"))["scores"]["test"]
    assert printed["metrics"] == pytest.approx(known, rel=1e-5)
    assert (printed["split"], printed["examples"]) == ("test", 269)
    assert sum(map(sum, printed["confusion"])) == 269
    right = sum(printed["confusion"][k][k] for k in range(10))
    assert right / 269 == pytest.approx(known["accuracy"])
    assert list(printed["classes"]["3"]) == ["precision", "recall", "f1", "examples"]
    evaluate_command(FIXTURES / "digits", None, "validation", Output())
    text = capsys.readouterr().out
    assert "digits, validation: 269 examples" in text
    assert "confusion" in text
    assert "accuracy, 95 % interval" in text
    assert "accuracy, always “" in text


def test_other_data_are_evaluated_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (FIXTURES / "people.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "other.csv").write_text("\n".join(lines[:31]) + "\n", encoding="utf-8")
    evaluate_command(FIXTURES / "table", str(tmp_path / "other.csv"), None, Output(as_json=True))
    printed = json.loads(capsys.readouterr().out)
    assert (printed["split"], printed["examples"]) == ("test", 30)
    assert set(printed["metrics"]) == {"rmse", "mae", "r2"}
    assert "confusion" not in printed
    assert printed["interval"]["low"] < printed["metrics"]["rmse"] < printed["interval"]["high"]
    assert printed["baseline"]["what"].startswith("always the mean")


def test_data_without_the_target(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("area,town,floor\n40,Bonn,2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"no column 'price', which the run predicts\n  fix: add the column"):
        evaluate_command(FIXTURES / "table", str(tmp_path / "x.csv"), None, Output())


def test_its_own_data_that_have_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="no such file"):
        evaluate_command(FIXTURES / "table", None, None, Output())
    shutil.copy(FIXTURES / "people.csv", tmp_path)
    with (tmp_path / "people.csv").open("a", encoding="utf-8") as file:
        file.write("50,Bonn,2,700\n")
    with pytest.raises(DataError, match="not those that the run was trained on"):
        evaluate_command(FIXTURES / "table", None, None, Output())


def test_a_split_that_does_not_exist() -> None:
    with pytest.raises(DataError, match="no holdout split"):
        evaluate_command(FIXTURES / "digits", None, "holdout", Output())
