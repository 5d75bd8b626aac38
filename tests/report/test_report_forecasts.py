"""Forecasts in a report: errors by step against loops over the raw columns, and the page about them."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.data import Batch, open_data
from weftnet.errors import DataError
from weftnet.report import write_run
from weftnet.report.baseline import baseline
from weftnet.report.forecasts import Forecasts, bootstrapped_mean, judge_forecasts, skill
from weftnet.report.forecasts import windows as windows_of
from weftnet.report.sections.forecast_errors import forecast_errors
from weftnet.report.subject import Subject
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

CONTEXT, HORIZON = 10, 4


@pytest.fixture(scope="module")
def columns() -> dict[str, Any]:
    t, noise = np.arange(220), np.random.default_rng(2).normal(0, 0.3, (3, 220))
    values = np.stack([np.sin(t / 3), 5 * np.cos(t / 4) - 30, 0.01 * t]) + noise
    return dict(zip(("<i>a", "b", "c"), values.tolist(), strict=True))


@pytest.fixture(scope="module")
def subject(columns: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A forecast of two of three columns, hardly trained."""
    data = open_data(columns, target=["b", "<i>a"], context=CONTEXT, horizon=HORIZON)
    task = TASKS.get("forecasting").from_data(data, period=6)
    chain = Chain((Block("dense", {"dim": 3}),))
    recipe = Recipe(steps=20, lr=0.02, batch_size=16)
    run = fit(Architecture.of(chain), task, data, recipe, tmp_path_factory.mktemp("forecast") / "run")
    return Subject(load(run), data, "test")


