"""Intervals of forecasts: pinball loss as scikit-learn has it, ranks by a loop, coverage where it is a theorem."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from judging import figures, table, texts
from sklearn.metrics import mean_pinball_loss
from torch import Tensor, nn

import weftnet
from weftnet.answer.predict import answers as answers_of
from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.compete.propose import propose
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.data.batch import Batch
from weftnet.errors import DataError, RunError, SettingError
from weftnet.run.judging import judge
from weftnet.run.loading import Loaded, load
from weftnet.tasks import DISTILLATIONS
from weftnet.tasks._assemble import assemble
from weftnet.tasks._inference import infer
from weftnet.tasks._passes import TorchRun
from weftnet.tasks.forecasting import _intervals
from weftnet.tasks.forecasting._coverage import Seen, rolling
from weftnet.tasks.forecasting._intervals import FLOOR, bounded, margins, rank, scores, spread
from weftnet.tasks.forecasting.task import Forecasting
from weftnet.train.calibrating import recalibrate
from weftnet.train.recipe import Recipe

SETTINGS: dict[str, Any] = {
    "targets": ["b", "a"], "horizon": 5, "channels": [2, 0], "mean": [1.0, -2.0], "scale": [3.0, 0.5],
}  # fmt: skip
LEVELS = [0.05, 0.3, 0.5, 0.9]


class Fixed(nn.Module):
    """Gives what it is told, whatever it reads."""

    def __init__(self, outputs: Tensor) -> None:
        super().__init__()
        self.outputs = nn.Parameter(outputs)

    def forward(self, inputs: Any, masks: Any = None) -> Tensor:
        return self.outputs[: len(inputs["series"])]


def batch_of(count: int, seed: int = 0) -> tuple[Batch, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    x, t = draw.normal(size=(count, 7, 3)), draw.normal(size=(count, 5, 2))
    return Batch({"series": torch.tensor(x)}, {}, {"y": torch.tensor(t)}, torch.arange(count)), x, t


def test_the_loss_of_quantiles_is_scikit_learns() -> None:
    task, (batch, _, truth) = Forecasting(**SETTINGS, quantiles=LEVELS), batch_of(6)
    outputs = torch.randn(6, 20, 2, dtype=torch.float64)
    model = nn.ModuleDict({"network": Fixed(outputs)})
    ((group, loss),) = task.losses(model, batch, torch.Generator())
    blocks = dict(zip([0.5, 0.05, 0.3, 0.9], outputs.numpy().reshape(6, 4, 5, 2).swapaxes(0, 1), strict=True))
    expected = [mean_pinball_loss(truth.ravel(), blocks[level].ravel(), alpha=level) for level in LEVELS]
    assert group == "network"
    assert loss.item() == pytest.approx(np.mean(expected), abs=1e-12)
    (gradient,) = torch.autograd.grad(loss, model["network"].outputs)
    slopes = [np.where(truth > blocks[level], -level, 1 - level) for level in (0.5, 0.05, 0.3, 0.9)]
    wanted = np.concatenate(slopes, 1) / (4 * truth.size)
    np.testing.assert_allclose(gradient.numpy(), wanted, atol=1e-12)
    found = task.evaluate(model, [batch])
    assert found["pinball"] == pytest.approx(np.mean(expected), abs=1e-12)
    assert found["mse"] == pytest.approx(np.square(blocks[0.5] - truth).mean(), abs=1e-12)


@pytest.mark.parametrize(("count", "level"), [(9, 0.9), (19, 0.9), (100, 0.9), (57, 0.8), (8, 0.5)])
def test_a_margin_is_the_value_of_its_rank(count: int, level: float) -> None:
    values = np.random.default_rng(count).normal(size=(count, 3, 2))
    found = margins(values, level)
    assert found is not None
    for step in range(3):
        for k in range(2):
            below = [sum(other <= each for other in values[:, step, k]) for each in values[:, step, k]]
            enough = [
                each for each, n in zip(values[:, step, k], below, strict=True) if n >= (count + 1) * level - 1e-9
            ]
            assert found[step, k] == min(enough)


def test_too_few_windows_promise_nothing() -> None:
    assert margins(np.zeros((8, 2, 1)), 0.9) is None
    assert (rank(9, 0.9), rank(8, 0.9), rank(99, 0.9), rank(19, 0.95)) == (9, 9, 90, 19)


def test_coverage_is_what_the_ranks_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of exchangeable values ⌈(n + 1) · level⌉ / (n + 1) on average lie inside, for points and for quantiles."""
    draw, count = np.random.default_rng(0), 40
    inside = []
    for low, high in ((0.0, 0.0), (-1.9, 0.3), (-4.0, 5.0)):
        t = draw.standard_t(2, size=(count + 1, 4000, 1))
        values = scores(np.full_like(t, low), np.full_like(t, high), t, np.ones_like(t))
        margin = margins(values[:count], 0.9)
        assert margin is not None
        inside.append((values[count] <= margin).mean())
    np.testing.assert_allclose(inside, math.ceil(41 * 0.9) / 41, atol=0.015)
    monkeypatch.setattr(_intervals, "MOST", 6)
    values = draw.normal(size=(11, 4, 3))
    pooled = margins(values, 0.9)
    assert pooled is not None
    np.testing.assert_array_equal(pooled[:, 0], np.sort(values.transpose(0, 2, 1).reshape(33, 4), 0)[rank(33, 0.9) - 1])


