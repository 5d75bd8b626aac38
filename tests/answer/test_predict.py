"""Answers from a run's folder alone: whatever comes in, in its order, in bounded chunks; a fault writes nothing."""

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from weftnet.answer.predict import flat, of_source, of_texts, of_values
from weftnet.base.answers import forms
from weftnet.cli.commands.predict import predict_command
from weftnet.data import batch as batches
from weftnet.data.sources.digits import DIGITS
from weftnet.errors import DataError, RunError, SettingError, WeftnetError
from weftnet.run.loading import Loaded, load
from weftnet.tasks._schema import answer_schema

FIXTURES = Path(__file__).parents[1] / "fixtures" / "run_format_1"


@pytest.fixture
def flats() -> Loaded:
    return load(FIXTURES / "table")


@pytest.fixture
def words() -> Loaded:
    return load(FIXTURES / "text")


@pytest.fixture
def digits() -> Loaded:
    return load(FIXTURES / "digits")


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def people(count: int) -> list[dict[str, Any]]:
    with (FIXTURES / "people.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))[:count]


def test_a_table_is_answered_row_by_row_whether_it_knows_the_target_or_not(flats: Loaded, tmp_path: Path) -> None:
    rows = people(9)
    wanted = flats.predict({name: [row[name] or None for row in rows] for name in ("area", "town", "floor")})
    asked = list(of_source(flats, str(table(tmp_path / "a.csv", rows))).answers)
    assert [row for row, _ in asked] == list(range(1, 10))
    assert [answer["value"] for _, answer in asked] == pytest.approx([answer["value"] for answer in wanted])
    without = [{name: row[name] for name in ("floor", "town", "area")} for row in rows]
    assert list(of_source(flats, str(table(tmp_path / "b.csv", without))).answers) == asked
    odd = [{**row, "price": "cheap"} for row in rows]  # the target is not looked at
    assert list(of_source(flats, str(table(tmp_path / "c.csv", odd))).answers) == asked


def test_the_runs_own_data_come_in_their_order_not_part_by_part(flats: Loaded) -> None:
    asked = list(of_source(flats, str(FIXTURES / "people.csv")).answers)
    assert [row for row, _ in asked] == list(range(1, 201))


def test_arrays(digits: Loaded, tmp_path: Path) -> None:
    x = np.load(DIGITS)["x"][:5]
    np.save(tmp_path / "five.npy", x)
    found = [answer for _, answer in of_source(digits, str(tmp_path / "five.npy")).answers]
    assert found == digits.predict({"x": x})


def test_pictures_one_by_one_and_by_the_folder(digits: Loaded, tmp_path: Path) -> None:
    x = np.load(DIGITS)["x"][:3]
    for number, picture in enumerate(x):
        Image.fromarray((picture * 15).astype(np.uint8)).save(tmp_path / f"{number}.png")
    asked = of_source(digits, str(tmp_path))
    assert asked.files
    folder = dict(asked.answers)
    assert list(folder) == [str(tmp_path / f"{number}.png") for number in range(3)]
    for path, answer in folder.items():
        alone = dict(of_source(digits, path).answers)[path]
        assert alone["probabilities"] == pytest.approx(answer["probabilities"], abs=1e-6)
    (tmp_path / "1.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"1\.png"):
        list(of_source(digits, str(tmp_path)).answers)


def test_sentences(words: Loaded, tmp_path: Path) -> None:
    texts = ["A lovely film.", "A dull play.", ""]
    wanted = words.predict({"review": texts})
    assert [answer for _, answer in of_texts(words, texts).answers] == wanted
    (tmp_path / "lines.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    assert [answer for _, answer in of_source(words, str(tmp_path / "lines.txt")).answers] == wanted[:3]


def test_one_row_by_its_values(flats: Loaded) -> None:
    wanted = flats.predict({"area": [70], "town": ["Bonn"], "floor": [None]})
    assert [answer for _, answer in of_values(flats, {"area": "70", "town": "Bonn"}).answers] == wanted
    with pytest.raises(DataError, match=r"reads no column 'aera'.*\n.*\n.*did you mean 'area'"):
        of_values(flats, {"aera": "70"})


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda f, w, t: of_texts(f, ["a"]), "doesn't read only texts"),
        (lambda f, w, t: of_source(f, str(t / "none.csv")), "no such file"),
        (lambda f, w, t: of_source(f, str(table(t / "x.csv", [{"area": 3, "town": "Bonn"}]))), "no column 'floor'"),
        (
            lambda f, w, t: of_source(f, str(table(t / "y.csv", [{**people(1)[0], "area": "wide"}]))),
            "row 2, column 'area'",
        ),
        (lambda f, w, t: of_texts(w, []), "nothing to answer"),
    ],
)
def test_what_cannot_be_answered(make: Any, match: str, flats: Loaded, words: Loaded, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=match):
        list(make(flats, words, tmp_path).answers)