def test_errors_are_loops_over_the_columns(subject: Subject, columns: dict[str, Any]) -> None:
    forecasts, task = subject.forecasts, subject.loaded.task
    assert forecasts is not None
    assert forecasts.targets == ["b", "<i>a"]
    squares, absolute, naive = (np.zeros((HORIZON, 2)) for _ in range(3))
    losses = []
    for row in forecasts.rows.tolist():
        raw = {name: [values[row - CONTEXT : row]] for name, values in columns.items()}
        (answer,) = subject.loaded.predict(raw)
        error = np.zeros((HORIZON, 2))
        for k, name in enumerate(forecasts.targets):
            for step in range(HORIZON):
                truth = columns[name][row + step]
                error[step, k] = (answer["values"][step][k] - truth) / task.scale[k]
                naive[step, k] += ((columns[name][row - 1] - truth) / task.scale[k]) ** 2
        squares += error**2
        absolute += np.abs(error)
        losses.append((error**2).mean())
    n = len(losses)
    assert forecasts.rows.tolist() == subject.data.rows("test").tolist()  # type: ignore[union-attr]
    np.testing.assert_allclose(forecasts.squares, squares / n, rtol=1e-4)
    np.testing.assert_allclose(forecasts.absolute, absolute / n, rtol=1e-4)
    np.testing.assert_allclose(forecasts.naive, naive / n, rtol=1e-4)
    np.testing.assert_allclose(forecasts.loss, losses, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(forecasts.skill, 1 - squares.mean(1) / naive.mean(1), rtol=1e-4)


def test_it_agrees_with_the_task(subject: Subject) -> None:
    forecasts, metrics = subject.forecasts, subject.metrics
    assert forecasts is not None
    assert forecasts.loss.mean() == pytest.approx(metrics["mse"], rel=1e-6)
    assert forecasts.squares.mean() == pytest.approx(metrics["mse"], rel=1e-6)
    assert forecasts.absolute.mean() == pytest.approx(metrics["mae"], rel=1e-6)
    assert forecasts.naive.mean() == pytest.approx(metrics["naive_mse"], rel=1e-6)
    assert skill(forecasts.squares.mean(), forecasts.naive.mean()) == pytest.approx(metrics["skill"], rel=1e-6)
    assert (subject.judged, subject.labelled) == (None, None)
    guess = baseline(subject)
    assert guess is not None
    assert guess.score == min(metrics["naive_mse"], metrics["seasonal_mse"])


def test_a_window_is_drawn_in_its_own_unit(subject: Subject, columns: dict[str, Any]) -> None:
    forecasts = subject.forecasts
    assert forecasts is not None
    ((_, batch),) = subject.batches([7])
    row = int(forecasts.rows[7])
    raw = {name: [values[row - CONTEXT : row]] for name, values in columns.items()}
    answer = np.array(subject.loaded.predict(raw)[0]["values"])
    for k, window in enumerate(windows_of(subject.loaded, batch)):
        values = columns[forecasts.targets[k]]
        np.testing.assert_allclose(window.past, values[row - CONTEXT : row], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(window.truth, values[row : row + HORIZON], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(window.forecast, answer[:, k], rtol=1e-5, atol=1e-5)


def test_windows_are_chosen_by_their_error(subject: Subject) -> None:
    forecasts = subject.forecasts
    assert forecasts is not None
    assert forecasts.loss[forecasts.at(0.0)] == forecasts.loss.max()
    assert forecasts.loss[forecasts.at(1.0)] == forecasts.loss.min()
    assert forecasts.loss[forecasts.at(0.5)] == pytest.approx(
        np.quantile(forecasts.loss, 0.5, method="nearest"), rel=0.1
    )


def test_blocks_of_one_are_the_usual_bootstrap() -> None:
    values = np.random.default_rng(3).normal(2, 1, 300) ** 2
    wanted = stats.bootstrap(
        (values,), np.mean, method="percentile", rng=np.random.default_rng(1), n_resamples=2000
    ).confidence_interval
    interval = bootstrapped_mean(values, 1)
    assert interval == pytest.approx((wanted.low, wanted.high), rel=0.02)


def test_longer_blocks_see_that_neighbours_are_alike() -> None:
    """Means of m neighbours of white noise: the mean's standard error is that of the noise, which blocks of m find."""
    noise, m = np.random.default_rng(0).normal(size=4019), 20
    values = np.convolve(noise, np.ones(m), "valid")
    narrow, wide = bootstrapped_mean(values, 1), bootstrapped_mean(values, 4 * m)
    assert narrow is not None
    assert wide is not None
    expected = 2 * 1.96 * m / math.sqrt(len(values))
    assert wide[1] - wide[0] == pytest.approx(expected, rel=0.2)
    assert narrow[1] - narrow[0] < 0.4 * expected
    assert bootstrapped_mean(values[:39], 20) is None
    assert bootstrapped_mean(np.full(50, 3.0), 7) == pytest.approx((3.0, 3.0))


def test_its_sections(subject: Subject, tmp_path: Path) -> None:
    text = write_run(subject.loaded, subject.data, tmp_path / "r.html", explained=False).read_text(encoding="utf-8")
    for title in ("Forecasts", "Errors", "Network", "Data"):
        assert text.count(f">{title}</h2>") == 1
    assert text.count("the worst one: from row") == 2
    assert "over blocks of neighbouring windows" in text
    assert "<i>a" not in text
    assert "&lt;i&gt;a" in text


@pytest.mark.parametrize(
    ("better", "sentence"),
    [
        ([True, True, True], "At every step ahead, up to 3, it is better"),
        ([False, False, False], "At no step ahead"),
        ([True, False, True], "at 1 of 3 steps ahead: 2."),
    ],
)
def test_steps_without_skill_are_listed(subject: Subject, better: list[bool], sentence: str) -> None:
    one, other = np.ones((3, 1)), Subject(subject.loaded, subject.data, "test")
    squares = np.where(np.array(better), 0.5, 1.5)[:, None]
    other.__dict__["forecasts"] = Forecasts(["a"], np.ones(1), np.arange(3), np.ones(3), squares, one, one)
    assert sentence in forecast_errors(other)


def test_no_skill_is_possible_on_constant_series(subject: Subject) -> None:
    assert math.isnan(skill(0.5, 0.0))
    other, zero = Subject(subject.loaded, subject.data, "test"), np.zeros((2, 1))
    other.__dict__["forecasts"] = Forecasts(["a"], np.ones(1), np.arange(3), np.ones(3), zero + 1, zero + 1, zero)
    html = forecast_errors(other)
    assert "<td>–</td>" in html
    assert "the naive forecast has no error" in html


def test_windows_without_what_comes_after(subject: Subject) -> None:
    batch = Batch({"series": torch.zeros(2, CONTEXT, 3)}, {}, None, torch.arange(2))
    with pytest.raises(DataError, match="no target"):
        judge_forecasts(subject.loaded, [batch])
    with pytest.raises(DataError, match="nothing to evaluate"):
        judge_forecasts(subject.loaded, [])