def test_intervals_are_the_formula() -> None:
    """Low and high of every value by a loop; both hold the forecast, also where margins are negative."""
    margin = np.linspace(-0.8, 1.2, 10).reshape(5, 2)
    for levels in ([], LEVELS):
        settings = {**SETTINGS, "quantiles": levels, "margins": margin.tolist()}
        count = max(1, len(levels))
        outputs, (_, x, _) = np.random.default_rng(1).normal(size=(3, 5 * count, 2)), batch_of(3)
        outputs = np.sort(outputs.reshape(3, count, 5, 2), 1)[:, [2, 0, 1, 3] if levels else [0]].reshape(outputs.shape)
        found = bounded(outputs, x, settings)
        for row in range(3):
            for step in range(5):
                for k, channel in enumerate(SETTINGS["channels"]):
                    mean = sum(x[row, :, channel]) / 7
                    restless = math.sqrt(sum((v - mean) ** 2 for v in x[row, :, channel]) / 7) + FLOOR
                    centre = outputs[row, step, k]
                    ends = (outputs[row, 5 + step, k], outputs[row, 15 + step, k]) if levels else (centre, centre)
                    low, high = ends[0] - margin[step, k] * restless, ends[1] + margin[step, k] * restless
                    assert found["low"][row, step, k] == pytest.approx(min(low, centre), rel=1e-6)
                    assert found["high"][row, step, k] == pytest.approx(max(high, centre), rel=1e-6)
        assert next(iter(found)) == "forecast"
        if levels:
            assert (np.diff(found["quantiles"], axis=1) >= 0).all()


def table_of(count: int = 500, kick: float = 1.0) -> dict[str, Any]:
    """A wave with noise, which grows in the last fifth, and another column."""
    t, draw = np.arange(count), np.random.default_rng(3)
    noise = draw.normal(size=count) * np.where(t < 0.8 * count, 1, kick)
    return {"load": (20 + 6 * np.sin(2 * np.pi * t / 12) + noise).tolist(), "wind": draw.normal(size=count).tolist()}


def trained(folder: Path, columns: dict[str, Any], **settings: Any) -> tuple[Loaded, Any]:
    data = open_data(columns, target="load", context=24, horizon=4)
    task = Forecasting.from_data(data, **settings)
    (one,) = (each for each in propose(data.signals, task) if each.name == "nlinear")
    recipe = one.recipe if one.recipe.get("solver") else {**one.recipe, "epochs": 30, "batch_size": 32, "lr": 0.02}
    return load(weftnet.train_run(one.architecture, task, data, Recipe.from_dict(recipe), folder)), data


