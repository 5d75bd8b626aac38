"""Exponential smoothing as a linear map: against statsmodels 0.15.0, and what it chooses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from weftnet.architecture.reading import from_dict
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.data.outputs import chosen
from weftnet.errors import SettingError
from weftnet.solvers import SOLVERS
from weftnet.solvers._problem import Problem
from weftnet.solvers.exponential_smoothing import constants, maps
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble

BEER = [284, 213, 227, 308, 262, 228, 236, 320, 272, 233, 237, 313, 261, 227]
NILE = [1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370]


def forecast(point: list[float], period: int, window: Any, steps: int) -> Tensor:
    x = torch.tensor(window, dtype=torch.float64)
    made = maps(torch.tensor([point], dtype=torch.float64), period, len(window), range(1, steps + 1))
    return made[0] @ x


def test_it_is_that_of_statsmodels() -> None:
    """`ETSModel(x[m:], trend="add", damped_trend=True, …)` with this start and α, αβ, γ, φ."""
    beer = [231.44643617512244, 310.0568313074885, 265.61617360253337, 225.9326741507357, 230.95665500668505]
    assert np.allclose(forecast([0.3, 0.1, 0.9, 0.4], 4, BEER, 5), beer, rtol=1e-12)
    nile = [1184.681184335023, 1192.27023879355, 1198.3414823603716, 1203.1984772138287]
    assert np.allclose(forecast([0.25, 0.2, 0.8, 0], 1, NILE, 4), nile, rtol=1e-12)


@pytest.mark.parametrize("period", [1, 3, 5, 9])
def test_its_extremes_are_the_naive_forecasts(period: int) -> None:
    assert np.allclose(forecast([1, 0, 0, 0], 1, NILE, 4), [1370] * 4)
    season = [NILE[9 - period + step % period] for step in range(12)]
    assert np.allclose(forecast([0, 0, 0, 1], period, NILE, 12), season)


def test_it_moves_with_the_series_and_scales() -> None:
    point, window = [0.4, 0.2, 0.95, 0.3], np.array(BEER, float)
    base = forecast(point, 4, window, 7)
    assert np.allclose(forecast(point, 4, 3 * window + 50, 7), 3 * base + 50)


@pytest.mark.parametrize(("truth", "period"), [([0.3, 0.0, 0.0, 0.5], 4), ([0.6, 0.3, 0.9, 0.0], 1)])
def test_forecasts_of_constants_between_the_grid_are_found(truth: list[float], period: int) -> None:
    x = torch.randn(300, 16, dtype=torch.float64)
    (w,) = maps(torch.tensor([truth], dtype=torch.float64), period, 16, range(1, 7))
    posed = Problem(torch.zeros(6, 16), torch.zeros(6), x, x @ w.T, torch.arange(300))
    (found,) = maps(constants(posed, period).unsqueeze(0), period, 16, range(1, 7))
    assert (x @ (w - found).T).square().mean() < 1e-3 * (x @ w.T).square().mean()


def setting(folder: Path, network: Any) -> tuple[Any, Any, Any]:
    draw, t = np.random.default_rng(0), np.arange(160)
    walk = 5 + draw.normal(size=160).cumsum()
    season = 3 * np.sin(t * np.pi / 2) + 0.1 * draw.normal(size=160)
    path = folder / "series.csv"
    path.write_text("\n".join(["a,b", *(f"{a},{b}" for a, b in zip(walk, season, strict=True))]) + "\n", "utf-8")
    data = open_data(str(path), context=12, horizon=5)
    task = TASKS.get("forecasting").from_data(data)
    complete = assemble(from_dict({"chain": network}), task, data.signals)
    return build(complete.architecture, complete.inputs, seed=0), task, data


def test_each_series_has_constants_of_its_own(tmp_path: Path) -> None:
    along = {"along_time": {"steps": 5, "own": True}}
    model, task, data = setting(tmp_path, [along, {"reshape": {"shape": [5, 2]}}])
    SOLVERS.get("exponential_smoothing")(model, task, data, 0, period=4)
    (batch,) = data.batches("train", 1000)
    x = next(iter(batch.inputs.values()))
    with torch.no_grad():
        gives = chosen(task.infer(model.eval(), batch))
    walk = (gives[..., 0] - x[:, -1:, 0]).square().mean()
    assert walk < 0.2 * (gives[..., 0] - x[..., 0].mean(1, keepdim=True)).square().mean(), "a walk is followed"
    season = (gives[..., 1] - batch.target[..., 1]).square().mean()
    assert season < 0.01, "a season is repeated"


def test_what_it_can_not_solve_for_is_refused(tmp_path: Path) -> None:
    model, task, data = setting(tmp_path, ["flatten", {"dense": {"dim": 10}}, {"reshape": {"shape": [5, 2]}}])
    with pytest.raises(SettingError, match="a map along time"):
        SOLVERS.get("exponential_smoothing")(model, task, data, 0)
    model, task, data = setting(tmp_path, [{"along_time": {"steps": 5}}, {"reshape": {"shape": [5, 2]}}])
    with pytest.raises(SettingError, match="shorter than a season"):
        SOLVERS.get("exponential_smoothing")(model, task, data, 0, period=13)
