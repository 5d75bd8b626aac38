"""The judge of forecasts: errors by step against loops over the raw columns."""

import math
from typing import Any

import numpy as np
import pytest
from judging import figures, table, texts

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.base.figures import Lines
from weftnet.data import open_data
from weftnet.run.judging import judge
from weftnet.run.loading import Loaded, load
from weftnet.tasks import TASKS
from weftnet.tasks._judgement import Answered, Judgement, Section
from weftnet.tasks.forecasting.judge import Errors, error_figures, errors_of, skill
from weftnet.train import Recipe, fit

CONTEXT, HORIZON = 10, 4


@pytest.fixture(scope="module")
def columns() -> dict[str, Any]:
    t, noise = np.arange(220), np.random.default_rng(2).normal(0, 0.3, (3, 220))
    values = np.stack([np.sin(t / 3), 5 * np.cos(t / 4) - 30, 0.01 * t]) + noise
    return dict(zip(("a", "b", "c"), values.tolist(), strict=True))


@pytest.fixture(scope="module")
def data(columns: dict[str, Any]) -> Any:
    return open_data(columns, target=["b", "a"], context=CONTEXT, horizon=HORIZON)


@pytest.fixture(scope="module")
def loaded(data: Any, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """A forecast of two of three columns, hardly trained."""
    task = TASKS.get("forecasting").from_data(data, period=6)
    chain = Chain((Block("dense", {"dim": 3}),))
    recipe = Recipe(steps=20, lr=0.02, batch_size=16)
    return load(fit(Architecture.of(chain), task, data, recipe, tmp_path_factory.mktemp("forecast") / "run"))


@pytest.fixture(scope="module")
def errors(loaded: Loaded, data: Any) -> Errors:
    return errors_of(loaded.task, Answered(data, "test", loaded.outputs, loaded.model))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def judgement(loaded: Loaded, data: Any) -> Judgement:
    return judge(loaded, data, "test")


def test_errors_are_loops_over_the_columns(loaded: Loaded, data: Any, errors: Errors, columns: dict[str, Any]) -> None:
    squares, absolute, naive, seasonal = (np.zeros((HORIZON, 2)) for _ in range(4))
    losses = []
    for row in errors.rows.tolist():
        (answer,) = loaded.predict({name: [values[row - CONTEXT : row]] for name, values in columns.items()})
        error = np.zeros((HORIZON, 2))
        for k, name in enumerate(("b", "a")):
            scale = loaded.task.settings()["scale"][k]
            for step in range(HORIZON):
                truth = columns[name][row + step]
                error[step, k] = (answer["values"][step][k] - truth) / scale
                naive[step, k] += ((columns[name][row - 1] - truth) / scale) ** 2
                seasonal[step, k] += ((columns[name][row + step - 6] - truth) / scale) ** 2
        squares += error**2
        absolute += np.abs(error)
        losses.append((error**2).mean())
    n = len(losses)
    assert errors.rows.tolist() == data.rows("test").tolist()
    np.testing.assert_allclose(errors.squares, squares / n, rtol=1e-4)
    np.testing.assert_allclose(errors.absolute, absolute / n, rtol=1e-4)
    np.testing.assert_allclose(errors.naive, naive / n, rtol=1e-4)
    np.testing.assert_allclose(errors.seasonal, seasonal / n, rtol=1e-4)
    np.testing.assert_allclose(errors.loss, losses, rtol=1e-3, atol=1e-6)


def test_it_agrees_with_the_task(loaded: Loaded, data: Any, errors: Errors, judgement: Judgement) -> None:
    metrics = loaded.metrics(data, "test")
    assert errors.loss.mean() == pytest.approx(metrics["mse"], rel=1e-6)
    assert errors.absolute.mean() == pytest.approx(metrics["mae"], rel=1e-6)
    assert errors.naive.mean() == pytest.approx(metrics["naive_mse"], rel=1e-6)
    assert skill(errors.squares.mean(), errors.naive.mean()) == pytest.approx(metrics["skill"], rel=1e-6)
    assert judgement.baseline is not None
    assert judgement.baseline.score == pytest.approx(min(metrics["naive_mse"], metrics["seasonal_mse"]), rel=1e-6)
    assert judgement.interval is not None
    assert judgement.interval.low < metrics["mse"] < judgement.interval.high
    units = [row[2] for row in table(judgement, "targets").rows]
    assert np.mean(units) == pytest.approx(metrics["mae_units"], rel=1e-5)  # type: ignore[arg-type]


def test_windows_are_drawn_in_their_own_unit(
    loaded: Loaded, errors: Errors, judgement: Judgement, columns: dict[str, Any]
) -> None:
    drawn = [each for each in figures(judgement, "Forecasts") if isinstance(each, Lines)]
    assert len(drawn) == 2 * 4, "two targets, four windows"
    for number, lines in enumerate(drawn):
        name, place = ("b", "a")[number // 4], errors.at((0.9, 0.5, 0.1, 0.0)[number % 4])
        row = int(errors.rows[place])
        assert lines.caption.endswith(f"from row {row} on")
        (answer,) = loaded.predict({each: [values[row - CONTEXT : row]] for each, values in columns.items()})
        forecast = [step[number // 4] for step in answer["values"]]
        series = columns[name][row - CONTEXT : row + HORIZON]
        np.testing.assert_allclose([y for _, y in lines.curves["past and truth"]], series, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose([y for _, y in lines.curves["forecast"]][1:], forecast, rtol=1e-4, atol=1e-5)


def test_windows_are_chosen_by_their_error(errors: Errors) -> None:
    assert errors.loss[errors.at(0.0)] == errors.loss.max()
    assert errors.loss[errors.at(1.0)] == errors.loss.min()
    assert errors.loss[errors.at(0.5)] == pytest.approx(np.quantile(errors.loss, 0.5, method="nearest"), rel=0.1)


@pytest.mark.parametrize(
    ("better", "sentence"),
    [
        ([True, True, True], "At every step ahead, up to 3, it is better"),
        ([False, False, False], "At no step ahead"),
        ([True, False, True], "at 1 of 3 steps ahead: 2."),
    ],
)
def test_steps_without_skill_are_listed(better: list[bool], sentence: str) -> None:
    assert sentence in told(np.where(np.array(better), 0.5, 1.5)[:, None], np.ones((3, 1)))


def test_no_skill_is_possible_on_constant_series() -> None:
    assert math.isnan(skill(0.5, 0.0))
    assert "the naive forecast has no error" in told(np.ones((2, 1)), np.zeros((2, 1)))


def told(squares: Any, naive: Any) -> str:
    """The words about mean squared errors (horizon, 1) of the forecast and of the naive one."""
    made = Errors(np.arange(3), np.ones(3), squares, squares, naive, naive)
    return texts(Judgement(sections=(Section("Errors", error_figures(["a"], [1.0], made)),)), "Errors")
