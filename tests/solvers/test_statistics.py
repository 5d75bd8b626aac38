"""What describes inputs for baselines: statistics of pictures and sounds, values of tables; what learns from them."""

from typing import Any

import numpy as np
import pytest
import torch

from weftnet.architecture.signal import parse
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.solvers import SOLVERS, baselines
from weftnet.solvers._flat import described, features, statistics_of, stepped
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble


def signals(**written: str) -> dict[str, Any]:
    return {name: parse(text) for name, text in written.items()}


@pytest.mark.parametrize(
    ("given", "inputs", "values"),
    [
        (signals(x="vector:5"), ["x"], 5),
        # 3 · 3 blocks of 4 cells of 9 bins, 16 cells of 3 channels, 3 statistics of each channel
        (signals(x="image:3x8x8"), ["x"], 3 * 3 * 36 + 16 * 3 + 9),
        (signals(x="image:1x1x9"), ["x"], 3),
        (signals(x="series:24x3"), ["x"], 15),
        (signals(x="wave:4000,rate=8000,padded"), ["x"], 5 * 64),
        (signals(x="wave:50,rate=8000"), ["x"], 5),
        (signals(a="vector:5", b="tokens:9,vocabulary=20", c="series:24x3"), ["a", "c"], 20),
        (signals(a="tokens:9,vocabulary=20"), [], 0),
    ],
)
def test_inputs_are_described_side_by_side(given: dict[str, Any], inputs: list[str], values: int) -> None:
    found = statistics_of(given)
    assert list(found) == inputs
    assert features(given) == values
    offered = described(given, TASKS.get("regression")())
    assert (offered is None) == all(given[name].kind == "vector" for name in inputs)


def test_statistics_of_a_window_forecast_nothing() -> None:
    task = TASKS.get("forecasting")(targets=["a"], horizon=3, channels=[0], mean=[0.0], scale=[1.0])
    assert described(signals(x="series:24x3"), task) is None


def test_only_tables_have_bins() -> None:
    assert stepped(signals(x="vector:5")) is not None
    assert stepped(signals(x="series:24x3")) is None
    assert stepped(signals(x="vector:5", y="image:1x8x8")) is None


@pytest.mark.parametrize("name", ["random_forest", "gradient_boosting", "logistic_statistics"])
def test_pictures_are_told_apart_by_their_statistics(name: str, tmp_path: Any) -> None:
    """Stripes across and down, anywhere: no pixel says which."""
    draw = np.random.default_rng(0)
    phase, rows = draw.uniform(0, 6, 200), np.arange(16)
    down = np.sin(rows[None, :, None] + phase[:, None, None]) + 0.3 * draw.normal(size=(200, 16, 16))
    label = np.arange(200) % 2
    down[label == 1] = down[label == 1].transpose(0, 2, 1)
    np.savez(tmp_path / "stripes.npz", x=down.astype(np.float32), y=label)
    data = open_data(str(tmp_path / "stripes.npz"))
    task = TASKS.get("classification").from_data(data)
    (candidate,) = (each for each in baselines(data.signals, task) if each.name == name)
    complete = assemble(candidate.architecture, task, data.signals)
    model = build(complete.architecture, complete.inputs, seed=0)
    SOLVERS.get(str(candidate.recipe["solver"]))(model, task, data, 0)
    (batch,) = data.batches("test", 100)
    with torch.no_grad():
        outputs: Any = task.infer(model.eval(), batch)
    assert (outputs.argmax(1) == batch.target).double().mean() > 0.9
