"""Forecasting: metrics against loops, the linear forecast by least squares, and the way from a table to answers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import weftnet
from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.base import tensors
from weftnet.compete.choosing import choose
from weftnet.compete.propose import propose
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.data.batch import Batch
from weftnet.errors import ArchitectureError, DataError, SettingError
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.tasks.forecasting.answer import forecasting
from weftnet.tasks.forecasting.task import Forecasting, seasonal
from weftnet.train.listeners._listener import Listener
from weftnet.train.recipe import Recipe

SETTINGS: dict[str, Any] = {
    "targets": ["b", "a"], "horizon": 5, "channels": [2, 0], "mean": [1.0, -2.0], "scale": [3.0, 0.5],
}  # fmt: skip


class Fixed(nn.Module):
    """Gives what it is told, whatever it reads."""

    def __init__(self, outputs: torch.Tensor) -> None:
        super().__init__()
        self.outputs, self.place = outputs, 0

    def forward(self, inputs: Any, masks: Any = None) -> torch.Tensor:
        count = len(next(iter(inputs.values())))
        self.place += count
        return self.outputs[self.place - count : self.place]


@pytest.mark.parametrize("period", [None, 3, 7])
def test_metrics_are_loops(period: int | None) -> None:
    rng = np.random.default_rng(0)
    x, y, made = rng.normal(size=(11, 7, 3)), rng.normal(size=(11, 5, 2)), rng.normal(size=(11, 5, 2))
    task = Forecasting(**SETTINGS, period=period)
    rows = torch.arange(11).split(4)
    batches = [Batch({"series": torch.tensor(x)[r]}, {}, {"y": torch.tensor(y)[r]}, r) for r in rows]
    found = task.evaluate(nn.ModuleDict({"network": Fixed(torch.tensor(made))}), batches)
    errors: dict[str, list[float]] = {"network": [], "naive": [], "seasonal": []}
    units = np.zeros((2, 2))
    for row in range(11):
        for step in range(5):
            for k, channel in enumerate(SETTINGS["channels"]):
                truth = y[row, step, k]
                errors["network"].append(made[row, step, k] - truth)
                errors["naive"].append(x[row, -1, channel] - truth)
                if period is not None:
                    back = step + 1
                    while back > 0:
                        back -= period
                    errors["seasonal"].append(x[row, 7 + back - 1, channel] - truth)
                off = (made[row, step, k] - truth) * SETTINGS["scale"][k]
                units[:, k] += [off**2, abs(off)]
    units /= 55
    squares = {name: np.square(found_).mean() for name, found_ in errors.items() if found_}
    expected = {
        "mse": squares["network"], "mae": np.abs(errors["network"]).mean(),
        "naive_mse": squares["naive"], "naive_mae": np.abs(errors["naive"]).mean(),
        "skill": 1 - squares["network"] / squares["naive"],
        "rmse_units": np.sqrt(units[0]).mean(), "mae_units": units[1].mean(),
    }  # fmt: skip
    if period is not None:
        expected |= {"seasonal_mse": squares["seasonal"], "seasonal_mae": np.abs(errors["seasonal"]).mean()}
    assert found == pytest.approx(expected, abs=1e-12)


def test_the_season_is_looked_up_as_late_as_can_be() -> None:
    assert seasonal(10, 5, 4) == [6, 7, 8, 9, 6]
    assert seasonal(4, 3, 1) == [3, 3, 3]


def test_a_series_that_stands_still_has_no_skill() -> None:
    task = Forecasting(**SETTINGS)
    batch = Batch({"series": torch.zeros(3, 7, 3)}, {}, {"y": torch.zeros(3, 5, 2)}, torch.arange(3))
    found = task.evaluate(nn.ModuleDict({"network": Fixed(torch.ones(3, 5, 2))}), [batch])
    assert "skill" not in found
    assert found["mse"] == 1


def test_the_head_of_a_series_is_one_linear_map_along_time() -> None:
    """y[h, c] = Σ_t W[h, t] x[t, c] + b[h], written out in float64; then a dense layer over the channels."""
    task = Forecasting(**SETTINGS)
    signals = {"series": parse("series:7x3")}
    complete = assemble(Architecture.of(Chain(())), task, signals)
    network = build(complete.architecture, complete.inputs, seed=0)["network"].double()
    x = torch.randn(4, 7, 3, dtype=torch.float64)
    along, across = (
        next(p for p in network.parameters() if p.ndim == 4),
        next(p for p in network.parameters() if p.ndim == 2),
    )
    bias, last = (p for p in network.parameters() if p.ndim == 1)
    mapped = torch.einsum("ht,btc->bhc", along[:, 0, :, 0], x) + bias[:, None]
    torch.testing.assert_close(network({"series": x}), mapped @ across.T + last)


def test_heads() -> None:
    task = Forecasting(**SETTINGS)
    for text in ("vector:9", "image:2x5x6", "series:9x3", "series:9x2", "series:5x2"):
        head = task.head("network", parse(text), None)
        architecture = Architecture.of(Chain(head))
        assert build(architecture, {"network": {"x": parse(text)}})
    assert task.head("network", parse("series:5x2"), "dense") == ()
    for text, block in (("vector:9", "softmax"), ("tokens:9", "embedding")):
        with pytest.raises(ArchitectureError, match=r"remove the softmax|can't become a forecast"):
            task.head("network", parse(text), block)


NAMES = [
    "last_value",
    "linear",
    "ets",
    "nlinear",
    "dlinear",
    "nhits",
    "mlp",
    "series_cnn",
    "series_lstm",
    "series_transformer",
]


@pytest.mark.parametrize(
    ("text", "channels", "period"),
    [("series:24x7", [2, 0], 6), ("series:5x1", [0], None), ("series:13x2", [0, 1], None), ("series:300x2", [1, 0], 9)],
)
def test_proposals_start_as_the_naive_forecast(text: str, channels: list[int], period: int | None) -> None:
    """Each but the linear one: untrained it repeats the last value or season; trained it moves with its series."""
    several = {name: SETTINGS[name][: len(channels)] for name in ("targets", "mean", "scale")}
    task = Forecasting(**{**SETTINGS, **several, "channels": channels}, period=period)
    signals = {"series": parse(text)}
    candidates = propose(signals, task)
    found = {each.name for each in candidates}
    assert [name for name in NAMES if name in found] == NAMES
    assert found - {*NAMES} == ({"last_season", "nlinear_season"} if period else set()) | (
        {"nlinear_own"} if len(channels) > 1 else set()
    )
    x = torch.randn(2, *signals["series"].sizes)
    naive = x[:, seasonal(x.shape[1], 5, period or 1)][..., channels]
    for candidate in candidates:
        complete = assemble(candidate.architecture, task, signals)
        network = build(complete.architecture, complete.inputs)["network"].eval()
        assert network({"series": x}).shape == (2, 5, len(channels))
        Recipe.from_dict(candidate.recipe)
        if candidate.name == "last_value":
            torch.testing.assert_close(network({"series": x}), x[:, -1:, channels].expand(-1, 5, -1))
        if candidate.recipe.get("solver") == "ridge" or candidate.baseline or candidate.name == "linear":
            continue
        torch.testing.assert_close(network({"series": x}), naive)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.05 * torch.randn_like(parameter))
        moved = network({"series": x + 3}) - 3
        assert not torch.allclose(moved, naive, atol=1e-3)
        torch.testing.assert_close(moved, network({"series": x}), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("targets", [["first", "second", "third"], ["third", "first"]])
def test_what_is_solved_for_is_ridge_on_the_differences(tmp_path: Path, targets: list[str]) -> None:
    """With a vanishing penalty: least squares of the windows, as NumPy finds them."""
    data = open_data(waves(260), target=targets, context=9, horizon=4, time="date")
    task = Forecasting.from_data(data, period=None)
    (candidate,) = (each for each in propose(data.signals, task) if each.name == "nlinear")
    recipe = Recipe.from_dict({**candidate.recipe, "solver_settings": {"penalty": 1e-12}})
    loaded = load(weftnet.train_run(candidate.architecture, task, data, recipe, tmp_path / "run"))
    x, y = (
        np.concatenate([each.numpy() for each in found]).astype(np.float64)
        for found in zip(*((b.inputs["series"], b.target) for b in data.batches("train", 99)), strict=True)
    )
    last = x[:, -1:]
    (candidate,) = (each for each in propose(data.signals, task) if each.name == "nlinear_own")
    recipe = Recipe.from_dict({**candidate.recipe, "solver_settings": {"penalty": 1e-12}})
    own = load(weftnet.train_run(candidate.architecture, task, data, recipe, tmp_path / "own")).metrics(data, "train")[
        "mse"
    ]
    errors = []
    for place, column in enumerate(task.channels):
        rows = np.c_[(x - last)[..., column], np.ones(len(x))]
        wanted = y[..., place] - last[..., column]
        errors.append(rows @ np.linalg.lstsq(rows, wanted, rcond=1e-9)[0] - wanted)
    assert own == pytest.approx(np.square(errors).mean(), rel=1e-3)
    if len(targets) == 3:  # a map along time for all channels
        rows, wanted = (x - last).swapaxes(1, 2).reshape(-1, 9), (y - last).swapaxes(1, 2).reshape(-1, 4)
    else:
        rows, wanted = (x - last).reshape(len(x), -1), (y - last[..., task.channels]).reshape(len(x), -1)
    rows = np.c_[rows, np.ones(len(rows))]
    forecast = rows @ np.linalg.lstsq(rows, wanted, rcond=1e-9)[0]
    assert loaded.metrics(data, "train")["mse"] == pytest.approx(np.square(forecast - wanted).mean(), rel=1e-3)


def test_naive_forecasts_are_runs(tmp_path: Path) -> None:
    """Nothing is trained: the metrics are those of the naive forecasts, and the folder answers."""
    data = open_data(waves(260), context=24, horizon=5, time="date")
    task = Forecasting.from_data(data)
    assert task.period == 12
    for name, metric in {"last_value": "naive_mse", "last_season": "seasonal_mse"}.items():
        (candidate,) = (each for each in propose(data.signals, task) if each.name == name)
        recipe = Recipe.from_dict(candidate.recipe)
        found = load(weftnet.train_run(candidate.architecture, task, data, recipe, tmp_path / name)).metrics(
            data, "test"
        )
        assert found["mse"] == pytest.approx(found[metric])


def test_targets_in_another_order_are_not_confused() -> None:
    data = open_data(waves(260), target=["third", "second", "first"], context=9, horizon=4, time="date")
    head = Forecasting.from_data(data).head("network", parse("series:9x3"), None)
    assert head[-1] == Block("dense", {"dim": 3})


def test_who_asks_without_a_task_is_told_nothing() -> None:
    with pytest.raises(SettingError, match="nothing to propose for forecasting"):
        propose({"series": parse("series:24x7")}, "forecasting")


def waves(count: int = 400) -> dict[str, Any]:
    """Two waves of 12 steps and one that follows the first three steps later."""
    t, noise = np.arange(count), np.random.default_rng(2).normal(0, 0.05, (3, count))
    first = 10 + 4 * np.sin(2 * np.pi * t / 12)
    columns = np.stack([first, np.roll(first, 3) - 30, 0.1 * np.cos(2 * np.pi * t / 12)]) + noise * [[4], [4], [0.1]]
    dates = [str(np.datetime64("2021-03-01T00:00", "m") + 15 * int(step)).replace("T", " ") for step in t]
    return {"date": dates, "first": columns[0].tolist(), "second": columns[1].tolist(), "third": columns[2].tolist()}


def test_from_a_table_to_answers(tmp_path: Path) -> None:
    """The linear forecast learns waves; the run answers from its folder alone, by torch and by NumPy alike."""
    columns = waves()
    data = open_data(columns, target=["second", "third"], context=24, horizon=6, time="date")
    assert choose(data).name == "forecasting"
    task = Forecasting.from_data(data, period=12)
    assert (task.channels, task.step) == ([1, 2], 900)
    (candidate,) = (each for each in propose(data.signals, task) if each.name == "linear")
    recipe = Recipe.from_dict({**candidate.recipe, "epochs": 40, "batch_size": 32})
    loaded = load(weftnet.train_run(candidate.architecture, task, data, recipe, tmp_path / "run"))
    found = loaded.metrics(data, "test")
    assert found["skill"] > 0.95, found
    assert found["mse"] < found["seasonal_mse"]
    raw = {name: [values[-24:], values[-36:-12]] for name, values in columns.items() if name != "date"}
    answers = loaded.predict(raw)
    assert answers == json.loads(json.dumps(answers))
    assert answers[0]["targets"] == ["second", "third"]
    assert answers[0]["after"] == [900.0 * ahead for ahead in range(1, 7)]
    np.testing.assert_allclose(np.array(answers[1]["values"])[:, 0], columns["second"][-12:-6], atol=1.0)
    outputs = {name: each.numpy() for name, each in loaded.outputs(loaded.encode(raw)).items()}
    assert forecasting(outputs, loaded.task.settings()) == answers
    np.testing.assert_allclose(answers[0]["values"], data.target.decode(outputs["forecast"])[0], rtol=1e-12)
    np.testing.assert_allclose(answers[0]["low"], data.target.decode(outputs["low"])[0], rtol=1e-12)
    assert (np.array(answers[0]["low"]) < answers[0]["values"]).all()
    assert answers[0]["level"] == 0.9


class Killed(BaseException):
    """Stands for a kill."""


class Stop(Listener):
    """Ends the training at an evaluation, before its checkpoint."""

    def after_evaluation(self, line: Any) -> None:
        if line["step"] == 14:
            raise Killed


@pytest.mark.parametrize("name", ["linear", "dlinear", "series_lstm"])
def test_resumed_from_the_folder_alone(tmp_path: Path, name: str) -> None:
    """Broken off and resumed, with the table read again from its file: the same weights, bit for bit."""
    file = tmp_path / "waves.csv"
    columns = waves(120)
    rows = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    file.write_text("\n".join(rows), encoding="utf-8")

    def train(folder: str, *listeners: Any) -> None:
        data = open_data(file, target="second", context=12, horizon=4, time="date", calendar=True)
        task = Forecasting.from_data(data, loss="huber")
        (candidate,) = (each for each in propose(data.signals, task) if each.name == name)
        recipe = {**candidate.recipe, "steps": 28, "evaluate_every": "7 steps", "checkpoint_every": 0.0}
        weftnet.train_run(
            candidate.architecture, task, data, Recipe.from_dict(recipe), tmp_path / folder, listeners=listeners
        )

    train("whole")
    with pytest.raises(Killed):
        train("broken", Stop())
    weftnet.resume(tmp_path / "broken")
    whole, again = (tensors.load(tmp_path / folder / "weights.safetensors") for folder in ("whole", "broken"))
    assert whole.keys() == again.keys()
    assert all(torch.equal(whole[key], again[key]) for key in whole)


def test_bad_data() -> None:
    data = open_data(waves(), context=24, horizon=6, time="date")
    with pytest.raises(DataError, match=r"no whole season(.|\n)*at most 24"):
        Forecasting.from_data(data, period=25)
    with pytest.raises(DataError, match=r"open the table with horizon"):
        Forecasting.from_data(open_data(waves(), target="first", kinds={"date": None}))
    with pytest.raises(DataError, match="another kind"):
        TASKS.get("regression").from_data(data)
    with pytest.raises(SettingError, match="nothing to propose"):
        propose({"x": parse("vector:4")}, Forecasting(**SETTINGS))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"loss": "rmse"}, "no loss is called"),
        ({"horizon": 0}, "positive numbers of steps"),
        ({"period": 0}, "positive numbers of steps"),
        ({"channels": [1]}, "targets can't be used"),
        ({"scale": [1.0, 0.0]}, "targets can't be used"),
        ({"targets": [], "channels": [], "mean": [], "scale": []}, "targets can't be used"),
    ],
)
def test_bad_settings(change: dict[str, Any], text: str) -> None:
    with pytest.raises(SettingError, match=text):
        Forecasting(**{**SETTINGS, **change})


def test_a_network_that_reads_steps_itself() -> None:
    """A window as long as the horizon, and a network that gives a step for a step: nothing is appended."""
    data = open_data(waves(), context=6, horizon=6, time="date")
    nodes = Chain((Block("lstm", {"dim": 8}), Block("dense", {"dim": 3})))
    complete = assemble(Architecture.of(nodes), Forecasting.from_data(data), data.signals)
    assert complete.added["network"] == ()
