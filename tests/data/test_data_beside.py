"""Forecasts with what is known beside a series: in advance, and of the series as a whole; windows against loops."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from weftnet import train
from weftnet.answer.predict import of_source
from weftnet.answer.rows import read
from weftnet.answer.runner import open_export
from weftnet.compete.propose import propose
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.errors import DataError, SettingError
from weftnet.export.write import write
from weftnet.run.loading import load
from weftnet.tasks._assemble import assemble
from weftnet.tasks.forecasting.task import Forecasting
from weftnet.train.recipe import Recipe

LENGTHS = {"b": 61, "a": 70, "c": 44}
CONTEXT, HORIZON = 6, 3
OPTIONS: dict[str, Any] = {
    "target": "sales", "context": CONTEXT, "horizon": HORIZON, "time": "day", "series": "shop",
    "known": ["price", "open"], "static": ["region", "size"],
}  # fmt: skip


def rows() -> list[dict[str, Any]]:
    """Three shops, which begin on different days and end on the same one; their rows take turns."""
    draw, found = np.random.default_rng(0), []
    for day in range(max(LENGTHS.values())):
        for shop, (size, region) in {"b": (10, "north"), "a": (25, "south"), "c": (17, "north")}.items():
            price, is_open = draw.normal(5, 1), int(draw.random() < 0.8)
            if day >= max(LENGTHS.values()) - LENGTHS[shop]:
                sales = is_open * size - price + draw.normal(0, 0.1) + 3 * (region == "south")
                date = str(np.datetime64("2022-01-01") + day)
                found.append(
                    {
                        "day": date,
                        "shop": shop,
                        "region": region,
                        "size": size,
                        "sales": sales,
                        "price": price,
                        "open": is_open,
                    }
                )
    return found


def columns(of: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: [row[name] for row in of] for name in of[0]}


def table(path: Path, of: list[dict[str, Any]]) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, of[0].keys())
        writer.writeheader()
        writer.writerows(of)
    return str(path)


def question() -> list[dict[str, Any]]:
    """The last days of each shop, whose sales nobody knows in the last three."""
    every = rows()
    asked = []
    for shop in LENGTHS:
        own = [row for row in every if row["shop"] == shop][-CONTEXT - HORIZON - 2 :]
        asked += [
            {**row, "sales": None if place >= len(own) - HORIZON else row["sales"]} for place, row in enumerate(own)
        ]
    return asked


def test_every_window_is_that_of_a_loop() -> None:
    every = rows()
    data = open_data(columns(every), **OPTIONS)
    kinds = data.preprocessing.columns
    assert {name: signal.text() for name, signal in data.signals.items()} == {
        "table": "vector:3", "series": "series:6x1", "ahead": "series:9x2"
    }  # fmt: skip
    days = sorted({row["day"] for row in every})
    edges = {"train": (0, 42), "validation": (42, 56), "test": (56, 70)}
    seen = 0
    for split, (first, last) in edges.items():
        rows_of = [row for batch in data.batches(split, 7) for row in batch.rows.tolist()]
        assert [data.series_names[n] for n in data.series(split)] == [every[row]["shop"] for row in rows_of]
        assert [days[tick] for tick in data.ticks(split)] == [every[row]["day"] for row in rows_of]
        for batch in data.batches(split, 7):
            for place, row in enumerate(batch.rows.tolist()):
                own = [each for each in every if each["shop"] == every[row]["shop"]]
                at = own.index(every[row])
                assert first <= days.index(own[at]["day"])
                assert days.index(own[at + HORIZON - 1]["day"]) < last
                past, window = own[at - CONTEXT : at], own[at - CONTEXT : at + HORIZON]
                assert len(past) == CONTEXT

                def scaled(name: str, of: list[dict[str, Any]]) -> list[float]:
                    kind: Any = kinds[name]
                    return [(each[name] - kind.mean) / kind.std for each in of]

                close = {"rtol": 1e-5, "atol": 1e-6}
                np.testing.assert_allclose(batch.inputs["series"][place, :, 0], scaled("sales", past), **close)
                for k, name in enumerate(("price", "open")):
                    np.testing.assert_allclose(batch.inputs["ahead"][place, :, k], scaled(name, window), **close)
                static = [*kinds["region"].features([own[0]["region"]])[0], *scaled("size", own[:1])]
                np.testing.assert_allclose(batch.inputs["table"][place], static, **close)
                np.testing.assert_allclose(batch.target[place, :, 0], scaled("sales", own[at : at + HORIZON]), **close)
                seen += 1
    windows = sum(max(0, sum(first <= days.index(each["day"]) < last for each in every if each["shop"] == shop)
                      - HORIZON + 1 - (CONTEXT if first == 0 else 0))
                  for shop in LENGTHS for first, last in edges.values())  # fmt: skip
    assert seen == windows == sum(data.sizes.values())


def test_statistics_are_those_of_the_training_days_of_all_series() -> None:
    every = rows()
    data = open_data(columns(every), **OPTIONS)
    training = [row for row in every if row["day"] < "2022-02-12"]
    price: Any = data.preprocessing.columns["price"]
    assert price.mean == pytest.approx(np.mean([row["price"] for row in training]))
    assert price.std == pytest.approx(np.std([row["price"] for row in training]))
    size: Any = data.preprocessing.columns["size"]
    assert size.mean == pytest.approx(np.mean([10, 25, 17]))  # a series counts once
    assert "mean and standard deviation of a column are those of all series together" in data.notes


def test_what_is_known_in_advance_moves_its_own_step() -> None:
    data = open_data(columns(rows()), **OPTIONS)
    task = Forecasting.from_data(data)
    batch = next(iter(data.batches("train", 5)))
    for candidate in propose(data.signals, task):
        complete = assemble(candidate.architecture, task, data.signals)
        network = build(complete.architecture, complete.inputs, seed=0)["network"].eval()
        y = network(batch.inputs)
        assert y.shape == (5, HORIZON, 1), candidate.name
        if candidate.name not in ("dlinear", "mlp", "series_lstm"):
            continue
        ahead, beside = batch.inputs["ahead"].clone(), batch.inputs["table"].clone()
        ahead[:, CONTEXT + 1] += 1
        beside[:, -1] += 1
        moved = (network({**batch.inputs, "ahead": ahead}) - y).abs().amax((0, 2))
        assert max(moved[0], moved[2]) < 1e-6 < 1e-4 < moved[1], candidate.name
        assert ((network({**batch.inputs, "table": beside}) - y).abs().amax((0, 2)) > 1e-4).all(), candidate.name


def test_weighted_sums_of_all_find_the_rule(tmp_path: Path) -> None:
    """Sales depend on whether the shop will be open and on the price: without these nothing forecasts them."""
    data = open_data(columns(rows()), **OPTIONS)
    task = Forecasting.from_data(data)
    found = {}
    for each in propose(data.signals, task):
        if each.name in ("nlinear", "linear_beside"):
            run = train.fit(each.architecture, task, data, Recipe.from_dict(each.recipe), tmp_path / each.name)
            found[each.name] = load(run).metrics(data, "test")["mse"]
    assert found["linear_beside"] < 0.5 * found["nlinear"]


@pytest.mark.slow
def test_one_answer_for_each_series_by_its_future_rows(tmp_path: Path) -> None:
    """From a table, from JSON and from an export without torch: the same."""
    data = open_data(columns(rows()), **OPTIONS)
    task = Forecasting.from_data(data)
    (one,) = (each for each in propose(data.signals, task) if each.name == "mlp")
    recipe = Recipe.from_dict({**one.recipe, "steps": 3})
    loaded = load(train.fit(one.architecture, task, data, recipe, tmp_path / "run"))
    asked = question()
    stream = of_source(loaded, table(tmp_path / "ask.csv", asked))
    answers = dict(stream.answers)
    assert list(answers) == ["b", "a", "c"]
    assert "the last 3 rows of each series are those that are asked about" in stream.notes[0]
    own = {shop: [row for row in asked if row["shop"] == shop] for shop in LENGTHS}
    raw = {
        "sales": [[row["sales"] for row in each[-9:-3]] for each in own.values()],
        **{name: [[row[name] for row in each[-9:]] for each in own.values()] for name in ("price", "open")},
        **{name: [each[0][name] for each in own.values()] for name in ("region", "size")},
    }
    for answer, other in zip(answers.values(), loaded.predict(json.loads(json.dumps(raw))), strict=True):
        np.testing.assert_allclose(answer["values"], other["values"], rtol=1e-6)
    write(loaded, tmp_path / "exported", data_batches=data.batches("validation", 8))
    runner = open_export(tmp_path / "exported")
    cut, names = read(tmp_path / "ask.csv", runner.fields, runner.series, runner.table)
    assert [each["series"] for each in names] == list(answers)
    for answer, other in zip(answers.values(), runner.predict(cut), strict=True):
        np.testing.assert_allclose(answer["values"], other["values"], rtol=1e-4)
        np.testing.assert_allclose(answer["low"], other["low"], rtol=1e-4)


def test_a_question_without_what_is_known_in_advance_is_refused(tmp_path: Path) -> None:
    data = open_data(columns(rows()), **OPTIONS)
    task = Forecasting.from_data(data)
    (one,) = (each for each in propose(data.signals, task) if each.name == "last_value")
    recipe = Recipe.from_dict(one.recipe)
    loaded = load(train.fit(one.architecture, task, data, recipe, tmp_path / "run"))
    asked = question()
    asked[-1]["price"] = None
    with pytest.raises(DataError, match="a value that is known in advance is missing") as caught:
        of_source(loaded, table(tmp_path / "ask.csv", asked))
    assert "price" in str(caught.value)
    with pytest.raises(DataError, match="and 3 of what is known in advance"):
        of_source(loaded, table(tmp_path / "short.csv", question()[:7]))


def test_the_calendar_is_known_in_advance_where_it_is_asked_for() -> None:
    data = open_data(columns(rows()), **{**OPTIONS, "known": ["day"]}, calendar=True)
    assert {name: signal.text() for name, signal in data.signals.items()} == {
        "table": "vector:3", "series": "series:6x3", "ahead": "series:9x6"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"static": ["price"], "known": None}, DataError, "is not the same in all rows of series 'a'"),
        ({"known": ["region"], "static": None}, DataError, "a column that is known in advance holds numbers"),
        ({"known": ["sales"]}, SettingError, "a target is not known in advance"),
        ({"static": ["sales"], "known": None}, SettingError, "a target is not the same in all rows"),
        ({"known": ["size"]}, SettingError, "needn't be known in advance"),
        ({"known": ["day"]}, SettingError, "dates are read by a calendar"),
        ({"known": ["prize"]}, DataError, "there is no column 'prize'"),
    ],
)
def test_what_can_not_be_known(options: dict[str, Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        open_data(columns(rows()), **{**OPTIONS, **options})


def test_kinds_that_reach_ahead() -> None:
    data = open_data(columns(rows()), **OPTIONS)
    again = open_data(columns(rows()), state=json.loads(json.dumps(data.state())))
    for split in ("train", "validation", "test"):
        for a, b in zip(data.batches(split, 9), again.batches(split, 9), strict=True):
            for name in a.inputs:
                assert torch.equal(a.inputs[name], b.inputs[name])
    with pytest.raises(DataError, match="a window of another length") as caught:
        data.encode({"sales": [[1.0] * 6], "price": [[1.0] * 6], "open": [[1.0] * 9], "region": ["x"], "size": [1]})
    assert "the last 6 values, oldest first, and the next 3" in str(caught.value)
