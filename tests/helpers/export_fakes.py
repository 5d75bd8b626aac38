"""Small runs of every kind of column, made in a moment: random weights, fitted preprocessing, examples to answer."""

import base64
import io
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from weftnet.architecture.reading import read_text
from weftnet.architecture.spec import to_yaml
from weftnet.compose import build
from weftnet.data import Data, open_data
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded, load
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.train import Recipe

WORDS = ("red", "green", "blue", "the", "old", "new", "house", "tree", "river", "stone")


@dataclass(frozen=True)
class Scene:
    """What a run is made of: YAML, a task, data, and raw examples it never saw, as columns and as rows of JSON."""

    network: str
    task: str
    data: Mapping[str, Any]
    options: Mapping[str, Any]
    raw: Mapping[str, Sequence[Any]]

    def rows(self) -> list[dict[str, Any]]:
        """The raw examples as rows of JSON."""
        count = len(next(iter(self.raw.values())))
        return [{name: written(values[i]) for name, values in self.raw.items()} for i in range(count)]


def scenes() -> dict[str, Scene]:
    rng = np.random.default_rng(0)
    rows, fresh = 40, 23
    labels = np.array(["yes", "no"])[rng.integers(0, 2, rows)]
    classes = rng.integers(0, 2, rows)

    def texts(count: int) -> list[str]:
        return [" ".join(rng.choice(WORDS, rng.integers(3, 30))) for _ in range(count)]

    fresh_texts = [*texts(fresh - 2), "", "words never seen, at all: " * 9]
    numbers = rng.normal(5, 3, rows).round(2).astype(object)
    numbers[3] = None
    table = {
        "size": numbers, "colour": rng.choice(["red", "green", "blue"], rows).astype(object), "answer": labels,
    }  # fmt: skip
    new_numbers: list[Any] = [None, "4.5", *rng.normal(5, 3, fresh - 2).round(3).tolist()]
    new_colours: list[Any] = [None, "violet", *rng.choice(["red", "green", "blue"], fresh - 2).tolist()]
    return {
        "image": Scene(
            "[{conv2d: {channels: 4}}, relu, flatten]", "classification",
            {"x": rng.integers(0, 256, (rows, 8, 8)).astype(np.uint8), "y": classes}, {},
            {"x": list(rng.integers(0, 256, (fresh, 8, 8)).astype(np.uint8))},
        ),
        "table": Scene(
            "[{dense: {dim: 6}}, relu]", "classification", table, {"target": "answer"},
            {"size": new_numbers, "colour": new_colours},
        ),
        "text": Scene(
            "[{embedding: {dim: 6}}, {lstm: {dim: 5}}, last_step]", "classification",
            {"words": np.array(texts(rows), object), "answer": labels}, {"target": "answer"}, {"words": fresh_texts},
        ),
        "subwords": Scene(
            "[{embedding: {dim: 6}}, {dense: {dim: 5}}, tanh, global_average_pool1d]",
            "classification", {"words": np.array(texts(rows), object), "answer": labels},
            {"target": "answer", "kinds": {"words": {"subwords": {"most": 270}}}}, {"words": fresh_texts},
        ),
        "series": Scene(
            "[{dense: {dim: 5}}, tanh, flatten]", "classification",
            {"x": rng.normal(2, 5, (rows, 12, 3)), "y": classes}, {}, {"x": list(rng.normal(2, 5, (fresh, 12, 3)))},
        ),
        "vector": Scene(
            "[{dense: {dim: 6}}, tanh]", "regression",
            {"x": rng.normal(0, 2, (rows, 7)), "y": rng.normal(30, 9, rows)}, {},
            {"x": list(rng.normal(0, 2, (fresh, 7)))},
        ),
        "two inputs": Scene(
            "{inputs: {table: 'vector:5', tokens: 'tokens:28,vocabulary=12,padded'}, graph: {nodes: {"
            "row: {from: table, chain: [{dense: {dim: 5}}]},"
            " words: {from: tokens, chain: [{embedding: {dim: 5}}, global_average_pool1d]},"
            " both: {from: [row, words], merge: concat}}, outputs: [both]}}",
            "classification",
            {**table, "words": np.array(texts(rows), object)}, {"target": "answer"},
            {"size": new_numbers, "colour": new_colours, "words": fresh_texts},
        ),
        "audio": Scene(
            "[{conv1d: {dim: 5, kernel: 9, stride: 4}}, relu, global_average_pool1d]", "classification",
            {"sound": np.array([recording(rng) for _ in range(rows)], object), "answer": labels},
            {"target": "answer", "kinds": {"sound": {"audio": {"trim": True}}}},
            {"sound": [recording(rng) for _ in range(fresh)]},
        ),
        "image files": Scene(
            "[{conv2d: {channels: 4}}, relu, global_average_pool2d]", "classification",
            {"photo": np.array([picture(rng, n) for n in range(rows)], object), "answer": labels},
            {"target": "answer", "kinds": {"photo": {"image": {"size": [9, 7]}}}},
            {"photo": [picture(rng, n) for n in range(fresh)]},
        ),
        "labels": Scene(
            "[{dense: {dim: 6}}, tanh]", "multilabel",
            {"size": numbers, "likes": words(rng, rows), "tags": words(rng, rows)},
            {"target": "tags", "kinds": {"likes": "labels", "tags": "labels"}},
            {"size": new_numbers, "likes": [[], ["never seen", "old"], *words(rng, fresh - 2)]},
        ),
        "forecast": Scene(
            "[{lstm: {dim: 5}}]", "forecasting",
            {name: rng.normal(30, 9, 90) for name in ("a", "b", "c")},
            {"target": ["c", "a"], "context": 8, "horizon": 5},
            {name: list(rng.normal(30, 9, (fresh, 8))) for name in ("a", "b", "c")},
        ),
    }  # fmt: skip


