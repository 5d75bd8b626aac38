"""Windows are plain slices of the table, splits share no target, and training sees nothing but its own split."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weftnet.data import Data, open_data
from weftnet.data.kinds.calendar import Calendar
from weftnet.data.kinds.forecast import Forecast
from weftnet.data.kinds.window import Window
from weftnet.data.preprocessing import Preprocessing
from weftnet.data.splits import SPLITS
from weftnet.errors import DataError, SettingError

RNG = np.random.default_rng(5)


def hours(count: int, start: str = "2020-02-27 00:00:00") -> list[str]:
    first = datetime.fromisoformat(start)
    return [str(first + timedelta(hours=number)) for number in range(count)]


def table(count: int = 200) -> dict[str, Any]:
    return {
        "date": hours(count),
        "load": RNG.normal(40, 7, count).tolist(),
        "oil": RNG.normal(-3, 0.2, count).tolist(),
        "wind": RNG.normal(size=count).tolist(),
    }


def every(data: Data, split: str) -> list[tuple[int, np.ndarray, np.ndarray]]:
    windows = []
    for batch in data.batches(split, 7):
        rows, x, y = batch.rows.tolist(), batch.inputs["series"].numpy(), batch.target.numpy()
        windows += list(zip(rows, x, y, strict=True))
    return windows


@given(
    st.integers(1, 9), st.integers(1, 6), st.sampled_from([None, "oil", ["wind", "load"]]),
    st.tuples(st.integers(30, 80), st.integers(10, 40), st.integers(10, 40)),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_every_window_is_the_plain_slice(context: int, horizon: int, target: Any, sizes: tuple[int, int, int]) -> None:
    """Against loops in float64, for every window of every split."""
    columns = table()
    splits = dict(zip(SPLITS, sizes, strict=True))
    data = open_data(columns, target=target, context=context, horizon=horizon, time="date", splits=splits)
    names = ["load", "oil", "wind"]
    raw = np.array([columns[name] for name in names]).T
    z = (raw - raw[: sizes[0]].mean(0)) / raw[: sizes[0]].std(0)
    chosen = [names.index(name) for name in ([target] if isinstance(target, str) else target or names)]
    begin = 0
    for split in SPLITS:
        end = begin + splits[split]
        starts = [row for row in range(begin, end - horizon + 1) if row >= context]
        windows = every(data, split)
        assert [row for row, _, _ in windows] == starts
        for row, x, y in windows:
            np.testing.assert_allclose(x, z[row - context : row], atol=1e-5)
            np.testing.assert_allclose(y, z[row : row + horizon][:, chosen], atol=1e-5)
        begin = end
    assert data.rows("train").tolist() == [row for row, _, _ in every(data, "train")]


def test_no_target_of_another_part_is_in_a_training_window() -> None:
    columns = table()
    columns["load"] = np.arange(200.0).tolist()
    data = open_data(columns, context=8, horizon=5, time="date")
    seen = {split: set() for split in SPLITS}
    for split in SPLITS:
        for _, _, y in every(data, split):
            seen[split] |= set(np.round(data.target.decode(y)[:, 0]).astype(int).tolist())
    assert [min(seen[split]) for split in SPLITS] == [8, 120, 160]
    assert [max(seen[split]) for split in SPLITS] == [119, 159, 199]
    inputs = {round(value) for _, x, _ in every(data, "train") for value in _load(data, x)}
    assert max(inputs) < 120


def _load(data: Data, x: np.ndarray) -> list[float]:
    kind = data.preprocessing.columns["load"]
    return (x[:, 0] * kind.std + kind.mean).tolist()


def test_statistics_are_of_the_training_steps_alone() -> None:
    columns = table()
    first = open_data(columns, context=8, horizon=4, time="date")
    for name in ("load", "oil", "wind"):
        columns[name][120:] = [1e6 * value for value in columns[name][120:]]
    second = open_data(columns, context=8, horizon=4, time="date")
    assert second.state()["preprocessing"] == first.state()["preprocessing"]


def test_training_batches_go_through_every_window_once_an_epoch() -> None:
    data = open_data(table(), context=8, horizon=4)
    steps = data.steps_per_epoch(10)
    seen = [data.train_batch(step, 10, 3).rows.tolist() for step in range(2 * steps)]
    for epoch in (seen[:steps], seen[steps:]):
        rows = [row for batch in epoch for row in batch]
        assert len(set(rows)) == len(rows) == 10 * steps
        assert set(rows) <= set(data.rows("train").tolist())
    assert seen[0] != seen[steps]
    assert seen[4] == data.train_batch(4, 10, 3).rows.tolist()


def test_raw_windows_are_encoded_as_in_training(tmp_path: Path) -> None:
    columns = table()
    data = open_data(columns, target="oil", context=8, horizon=4, time="date", calendar=True)
    again = Preprocessing.from_state(json.loads(json.dumps(data.state()["preprocessing"])))
    assert [field.name for field in again.fields] == ["load", "oil", "wind", "date"]
    starts = data.rows("test").tolist()[:3]
    raw = {name: [values[row - 8 : row] for row in starts] for name, values in columns.items()}
    encoded = again.encode(raw)
    batch = next(data.batches("test", 3))
    np.testing.assert_allclose(encoded.inputs["series"], batch.inputs["series"].numpy(), atol=1e-6)
    assert data.signals["series"].sizes == (8, 9)
    np.testing.assert_array_equal(data.encode(raw).inputs["series"].numpy(), encoded.inputs["series"])


def test_opened_again_by_its_state() -> None:
    columns = table()
    data = open_data(columns, target=["oil"], context=8, horizon=4, time="date", splits={"train": 0.5, "test": 0.5})
    state = json.loads(json.dumps(data.state()))
    again = open_data(columns, state=state)
    assert again.sizes == data.sizes
    assert again.state() == data.state()
    for split in SPLITS:
        for one, other in zip(every(data, split), every(again, split), strict=True):
            np.testing.assert_array_equal(one[1], other[1])
    other = open_data({**table(60)}, state=state)
    assert other.sizes == {"train": 0, "validation": 0, "test": 60 - 8 - 4 + 1}
    assert other.target == data.target


def test_several_series_stay_apart() -> None:
    """Interleaved rows of two series of unequal length; every window has values of one of them alone."""
    long, short = hours(60), hours(50, "2020-02-27 10:00:00")
    rows = sorted([(stamp, "a", 1000.0 + n) for n, stamp in enumerate(long)]
                  + [(stamp, "b", 2000.0 + n) for n, stamp in enumerate(short)])  # fmt: skip
    columns = dict(zip(("date", "id", "value"), map(list, zip(*rows, strict=True)), strict=True))
    data = open_data(columns, context=5, horizon=3, time="date", series="id")
    assert "2 series" in data.notes[0]
    kind = data.preprocessing.columns["value"]
    for split, (first, last) in {"train": (0, 36), "validation": (36, 48), "test": (48, 60)}.items():
        windows = every(data, split)
        for row, x, y in windows:
            values = np.concatenate([x[:, 0], y[:, 0]]) * kind.std + kind.mean
            np.testing.assert_allclose(np.diff(values), 1, atol=1e-3)
            assert columns["value"][row] == pytest.approx(values[5], abs=1e-3)
            stamp = long.index(columns["date"][row])
            assert first <= stamp <= last - 3, "all series are cut at the same time"
        ends = {"train": (29, 19), "validation": (10, 10), "test": (10, 10)}[split]
        assert len(windows) == sum(ends)


def test_gaps_are_filled_from_the_past_alone() -> None:
    columns = table(80)
    columns["load"][0] = columns["load"][1] = None
    columns["load"][30] = columns["load"][31] = None
    data = open_data(columns, context=4, horizon=2, time="date")
    assert "load: 2 missing values read as the last one before them" in data.notes
    assert "load: 2 missing values at the start of a series read as the mean" in data.notes
    windows = {row: x[:, 0] for row, x, _ in every(data, "train")}
    assert windows[4][:2].tolist() == [0, 0]
    assert windows[33][0] == windows[33][1] == windows[33][2] != windows[33][3]
    encoded = data.encode({**{name: [columns[name][29:33]] for name in ("load", "oil", "wind")}})
    np.testing.assert_allclose(encoded.inputs["series"][0, :, 0], windows[33], atol=1e-6)


@given(st.lists(st.none() | st.floats(-9, 9), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_filling_is_a_loop(values: list[float | None]) -> None:
    kind = Window(time=len(values)).fit(values)
    expected, last = [], None
    for value in values:
        last = value if value is not None else last
        expected.append(0.0 if last is None else (last - kind.mean) / kind.std)
    np.testing.assert_allclose(kind.encode([values])[0, :, 0], expected, atol=1e-4)


def test_the_calendar_is_datetimes() -> None:
    stamps = ["2016-07-01 13:45:30", "2024-12-31", "1969-03-02T06:00:00", "2020-02-29 23:00:00+02:00"]
    for stamp, row in zip(stamps, Calendar(time=4).encode([stamps])[0], strict=True):
        moment = datetime.fromisoformat(stamp)
        moment -= moment.utcoffset() or timedelta()
        turns = [
            (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86400, moment.weekday() / 7,
            (moment.timetuple().tm_yday - 1) / 366,
        ]  # fmt: skip
        expected = [each for turn in turns for each in (np.sin(2 * np.pi * turn), np.cos(2 * np.pi * turn))]
        np.testing.assert_allclose(row, expected, atol=1e-6)


def test_months_are_even_though_their_days_are_not() -> None:
    dates = [f"{2010 + month // 12}-{month % 12 + 1:02d}-01" for month in range(60)]
    data = open_data({"date": dates, "value": list(range(60))}, context=5, horizon=2, time="date")
    assert data.target.step == 0
    assert open_data(table(), context=5, horizon=2, time="date").target.step == 3600
    assert open_data(table() | {"date": list(range(200))}, context=5, horizon=2, time="date").target.step == 1


def test_words_are_left_out_with_a_note() -> None:
    columns = table() | {"weather": ["rain", "sun"] * 100, "empty": [None] * 200}
    data = open_data(columns, context=5, horizon=2, time="date", kinds={"wind": None})
    assert data.target.targets == ["load", "oil"]
    assert "column 'weather' holds no numbers and is left out" in data.notes
    assert "column 'empty' holds no numbers and is left out" in data.notes


def test_etts_months_give_the_literatures_windows() -> None:
    """12/4/4 months of hours, context and horizon 96: as many windows as the published code has."""
    columns = {"value": np.arange(17420) % 24.0}
    splits = {"train": 8640, "validation": 2880, "test": 2880}
    data = open_data(columns, context=96, horizon=96, splits=splits)
    assert data.sizes == {"train": 8449, "validation": 2785, "test": 2785}
    assert data.notes[0] == "the last 3020 steps are in no split and stay unused"


def change(**columns: Any) -> dict[str, Any]:
    return table() | columns


def swapped() -> list[str]:
    stamps = hours(200)
    stamps[17], stamps[18] = stamps[18], stamps[17]
    return stamps


@pytest.mark.parametrize(
    ("columns", "options", "text"),
    [
        (change(date=swapped()), {}, r"row 18, column 'date': the time stamps don't ascend(.|\n)*sort"),
        (change(date=hours(50) + hours(150)), {}, r"row 50, column 'date'(.|\n)*don't ascend(.|\n)*series="),
        (change(date=[*hours(80), *hours(121)[1:]][:200]), {}, r"row 80, column 'date'"),
        (change(date=hours(100) + hours(100, "2020-06-01")), {}, r"row 100(.|\n)*not evenly spaced(.|\n)*3600"),
        (change(date=[*hours(199), "soon"]), {}, r"row 199, column 'date': this is no time stamp"),
        (change(date=[*hours(199), None]), {}, r"row 199, column 'date': the time stamp is missing"),
        (change(oil=["1"] * 150 + ["x"] + ["1"] * 49), {}, r"row 150, column 'oil': this is not a number"),
        (change(oil=[None] * 130 + [1.0] * 70), {"target": "oil"}, "target has no value in the training split"),
        (table(), {"target": "oli"}, "did you mean 'oil'"),
        (table(), {"target": ["oil", "oil"]}, "names of different columns"),
        (table(), {"target": "oil", "kinds": {"oil": None}}, "a target's past is an input"),
        (table(), {"kinds": {"oil": "category"}}, "reads columns of numbers"),
        (table(), {"time": "day"}, "there is no column 'day'"),
        (table(), {"series": "house"}, "there is no column 'house'"),
        (table(), {"horizon": 45}, r"the validation split has no window(.|\n)*45 steps(.|\n)*at most 40"),
        (table(), {"context": 120}, r"the train split has no window(.|\n)*124 in the series"),
        (table(), {"splits": {"train": 180, "validation": 20, "test": 20}}, r"at most 200 steps"),
        (table(), {"splits": {"train": 0.6, "test": 0.2}}, "split in time"),
        (table(), {"splits": "stratified"}, "split in time"),
        (table(), {"splits": {"train": 0.6, "tset": 0.4}}, "split in time"),
        (table(), {"horizon": 0}, "positive numbers of steps"),
        (table(), {"horizon": "4"}, "'horizon' can't be used"),
        (table(), {"calendar": True, "time": None}, "made of time stamps"),
        (change(date=list(range(200))), {"calendar": True}, r"column 'date': this is no date"),
        (change(id=["a", None] * 100), {"series": "id"}, r"row 1, column 'id': the row belongs to no series"),
        ({"date": hours(9), "word": ["a", "b", "c"] * 3}, {}, "no column of numbers"),
        (table(), {"perod": 24}, "takes no option 'perod'"),
    ],
)
def test_unreadable_tables_are_errors(columns: dict[str, Any], options: dict[str, Any], text: str) -> None:
    with pytest.raises((DataError, SettingError), match=text):
        open_data(columns, **{"context": 8, "horizon": 4, "time": "date", **options})


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ([[1.0] * 7], r"row 0(.|\n)*another length(.|\n)*the last 8 values(.|\n)*7 values"),
        ([[1.0] * 8, 3.0], r"row 1(.|\n)*another length"),
        ([[1.0] * 8, [1.0] * 7 + ["x"]], r"row 1(.|\n)*not a number \(value 7 of the window\)"),
        ([["1"] * 8, "12345678"], r"row 1(.|\n)*another length"),
    ],
)
def test_windows_that_cannot_be_encoded(raw: list[Any], text: str) -> None:
    data = open_data({"value": list(range(80))}, context=8, horizon=4)
    with pytest.raises(DataError, match=text):
        data.encode({"value": raw})


def test_kinds_check_their_settings() -> None:
    for make in (lambda: Window(0), lambda: Calendar(0), lambda: Forecast(0), lambda: Forecast(2, ["a"], [])):
        with pytest.raises(ValueError, match="expected"):
            make()
    with pytest.raises(DataError, match="can't be decoded"):
        Calendar(4).decode(np.zeros((1, 4, 6)))
    kind = Forecast(3).fit(RNG.normal(size=(5, 3, 2)))
    with pytest.raises(DataError, match="another shape"):
        kind.encode(np.zeros((2, 4, 2)))
