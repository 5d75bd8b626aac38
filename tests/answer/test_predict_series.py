"""A table as a question of a forecast: what comes after the last row of each series, from a window cut by hand."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import weftnet
from weftnet.answer.manifest import SeriesFacts
from weftnet.answer.predict import of_source, without_target
from weftnet.answer.rows import read
from weftnet.architecture.spec import Architecture, Chain
from weftnet.cli.commands.predict import predict_command
from weftnet.data import open_data
from weftnet.data.opening import reopen
from weftnet.errors import DataError
from weftnet.explain.examples import examples
from weftnet.run.loading import Loaded, load
from weftnet.tasks.forecasting.task import Forecasting
from weftnet.train.recipe import Recipe

CONTEXT, HORIZON, TRAINED = 9, 4, 60
NAMES = ("load", "oil", "wind")
Row = dict[str, Any]


def rows(count: int, start: int = 0, seed: int = 0) -> list[Row]:
    """Hourly rows, each with a word that no forecast reads."""
    values = np.random.default_rng(seed).normal([40, -3, 0], [7, 0.2, 1], (count, 3)).round(3)
    first = datetime(2020, 2, 27) + timedelta(hours=start)
    return [
        {"date": str(first + timedelta(hours=number)), **dict(zip(NAMES, each, strict=True)), "weather": "rain"}
        for number, each in enumerate(values.tolist())
    ]


def of_houses(count: int) -> list[Row]:
    """Two series by turns; that of the second house goes on three hours longer, and comes first in the alphabet."""
    one, other = rows(count, seed=1), rows(count + 3, seed=2)
    pairs = [row for b, a in zip(one, other, strict=False) for row in ({**b, "house": "b"}, {**a, "house": "a"})]
    return pairs + [{**row, "house": "a"} for row in other[count:]]


def written(path: Path, table: Sequence[Row]) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return str(path)


def fitted(folder: Path, table: Sequence[Row], **options: Any) -> Loaded:
    source = written(folder / "hours.csv", table)
    data = open_data(
        source, target=["wind", "load"], context=CONTEXT, horizon=HORIZON, time="date",
        splits={"train": TRAINED, "validation": 20, "test": 20}, **options,
    )  # fmt: skip
    task = Forecasting.from_data(data)
    recipe = Recipe.from_dict({"steps": 3, "batch_size": 8})
    return load(weftnet.train_run(Architecture.of(Chain(())), task, data, recipe, folder / "run"))


@pytest.fixture(scope="module")
def hours(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return fitted(tmp_path_factory.mktemp("hours"), rows(100))


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return fitted(tmp_path_factory.mktemp("houses"), of_houses(97), series="house")


def by_hand(loaded: Loaded, training: Sequence[Row], past: Sequence[Row]) -> np.ndarray:
    """The last rows standardised by NumPy, through the bare network, and back into the targets' units."""
    seen = np.array([[row[name] for name in NAMES] for row in training])
    mean, std = seen.mean(0), seen.std(0)
    window = (np.array([[row[name] for name in NAMES] for row in past[-CONTEXT:]]) - mean) / std
    with torch.inference_mode():
        output = loaded.model["network"]({"series": torch.from_numpy(window[None]).float()}, {})
    targets = [NAMES.index(name) for name in ("wind", "load")]
    return output[0].double().numpy() * std[targets] + mean[targets]


def asked(loaded: Loaded, source: str) -> list[tuple[str | int, np.ndarray]]:
    return [(name, np.array(answer["values"])) for name, answer in of_source(loaded, source).answers]


@pytest.mark.parametrize("count", [CONTEXT, 50, 100, 101, 150])
def test_the_steps_after_the_last_row(hours: Loaded, tmp_path: Path, count: int) -> None:
    """Of the training table itself, of the same with later rows, and of tables too short for a window with targets."""
    table = (rows(100) + rows(50, start=100, seed=7))[:count]
    ((name, values),) = asked(hours, written(tmp_path / "new.csv", table))
    assert name == count
    assert values.shape == (HORIZON, 2)
    np.testing.assert_allclose(values, by_hand(hours, rows(100)[:TRAINED], table), rtol=1e-4)


def test_a_later_row_changes_the_answer(hours: Loaded, tmp_path: Path) -> None:
    table = rows(100) + rows(1, start=100, seed=7)
    (_, before), (_, after) = (asked(hours, written(tmp_path / "t.csv", each))[0] for each in (table[:100], table))
    assert np.abs(before - after).min() > 1e-3


