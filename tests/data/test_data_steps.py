"""Missing and uneven steps: refused by name, or put on a grid, which says what was observed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from weftnet import train
from weftnet.answer.manifest import SeriesFacts, TableFacts
from weftnet.answer.predict import of_source
from weftnet.answer.rows import read
from weftnet.compete.propose import propose
from weftnet.data import open_data
from weftnet.errors import DataError, SettingError
from weftnet.run.loading import load
from weftnet.tasks.forecasting.task import Forecasting
from weftnet.train.recipe import Recipe

OPTIONS: dict[str, Any] = {"target": "load", "context": 5, "horizon": 2, "time": "at"}


def hours(places: list[int], minutes: Any = 0) -> list[str]:
    """Stamps of whole hours, moved by some minutes."""
    start = np.datetime64("2024-02-27T00:00")
    moved = np.broadcast_to(minutes, len(places))
    return [str(start + np.timedelta64(60 * p + int(m), "m")) for p, m in zip(places, moved, strict=True)]


def table(places: list[int], minutes: Any = 0) -> dict[str, Any]:
    draw = np.random.default_rng(1)
    return {"at": hours(places, minutes), "load": draw.normal(9, 2, len(places)).tolist(),
            "wind": draw.normal(size=len(places)).tolist()}  # fmt: skip


#: of 100 hours, without 7, 30 and 31, 77
THERE = [place for place in range(100) if place not in (7, 30, 31, 77)]


def test_a_missing_step_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="the time stamps are not evenly spaced") as caught:
        open_data(table(THERE), **OPTIONS)
    assert "row 7" in str(caught.value)
    assert "steps=fill" in str(caught.value)


def test_missing_steps_are_inserted_and_said() -> None:
    columns = table(THERE)
    data = open_data(columns, **OPTIONS, steps="fill")
    assert data.signals["series"].text() == "series:5x4"  # load, observed, wind, observed
    assert "4 of 100 steps (4.0 %) have no row: inserted, their values read as missing" in data.notes
    assert "load: 4 missing values read as the last one before them" in data.notes
    row_of, kinds = {place: row for row, place in enumerate(THERE)}, data.preprocessing.columns
    seen = []
    for split in ("train", "validation", "test"):
        for batch in data.batches(split, 16):
            for number, row in enumerate(batch.rows.tolist()):
                first = THERE[row]
                assert all(place in row_of for place in (first, first + 1))
                for k, name in enumerate(("load", "wind")):
                    kind: Any = kinds[name]
                    for step in range(5):
                        place, there = first - 5 + step, True
                        while place not in row_of:
                            place, there = place - 1, False
                        value = (columns[name][row_of[place]] - kind.mean) / kind.std
                        found = batch.inputs["series"][number, step, 2 * k : 2 * k + 2]
                        np.testing.assert_allclose(found, [value, there], rtol=1e-5, atol=1e-6)
                truth = [columns["load"][row_of[first + ahead]] for ahead in range(2)]
                np.testing.assert_allclose(data.target.decode(batch.target.numpy())[number, :, 0], truth, rtol=1e-5)
                seen.append(first)
    edges = ((5, 60), (60, 80), (80, 100))
    whole = [t for a, b in edges for t in range(a, b - 1) if t in row_of and t + 1 in row_of]
    assert sorted(seen) == whole
    total = sum(b - a - 1 for a, b in edges)
    assert f"{total - len(whole)} of {total} windows are left out, as a value of their target is missing" in data.notes
    assert data.target.channels == [0]
    assert data.preprocessing.columns["load"].mean == pytest.approx(np.mean(columns["load"][: row_of[59] + 1]))


def test_filled_values_are_a_truth_where_somebody_says_so() -> None:
    data = open_data(table(THERE), **OPTIONS, steps="fill", truth="filled")
    assert sum(data.sizes.values()) == 92 - 4
    assert "4 of 92 windows begin where there is no row" in data.notes


def test_a_gap_in_a_target_leaves_its_windows_out_on_even_steps_too() -> None:
    columns = table(list(range(60)))
    columns["load"][20] = None
    data = open_data(columns, **OPTIONS)
    assert data.signals["series"].text() == "series:5x2"
    assert "2 of 52 windows are left out, as a value of their target is missing" in data.notes
    columns["load"][36:48:2] = [None] * 6
    with pytest.raises(DataError, match="of every window of the validation split a value of the target is missing"):
        open_data(columns, **OPTIONS)
    assert open_data(columns, **OPTIONS, truth="filled").sizes["validation"] == 11


def test_stamps_are_moved_to_the_nearest_step() -> None:
    draw = np.random.default_rng(2)
    minutes = np.concatenate([[0], draw.integers(-9, 10, len(THERE) - 1)])
    columns = table(THERE, minutes)
    with pytest.raises(DataError, match="the time stamp is between two steps") as caught:
        open_data(columns, **OPTIONS, steps="fill")
    assert "steps=nearest" in str(caught.value)
    moved = open_data(columns, **OPTIONS, steps="nearest")
    exact = open_data({**columns, "at": hours(THERE)}, **OPTIONS, steps="fill")
    assert any("time stamps were moved to the nearest step, by at most" in note for note in moved.notes)
    for a, b in zip(moved.batches("train", 99), exact.batches("train", 99), strict=True):
        np.testing.assert_array_equal(a.inputs["series"], b.inputs["series"])
    (columns["at"][50],) = hours([THERE[49]], 10)
    with pytest.raises(DataError, match="two rows are nearest to one step") as caught:
        open_data(columns, **OPTIONS, steps="nearest")
    assert "row 50" in str(caught.value)


def test_months_and_calendars_on_a_grid() -> None:
    months = [f"{2001 + m // 12}-{m % 12 + 1:02}-01" for m in range(90) if m not in (14, 40)]
    values = np.arange(88.0).tolist()
    data = open_data({"at": months, "load": values}, **OPTIONS, steps="fill", calendar=True)
    assert data.target.step == 0
    assert "2 of 90 steps (2.2 %) have no row: inserted, their values read as missing" in data.notes
    full = [f"{2001 + m // 12}-{m % 12 + 1:02}-01" for m in range(90)]
    there = open_data({"at": full, "load": np.arange(90.0).tolist()}, **OPTIONS, calendar=True)
    row = {
        int(r): x for b in there.batches("train", 9) for r, x in zip(b.rows, b.inputs["series"][..., 1:], strict=True)
    }
    places = [m for m in range(90) if m not in (14, 40)]
    for batch in data.batches("train", 9):
        for r, x in zip(batch.rows.tolist(), batch.inputs["series"][..., 2:], strict=True):
            np.testing.assert_allclose(x, row[places[r]], atol=1e-6)


def test_several_series_are_on_one_grid() -> None:
    columns: dict[str, Any] = {"at": [], "load": [], "shop": []}
    for shop, places in {"b": [p for p in range(10, 60) if p != 33], "a": list(range(60))}.items():
        columns["at"] += hours(places)
        columns["load"] += [float(p) for p in places]
        columns["shop"] += [shop] * len(places)
    data = open_data(columns, **OPTIONS, steps="fill", series="shop")
    assert "1 of 110 steps (0.9 %) have no row: inserted, their values read as missing" in data.notes
    for split, (first, last) in {"train": (0, 36), "validation": (36, 48), "test": (48, 60)}.items():
        for batch in data.batches(split, 8):
            truth = data.target.decode(batch.target.numpy())[..., 0].round()
            assert ((truth >= first) & (truth < last)).all()
            assert 33 not in truth[np.array([columns["shop"][r] == "b" for r in batch.rows.tolist()])]


def test_a_question_with_gaps_is_answered_alike_everywhere(tmp_path: Path) -> None:
    data = open_data(table(THERE), **OPTIONS, steps="fill")
    task = Forecasting.from_data(data)
    (one,) = (each for each in propose(data.signals, task) if each.name == "mlp")
    recipe = Recipe.from_dict({**one.recipe, "steps": 3})
    loaded = load(train.fit(one.architecture, task, data, recipe, tmp_path / "run"))
    asked = table([0, 1, 2, 3, 5, 6, 9])
    source = tmp_path / "ask.csv"
    lines = ["at,load,wind", *(f"{a},{b},{c}" for a, b, c in zip(*asked.values(), strict=True))]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    ((name, answer),) = of_source(loaded, str(source)).answers
    assert name == 7  # the last row
    raw = {name: [[values[4], values[5], None, None, values[6]]] for name, values in asked.items() if name != "at"}
    (other,) = loaded.predict(json.loads(json.dumps(raw)))
    np.testing.assert_allclose(answer["values"], other["values"], rtol=1e-6)
    options = data.state()["options"]
    cut, _ = read(source, loaded.preprocessing.fields, SeriesFacts.of(options), TableFacts.of(options))
    assert {name: [[None if v is None else float(v) for v in window]] for name, (window,) in cut.items()} == raw


@pytest.mark.parametrize(
    ("columns", "options", "kind", "words"),
    [
        (table([0, 1, 2, 9000]), {}, DataError, "very few of the steps have a row"),
        (table([0, 1, 1, 2]), {}, DataError, "the time stamp comes twice"),
        (table([0, 2, 1, 3]), {}, DataError, "the time stamps don't ascend"),
        (table(THERE), {"time": None}, SettingError, "steps are counted by time stamps"),
        (table(THERE), {"steps": "often"}, SettingError, "steps"),
    ],
)
def test_what_is_no_grid(columns: dict[str, Any], options: dict[str, Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        open_data(columns, **{**OPTIONS, "steps": "fill", **options})