def picture(rng: np.random.Generator, number: int) -> bytes:
    """An image file of noise: PNG and JPEG, colour and grey, of several sizes."""
    buffer, size = io.BytesIO(), (11 + number % 3, 8 + number % 5, 3)[: 2 + (number % 4 > 0)]
    Image.fromarray(rng.integers(0, 256, size, np.uint8)).save(buffer, "JPEG" if number % 2 else "PNG")
    return buffer.getvalue()


def words(rng: np.random.Generator, count: int) -> list[list[str]]:
    """Rows of up to three labels of five."""
    return [sorted({*rng.choice(WORDS[:5], rng.integers(0, 4)).tolist()}) for _ in range(count)]


def recording(rng: np.random.Generator) -> bytes:
    """A WAV file of noise, 0.1 to 0.2 s of 8000 samples a second."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(rng.normal(0, 4000, rng.integers(800, 1600)).astype("<i2").tobytes())
    return buffer.getvalue()


def make(scene: Scene, folder: Path) -> tuple[Loaded, Data]:
    """A finished run of random weights, as a training leaves it."""
    data = open_data(scene.data, **scene.options)
    task = TASKS.get(scene.task).from_data(data)
    architecture, faults = read_text(scene.network)
    assert architecture is not None, faults
    assembled = assemble(architecture, task, data.signals)
    torch.manual_seed(3)
    model = build(assembled.architecture, assembled.inputs)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    run = Run.create(
        folder,
        architecture=to_yaml(assembled.architecture),
        recipe=Recipe(steps=1).to_dict(),
        task={"name": scene.task, "settings": task.settings()},
        data={"source": "memory", "fingerprint": data.fingerprint},
        signals={name: signal.text() for name, signal in data.signals.items()},
        state=data.state(),
    )
    run.save_weights(model, {})
    run.record(status="finished")
    return load(folder), data


def same(answers: Sequence[Mapping[str, Any]], expected: Sequence[Mapping[str, Any]]) -> None:
    """The same words, and the same numbers to float32's precision."""
    assert len(answers) == len(expected)
    for answer, wanted in zip(answers, expected, strict=True):
        assert answer.keys() == wanted.keys()
        for name, value in wanted.items():
            if name == "probabilities":
                assert answer[name] == pytest.approx(value, abs=1e-5)
            elif name in ("value", "values"):
                np.testing.assert_allclose(answer[name], value, rtol=1e-5, atol=1e-5)
            else:  # label, labels, targets
                assert answer[name] == value


def written(value: Any) -> Any:
    """A raw value as JSON has it."""
    if isinstance(value, Path):
        value = value.read_bytes()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