def test_each_series_has_an_answer(houses: Loaded, tmp_path: Path) -> None:
    """By name, in the order of their last rows."""
    table = of_houses(97)
    training = [row for row in table if row["date"] < str(datetime(2020, 2, 27) + timedelta(hours=TRAINED))]
    source = written(tmp_path / "new.csv", table)
    found = asked(houses, source)
    assert [name for name, _ in found] == ["b", "a"]
    for name, values in found:
        past = [row for row in table if row["house"] == name]
        np.testing.assert_allclose(values, by_hand(houses, training, past), rtol=1e-4)
    predict_command(houses.run.folder, [source], [], [], tmp_path / "a.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["series"], line["values"]) for line in lines] == [(name, each.tolist()) for name, each in found]
    predict_command(houses.run.folder, [source, source], [], [], tmp_path / "a.csv")
    cells = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text(encoding="utf-8"))))
    assert [(cell["source"], cell["series"]) for cell in cells] == [(source, "b"), (source, "a")] * 2
    (batch,) = examples(houses, [source], [], [], 4)
    assert batch.names == ["new series b", "new series a"], "the same examples are explained"


def test_a_gap_in_the_values_is_filled_from_before_the_window(hours: Loaded, tmp_path: Path) -> None:
    table = rows(30)
    full = [
        *table[: 30 - CONTEXT],
        {**table[30 - CONTEXT], "oil": table[30 - CONTEXT - 1]["oil"]},
        *table[31 - CONTEXT :],
    ]
    table[30 - CONTEXT]["oil"] = ""
    ((_, values),) = asked(hours, written(tmp_path / "gap.csv", table))
    np.testing.assert_allclose(values, by_hand(hours, rows(100)[:TRAINED], full), rtol=1e-4)


@pytest.mark.parametrize("gap", range(97 - CONTEXT - 1, 97))
def test_the_runner_reads_the_same_windows(houses: Loaded, tmp_path: Path, gap: int) -> None:
    """Without torch, wherever a value is missing."""
    table = of_houses(97)
    table[2 * gap]["oil"] = ""
    source = written(tmp_path / "new.csv", table)
    columns, names = read(Path(source), houses.preprocessing.fields, SeriesFacts("date", "house"))
    assert names == [{"series": "b"}, {"series": "a"}]
    (question,) = open_data(source, state=without_target(houses.run.json("data.json"))).batches("test", 8)
    assert torch.equal(houses.encode(columns).inputs["series"], question.inputs["series"])
    short = Path(written(tmp_path / "short.csv", table[: CONTEXT + 2]))
    with pytest.raises(DataError, match="fewer rows"):
        read(short, houses.preprocessing.fields, SeriesFacts("date", "house"))


def test_the_runner_names_the_row_as_the_file_counts_it(hours: Loaded, tmp_path: Path) -> None:
    uneven = written(tmp_path / "uneven.csv", rows(30) + rows(30, start=35))
    with pytest.raises(DataError, match=r"row 3\d, column 'date'(.|\n)*not evenly spaced"):
        read(Path(uneven), hours.preprocessing.fields, SeriesFacts("date", None))


def test_a_window_is_called_by_its_first_target_row(hours: Loaded) -> None:
    (explained,) = examples(hours, [], [], [CONTEXT + 1], 4)
    assert explained.names == [f"hours row {CONTEXT + 1}"]
    whole = next(reopen(hours.run.json("data.json")).batches("train", 99))
    assert torch.equal(explained.batch.inputs["series"], whole.inputs["series"][:1])
    with pytest.raises(DataError, match=r"no such row(.|\n)*expected: 10 to 57, 61 to 77, 81 to 97(.|\n)*got: 1"):
        examples(hours, [], [], [CONTEXT + 1, 1], 4)


def test_what_is_no_question(hours: Loaded, houses: Loaded, tmp_path: Path) -> None:
    short = written(tmp_path / "short.csv", rows(CONTEXT - 1))
    with pytest.raises(DataError, match=r"short\.csv: .*fewer rows(.|\n)*at least 9 rows(.|\n)*got: 8 rows\n.*fix"):
        asked(hours, short)
    table = of_houses(40)
    late = [row for row in table if row["house"] == "a" or row["date"] >= str(datetime(2020, 2, 28, 12))]
    with pytest.raises(DataError, match=r"series 'b': .*fewer rows(.|\n)*at least 9 rows(.|\n)*got: 4 rows"):
        asked(houses, written(tmp_path / "late.csv", late))
    with pytest.raises(DataError, match=r"row 32, column 'date'(.|\n)*not evenly spaced"):
        asked(hours, written(tmp_path / "uneven.csv", rows(30) + rows(30, start=35)))
    with pytest.raises(DataError, match="no column 'oil'"):
        asked(hours, written(tmp_path / "less.csv", [{"date": row["date"], "load": row["load"]} for row in rows(30)]))
