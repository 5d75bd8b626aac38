"""Several numbers at once: the loss, the metrics and the answers, against NumPy; and the path by the command line."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from weftnet.architecture.spec import Architecture, Block
from weftnet.cli import app
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.errors import SettingError
from weftnet.tasks._assemble import assemble
from weftnet.tasks.multioutput_regression.example import multioutput_regression as example
from weftnet.tasks.multioutput_regression.task import MultioutputRegression

TARGETS = ["price", "weight"]


def test_loss_metrics_and_answers(tmp_path: Path) -> None:
    source = example(tmp_path).source
    data = open_data(source, target=TARGETS)
    task = MultioutputRegression.from_data(data)
    made = assemble(Architecture.of([Block("dense", {"dim": 3}), Block("tanh")]), task, data.signals)
    model = build(made.architecture, made.inputs, seed=3)
    (batch,) = data.batches("test", 99)
    rows = list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))
    raw = np.array([[float(row[name]) for name in TARGETS] for row in rows])
    train = raw[data.rows("train").numpy()]
    truth = (raw[batch.rows.numpy()] - train.mean(0)) / train.std(0)
    with torch.no_grad():
        outputs = model["network"](batch.inputs, batch.masks)
        ((_, loss),) = task.losses(model, batch, torch.Generator())
    error = outputs.double().numpy() - truth
    np.testing.assert_allclose(loss.item(), (error**2).mean(), rtol=1e-5)
    metrics = task.evaluate(model, [batch.slice(0, 5), batch.slice(5, 99)])
    spread = ((truth - truth.mean()) ** 2).sum()
    expected = {"rmse": (error**2).mean() ** 0.5, "mae": np.abs(error).mean(), "r2": 1 - (error**2).sum() / spread}
    assert metrics == pytest.approx(expected, rel=1e-5)
    values = outputs.double().numpy() * train.std(0) + train.mean(0)
    for answer, row in zip(task.answers(outputs), values, strict=True):
        assert answer["values"] == pytest.approx(dict(zip(TARGETS, row, strict=True)), rel=1e-5)


def test_by_the_command_line(tmp_path: Path) -> None:
    source = example(tmp_path).source
    run = CliRunner().invoke
    targets = ["--target", "price", "-t", "weight"]
    shown = run(app, ["data", str(source), *targets, "--out", str(tmp_path / "data.html")])
    assert "price, weight" in shown.output
    (tmp_path / "net.yaml").write_text("- dense: {dim: 8}\n- tanh\n")
    checked = run(app, ["check", str(tmp_path / "net.yaml"), "--data", str(source), *targets, "--no-time"])
    assert checked.exit_code == 0, checked.output
    out = ["--out", str(tmp_path / "run"), "--jobs", "1", "--steps", "3", "--set", "plan=eager"]
    fitted = run(app, ["fit", str(source), *targets, "--arch", str(tmp_path / "net.yaml"), *out])
    assert fitted.exit_code == 0, fitted.output
    answers = tmp_path / "answers.csv"
    asked = run(app, ["predict", str(tmp_path / "run"), str(source), "--out", str(answers)])
    assert asked.exit_code == 0, asked.output
    assert answers.read_text(encoding="utf-8").splitlines()[0] == ",".join(["row", *TARGETS])
    evaluated = run(app, ["evaluate", str(tmp_path / "run"), "--json"])
    assert json.loads(evaluated.stdout)["metrics"]["rmse"] > 0
    mixed = run(app, ["fit", str(source), "-t", "price", "-t", "colour", *out[:-2], "--replace"])
    assert "colour (category)" in str(mixed.exception)


def test_settings_that_do_not_match() -> None:
    with pytest.raises(SettingError, match="don't match"):
        MultioutputRegression(targets=["a", "b"], mean=[0.0], scale=[1.0, 1.0])