def test_a_run_is_calibrated_on_its_validation_split(tmp_path: Path) -> None:
    loaded, data = trained(tmp_path / "run", table_of())
    task: Any = loaded.task
    values = []
    for batch in data.batches("validation", 7):
        error = (loaded.model["network"](batch.inputs) - batch.target).abs().detach().double().numpy()
        values.append(error / spread(batch.inputs["series"].numpy(), task.channels))
    expected = np.sort(np.concatenate(values), 0)[rank(data.sizes["validation"], 0.9) - 1]
    np.testing.assert_allclose(task.margins, expected, rtol=1e-5)
    assert 0.9 <= loaded.metrics(data, "validation")["coverage"] < 0.93
    assert 0.8 < loaded.metrics(data, "test")["coverage"] < 0.97
    judged = judge(loaded, data, "test")
    inside = table(judged, "intervals").rows[0]
    assert inside[1] == pytest.approx(loaded.metrics(data, "test")["coverage"])
    assert "which promise 90 %" in texts(judged, "Intervals")
    assert {"low", "high"} < next(
        each.curves.keys() for each in figures(judged, "Forecasts") if hasattr(each, "curves")
    )
    assert "coverage" not in trained(tmp_path / "none", table_of(), interval=0.0)[0].metrics(data, "test")


def test_where_the_noise_grows_a_rolling_calibration_follows(tmp_path: Path) -> None:
    loaded, data = trained(tmp_path / "run", table_of(1500, kick=2.5))
    assert loaded.metrics(data, "test")["coverage"] < 0.7
    (row,) = table(judge(loaded, data, "test"), "intervals").rows
    assert row[2] > row[1] + 0.05
    assert "harder to forecast" in texts(judge(loaded, data, "test"), "Intervals")


def test_calibrated_anew_from_newer_rows(tmp_path: Path) -> None:
    """The newest windows alone, by their time; the weights stay, the run says from what; too few are refused."""
    loaded, _ = trained(tmp_path / "run", table_of(1500, kick=2.5))
    newer = {name: values[-200:] for name, values in table_of(1500, kick=2.5).items()}
    data = open_data(newer, state=loaded.run.json("data.json"))
    facts = recalibrate(loaded, data, "test", last=60)
    again: Any = load(tmp_path / "run")
    assert again.run.facts.calibration == facts
    assert facts.examples == 60
    batch = next(iter(data.batches("test", 1000))).slice(data.sizes["test"] - 60, data.sizes["test"])
    error = (again.model["network"](batch.inputs) - batch.target).abs().detach().double().numpy()
    values = error / spread(batch.inputs["series"].numpy(), [0])
    np.testing.assert_allclose(again.task.margins, np.sort(values, 0)[rank(60, 0.9) - 1], rtol=1e-5)
    assert again.run.checksum == loaded.run.checksum
    with pytest.raises(DataError, match="there are too few examples"):
        recalibrate(again, data, "test", last=5)


def test_rolling_is_a_loop_over_what_was_known() -> None:
    draw, task = np.random.default_rng(5), Forecasting(**SETTINGS)
    scale = np.linspace(1, 3, 60)[:, None, None]

    def seen(first: int, last: int) -> Seen:
        values = (draw.normal(size=(last - first, 5, 2)) * scale[first:last]).astype(np.float32)
        nothing = np.zeros((last - first, 5, 2), np.float32)
        return Seen(np.arange(first, last), np.zeros(last - first, int), nothing > 0, nothing, values)

    before, now = seen(0, 30), seen(34, 60)
    every, ticks = np.concatenate([before.scores, now.scores]), [*range(30), *range(34, 60)]
    inside = []
    for start in range(34, 60, 5):
        known = [each for each, tick in zip(every, ticks, strict=True) if tick + 5 <= start][-30:]
        limit = np.sort(known, 0)[math.ceil((len(known) + 1) * 0.9) - 1]
        inside += [each <= limit for each, tick in zip(every, ticks, strict=True) if start <= tick < start + 5]
    found = rolling(task, before, now)
    assert found is not None
    np.testing.assert_allclose(found, np.mean(inside, (0, 1)), atol=1e-6)


