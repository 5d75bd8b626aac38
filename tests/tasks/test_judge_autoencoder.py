"""The judge of a variational autoencoder agrees with its score; its pictures are the examples and the decoder's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from judging import figures

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.base.figures import Histogram, Lines, Picture
from weftnet.data import open_data
from weftnet.run.judging import judge
from weftnet.run.loading import Loaded, load
from weftnet.tasks import JUDGES, TASKS
from weftnet.train import Recipe, fit


def trained(data: Any, folder: Path, **settings: Any) -> Loaded:
    task = TASKS.get("variational_autoencoder").from_data(data, latent=2, **settings)
    flatten = (Block("flatten"),) if task.mean is not None else ()
    parts = {"encoder": Chain((*flatten, Block("dense", {"dim": 8}))), "decoder": Chain((Block("dense", {"dim": 8}),))}
    return load(fit(Architecture(parts), task, data, Recipe.for_task(task, steps=5), folder))


def test_images(tmp_path: Path) -> None:
    data = open_data("digits")
    loaded = trained(data, tmp_path / "run")
    judgement, metrics = judge(loaded, data, "test"), loaded.metrics(data, "test")
    likelihood, kl = (each for each in figures(judgement, "Errors") if isinstance(each, Histogram))
    assert likelihood.values.mean() == pytest.approx(metrics["reconstruction"], rel=1e-6)
    assert kl.values.mean() == pytest.approx(metrics["kl"], rel=1e-5)
    bound = likelihood.values - kl.values
    assert judgement.worst is not None
    assert [case.place for case in judgement.worst.cases] == np.argsort(bound)[:12].tolist()
    assert judgement.interval is not None
    assert judgement.interval.low < metrics["elbo"] < judgement.interval.high
    (picture,) = figures(judgement, "Reconstructions")
    assert isinstance(picture, Picture)
    assert picture.pixels.shape == (2 * 8 + 2, 10 * 8 + 9 * 2)
    raw = data.raw(data.rows("test").numpy()[:1])["x"][0].astype(float)  # type: ignore[attr-defined]
    assert np.abs(picture.pixels[:8, :8] - 255 * raw / 16).max() < 1


def test_the_baseline_is_the_mean_image(tmp_path: Path) -> None:
    data = open_data("digits")
    baseline = judge(trained(data, tmp_path / "run"), data, "test").baseline
    raw = {split: data.raw(data.rows(split).numpy())["x"] / 16.0 for split in ("train", "test")}  # type: ignore[attr-defined]
    mean = np.clip(raw["train"].mean(0), 1e-6, 1 - 1e-6)
    log_p = raw["test"] * np.log(mean) + (1 - raw["test"]) * np.log(1 - mean)
    assert baseline is not None
    assert baseline.score == pytest.approx(log_p.sum((1, 2)).mean(), rel=1e-4)


def test_vectors_are_drawn_as_curves(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = open_data({"x": rng.normal(size=(60, 5))})
    loaded = trained(data, tmp_path / "run", deviation=0.5)
    drawn = figures(judge(loaded, data, "test"), "Reconstructions")
    (first,) = data.batches("test", 1).__next__().inputs.values()
    assert len(drawn) == 4
    assert isinstance(drawn[0], Lines)
    assert [y for _, y in drawn[0].curves["example"]] == pytest.approx(first[0].tolist())
    with torch.no_grad():
        m, _ = loaded.model["encoder"](first).chunk(2, 1)
        wanted = loaded.model["decoder"](m)[0].tolist()
    assert [y for _, y in drawn[0].curves["reconstruction"]] == pytest.approx(wanted, abs=1e-6)


def test_what_has_no_truth_says_so() -> None:
    assert "no truth" in JUDGES.reason("gan")
    assert JUDGES.find("gan") is None
