"""The season that is found in series, beside errors of forecasts made window by window."""

import numpy as np
import pytest
from numpy.typing import NDArray

from weftnet.data import open_data
from weftnet.data.kinds.forecast import Forecast
from weftnet.data.season import season
from weftnet.tasks.forecasting.task import Forecasting, seasonal

DRAW = np.random.default_rng(3)
STEPS = np.arange(400)


def waves(period: int, noise: float = 0.1, drift: float = 0.0) -> NDArray[np.float32]:
    wave = np.sin(2 * np.pi * STEPS / period) + noise * DRAW.normal(size=400) + drift * STEPS
    return wave.astype(np.float32)[:, None]


@pytest.mark.parametrize(("period", "context", "horizon"), [(7, 20, 5), (12, 24, 30), (24, 24, 8)])
def test_a_wave_is_found_with_the_errors_of_its_forecasts(period: int, context: int, horizon: int) -> None:
    x = waves(period)
    found = season([x], context, horizon)
    assert found is not None
    assert found.period == period
    for repeated, expected in ((period, found.error), (1, found.last)):
        places = seasonal(context, horizon, repeated)
        windows = range(context, len(x) - horizon)
        errors = [x[t - context : t][places] - x[t : t + horizon] for t in windows]
        assert expected == pytest.approx(np.square(errors).mean(), rel=0.05)  # windows at the ends count less


@pytest.mark.parametrize("steps", [60, 144, 400])
def test_a_multiple_of_the_season_that_is_better_by_chance_is_not_it(steps: int) -> None:
    """Of a hundred draws of a noisy season few are taken for two seasons; without the rule it were forty."""
    draw, wave = np.random.default_rng(0), 2 * np.sin(2 * np.pi * np.arange(steps) / 12)
    drawn = ((wave + draw.normal(size=steps)).astype(np.float32)[:, None] for _ in range(100))
    found = [each.period for each in (season([x], 24, 12) for x in drawn) if each]
    assert found.count(24) <= 10
    assert found.count(12) >= 80


def test_a_wave_within_a_wave_is_no_chance() -> None:
    x = waves(24) + 0.5 * waves(12)
    assert season([x], 48, 12).period == 24


@pytest.mark.parametrize("kind", ["walk", "noise", "constant", "short", "trend"])
def test_none_is_found_where_none_is(kind: str) -> None:
    made = {
        "walk": DRAW.normal(size=400).cumsum(), "noise": DRAW.normal(size=400), "constant": np.ones(400),
        "short": np.ones(4), "trend": STEPS / 400,
    }  # fmt: skip
    assert season([made[kind].astype(np.float32)[:, None]], 24, 12) is None


def test_series_are_not_joined() -> None:
    """Ten series of a season and a half: what lies between them is no step."""
    pieces = [waves(12)[at : at + 30] for at in range(0, 300, 30)]
    assert season(pieces, 14, 6).period == 12
    assert season([waves(12)], 11, 6) is None or season([waves(12)], 11, 6).period < 12


def test_the_task_knows_the_season_of_the_training_part(tmp_path) -> None:
    """What follows the training part is of another season, and does not count."""
    first, later = waves(8)[:240, 0], waves(5)[:160, 0]
    data = open_data({"x": np.concatenate([first, later]).tolist()}, context=16, horizon=4)
    assert any("a season of 8 steps" in note for note in data.notes), data.notes
    assert isinstance(data.target, Forecast)
    assert Forecasting.from_data(data).period == data.target.period == 8
    assert Forecasting.from_data(data, period=4).period == 4
    assert Forecasting.from_data(data, period=None).period is None
    older = {name: value for name, value in data.target.state().items() if name != "period"}
    assert Forecast.from_state(older).period == 0