def test_chunks_are_bounded_whatever_comes(digits: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest chunk through the network, by examples and by input values; every row is answered once."""
    sizes: list[int] = []
    digits.model["network"].register_forward_pre_hook(lambda _, given: sizes.append(len(next(iter(given[0].values())))))
    rows = [row for row, _ in of_source(digits, "digits").answers]
    assert rows == list(range(1, 1798))
    assert max(sizes) == 512
    sizes.clear()
    monkeypatch.setattr(batches, "VALUES", 64 * 100)
    assert len(list(of_source(digits, "digits").answers)) == 1797
    assert max(sizes) == 100


def test_answers_come_while_it_runs(flats: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST", 10)
    calls: list[int] = []
    flats.model["network"].register_forward_pre_hook(lambda *_: calls.append(1))
    next(of_source(flats, str(FIXTURES / "people.csv")).answers)
    assert len(calls) < 5


def test_outputs_that_are_not_finite(flats: Loaded) -> None:
    with torch.no_grad():
        next(flats.model.parameters()).fill_(float("inf"))
    with pytest.raises(RunError, match="not finite"):
        list(of_values(flats, {"area": "3"}).answers)


def test_flat_answers() -> None:
    def of(task: str, **answer: Any) -> dict[str, Any]:
        return flat(answer, forms(answer_schema(task)))

    shares = {"a": 0.25, "b": 0.75}
    expected = {"label": "b", "confidence": 0.75, "p_a": 0.25, "p_b": 0.75}
    assert of("classification", label="b", probabilities=shares) == expected
    assert of("regression", value=3.5) == {"value": 3.5}
    assert of("multilabel", labels=["x", "y"], probabilities=shares) == {"labels": "x;y", "p_a": 0.25, "p_b": 0.75}
    assert of("forecasting", values=[[1.0, 2.0], [3.0, 4.0]]) == {
        "values_1_1": 1.0, "values_1_2": 2.0, "values_2_1": 3.0, "values_2_2": 4.0,
    }  # fmt: skip


def test_written_as_csv_json_and_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = shutil.copytree(FIXTURES / "text", tmp_path / "run")
    texts = ["A lovely film.", "Dull, “cold”."]
    predict_command(run, [], texts, [], None)
    printed = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["row"] for row in printed] == ["1", "2"]
    assert list(printed[0]) == ["row", "label", "confidence", "p_bad", "p_good"]
    predict_command(run, [], texts, [], tmp_path / "a.json")
    predict_command(run, [], texts, [], tmp_path / "a.jsonl")
    found = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert found == [json.loads(line) for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [each["label"] for each in found] == [row["label"] for row in printed]
    with pytest.raises(SettingError, match="answers are written as CSV or JSON"):
        predict_command(run, [], texts, [], tmp_path / "a.xlsx")
    with pytest.raises(DataError, match="nothing to answer"):
        predict_command(run, [], [], [], None)


def test_several_sources_are_told_apart(tmp_path: Path) -> None:
    paths = [str(table(tmp_path / f"{name}.csv", people(2))) for name in "ab"]
    predict_command(FIXTURES / "table", paths, [], ["area=50"], tmp_path / "out.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8"))))
    assert [(row["source"], row["row"]) for row in rows] == [
        (paths[0], "1"), (paths[0], "2"), (paths[1], "1"), (paths[1], "2"), ("values", "1"),
    ]  # fmt: skip


def test_nothing_is_written_when_a_row_is_bad(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = str(table(tmp_path / "good.csv", people(2)))
    bad = str(table(tmp_path / "bad.csv", [*people(3), {**people(1)[0], "area": "wide"}]))
    for out in (tmp_path / "out.csv", None):
        with pytest.raises(WeftnetError, match=r"bad\.csv: row 5, column 'area'"):
            predict_command(FIXTURES / "table", [good, bad], [], [], out)
    assert capsys.readouterr().out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "good.csv"]