def test_quantiles_are_learnt_and_calibrated(tmp_path: Path) -> None:
    loaded, data = trained(tmp_path / "run", table_of(1200), quantiles=[0.05, 0.25, 0.5, 0.95])
    metrics = loaded.metrics(data, "test")
    assert metrics["coverage"] == pytest.approx(0.9, abs=0.06)
    below = dict(table(judge(loaded, data, "test"), "quantiles").rows)
    assert [below[name] for name in ("0.05", "0.25", "0.5", "0.95")] == pytest.approx([0.05, 0.25, 0.5, 0.95], abs=0.1)
    batch = next(iter(data.batches("test", 3)))
    answer = answers_of(loaded, batch)[0]
    assert list(answer["quantiles"]) == ["0.05", "0.25", "0.5", "0.95"]
    assert answer["quantiles"]["0.5"] == answer["values"]
    assert answer == json.loads(json.dumps(answer))
    inputs = {name: each.numpy() for name, each in batch.inputs.items()}
    numpy = infer("forecasting", TorchRun(loaded.task.passes(loaded.model)), inputs, {}, loaded.task.settings(), {})
    for name, each in loaded.task.infer(loaded.model, batch).items():
        np.testing.assert_array_equal(each.detach().numpy(), numpy[name])
    with pytest.raises(RunError, match="a forecast of quantiles learns from no teacher"):
        DISTILLATIONS.get("forecasting")(loaded.task, loaded.task)


def test_every_head_gives_levels_times_the_horizon() -> None:
    task = Forecasting(**SETTINGS, quantiles=LEVELS)
    for text in ("vector:9", "image:2x5x6", "series:9x3", "series:9x2", "series:20x2"):
        head = task.head("network", parse(text), None)
        network = build(Architecture.of(Chain(head)), {"network": {"x": parse(text)}})["network"]
        assert network.gives.sizes == (20, 2)
    last = task.head("network", parse("series:20x2"), "dense")
    assert last == (Block("ordered_quantiles", {"levels": LEVELS}),)
    assert task.head("network", parse("series:20x2"), "ordered_quantiles") == ()


def test_what_is_proposed_for_quantiles_starts_from_the_naive_forecast() -> None:
    data = open_data(table_of(), target="load", context=24, horizon=4)
    task = Forecasting.from_data(data, quantiles=[0.1, 0.5, 0.9])
    batch = next(iter(data.batches("train", 5)))
    naive = batch.inputs["series"][:, [12, 13, 14, 15], 0]
    for each in propose(data.signals, task):
        complete = assemble(each.architecture, task, data.signals)
        model = build(complete.architecture, complete.inputs, seed=0).eval()
        forecast: Any = task.infer(model, batch)
        assert forecast["quantiles"].shape == (5, 3, 4, 1)
        if each.name not in ("linear", "last_value", "nlinear"):
            torch.testing.assert_close(forecast["forecast"][..., 0], naive, msg=each.name)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"interval": 1.0}, "no interval has this level"),
        ({"quantiles": [0.1, 0.9]}, "these are no quantiles of a forecast"),
        ({"quantiles": [0.5, 0.5]}, "these are no quantiles of a forecast"),
        ({"quantiles": [0.5]}, "these are no quantiles of a forecast"),
        ({"quantiles": [0.1, 0.5], "loss": "mae"}, "quantiles are learnt by the pinball loss"),
        ({"margins": [[0.1, 0.2]]}, "margins of another shape"),
        ({"margins": [[0.1, 0.2, 0.3]] * 5}, "margins of another shape"),
    ],
)
def test_settings_that_can_not_be_used(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        Forecasting(**SETTINGS, **settings)
