"""What `fit` tries by itself: for each sort of source, as files, every network of the shortlist is built and trains."""

import csv
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from quick import some

from weftnet.compete.choosing import choose, task_for
from weftnet.compete.jobs import Terms, jobs_of, run_job
from weftnet.compete.propose import propose
from weftnet.data import open_data

RNG = np.random.default_rng(5)
WORDS = ("red", "green", "blue", "old", "new", "house", "tree", "river", "stone")
ROWS = 20


def pictures(height: int, width: int) -> Callable[[Path], Path]:
    """Write colour PNGs of noise, a folder for each of two classes."""

    def write(folder: Path) -> Path:
        for number in range(ROWS):
            place = folder / "ab"[number % 2]
            place.mkdir(exist_ok=True)
            Image.fromarray(RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(place / f"{number}.png")
        return folder

    return write


def recordings(folder: Path) -> Path:
    """Write WAV files of a second of noise at 4 kHz, some shorter, a folder for each of two classes."""
    for number in range(ROWS):
        place = folder / "ab"[number % 2]
        place.mkdir(exist_ok=True)
        with wave.open(str(place / f"{number}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(4000)
            file.writeframes(RNG.normal(0, 4000, 4000 - 100 * (number % 3)).astype("<i2").tobytes())
    return folder


def table(**columns: Callable[[int], Any]) -> Callable[[Path], Path]:
    """Write a CSV of these columns."""

    def write(folder: Path) -> Path:
        path = folder / "rows.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([make(row) for make in columns.values()] for row in range(4 * ROWS))
        return path

    return write


def number(row: int) -> float:
    return round(float(RNG.normal()), 3)


def text(row: int) -> str:
    return " ".join(RNG.choice(WORDS, 3 + row % 7))


def tags(row: int) -> str:
    return ";".join(name for name in ("a", "b", "c") if RNG.random() < 0.5)


@dataclass(frozen=True)
class Case:
    """A source, the options that `fit` is given for it, and the task and networks that come of it."""

    write: Callable[[Path], Path]
    task: str
    names: str
    options: Mapping[str, Any] | None = None


TABLES = "linear mlp tabular real_mlp tabm ft_transformer"
CASES = {
    "pictures of 8×8": Case(pictures(8, 8), "classification", "mlp cnn vgg resnet hybrid vit row_lstm"),
    "pictures of 28×28": Case(pictures(28, 28), "classification", "mlp cnn vgg resnet hybrid vit row_lstm"),
    "pictures of 64×64": Case(pictures(64, 64), "classification", "mlp cnn vgg resnet hybrid vit row_lstm"),
    "pictures of 19×13": Case(pictures(19, 13), "classification", "mlp cnn vgg resnet hybrid row_lstm"),
    "recordings": Case(
        recordings, "classification", "mel_statistics spectrogram_cnn spectrogram_conv spectrogram_lstm series_cnn"
    ),
    "texts and numbers": Case(
        table(said=text, size=number, answer=lambda row: "no" if row % 3 else "yes"), "classification",
        "joined_light joined late table_alone tokens_alone", {"target": "answer"},
    ),
    "numbers": Case(table(a=number, b=number, price=number), "regression", TABLES, {"target": "price"}),
    "labels": Case(
        table(a=number, b=number, tags=tags), "multilabel", TABLES,
        {"target": "tags", "kinds": {"tags": "labels"}},
    ),
    "a forecast": Case(
        table(a=number, b=number), "forecasting",
        "last_value linear ets nlinear_own nlinear dlinear nhits mlp series_cnn series_lstm series_transformer",
        {"context": 8, "horizon": 3},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", some(CASES, "pictures of 8×8", "numbers"))
def test_every_network_of_the_shortlist_trains(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    RNG.bit_generator.state = np.random.default_rng(5).bit_generator.state  # whatever ran before
    (tmp_path / "data").mkdir()
    source, options = str(case.write(tmp_path / "data")), case.options or {}
    data = open_data(source, **options)
    assert choose(data).name == case.task
    candidates = propose(data.signals, task_for(data, case.task, {}))
    assert [each.name for each in candidates] == case.names.split()
    recipes = {each.name: each.recipe for each in candidates}
    jobs = jobs_of(candidates, [0], tmp_path, Terms(case.task, recipe={"steps": 3, "batch_size": 4}))
    for outcome in (run_job(job, data) for job in jobs):
        solved = "solver" in recipes[outcome.name]
        assert (outcome.error, outcome.status, outcome.steps) == ("", "finished", 1 if solved else 3), outcome.name
        assert np.isfinite(list(outcome.validation.values())).all()
