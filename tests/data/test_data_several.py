"""Several inputs at once, in data where only both together tell the class: whether exactly one of two signs is set.

One sign is in a picture, a text or a sound, the other in a number or a word. Alone, each is as good as a coin.
"""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from weftnet.architecture.reading import read_text
from weftnet.compete.propose import propose
from weftnet.data import open_data
from weftnet.run.loading import load
from weftnet.tasks import TASKS, Candidate
from weftnet.train import Recipe, fit

ROWS = 480


def picture(sign: bool, rng: np.random.Generator) -> bytes:
    """Brighter above, or below."""
    pixels = rng.integers(0, 120, (8, 8))
    pixels[:4] += 100 * sign
    pixels[4:] += 100 * (not sign)
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def sentence(sign: bool, rng: np.random.Generator) -> str:
    """Speaks of a cat, or of a dog."""
    words = list(rng.choice(["the", "a", "old", "sat", "ran", "here", "there"], rng.integers(4, 9)))
    words.insert(rng.integers(len(words)), "cat" if sign else "dog")
    return " ".join(words)


def tone(sign: bool, rng: np.random.Generator) -> bytes:
    """High or low, of any length and loudness."""
    time = np.arange(rng.integers(250, 340)) / 4000
    wave = rng.uniform(0.1, 0.5) * np.sin(2 * np.pi * (1200 if sign else 400) * time + rng.uniform(0, 6))
    file = io.BytesIO()
    soundfile.write(file, wave + 0.02 * rng.normal(size=len(time)), 4000, format="WAV")
    return file.getvalue()


def number(sign: bool, rng: np.random.Generator) -> float:
    return float(rng.uniform(0.2, 2) * (1 if sign else -1))


def word(sign: bool, rng: np.random.Generator) -> str:
    return str(rng.choice(["red", "green"] if sign else ["blue", "grey"]))


def riddle(first: Callable[..., Any], second: Callable[..., Any]) -> dict[str, list[Any]]:
    rng = np.random.default_rng(3)
    signs = rng.integers(0, 2, (ROWS, 2)).astype(bool)
    return {
        "first": [first(sign, rng) for sign in signs[:, 0]],
        "second": [second(sign, rng) for sign in signs[:, 1]],
        "label": ["odd" if odd else "even" for odd in signs[:, 0] ^ signs[:, 1]],
    }


def accuracy(
    columns: Mapping[str, Any], candidate: Candidate | None, folder: Path, steps: int = 150, **kinds: Any
) -> float:
    """Of the test split after a short training."""
    data = open_data(columns, target="label", kinds=kinds)
    candidate = candidate or propose(data.signals, "classification")[0]
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe.from_dict({**candidate.recipe, "batch_size": 32, "augment": [], "steps": steps})
    run = fit(candidate.architecture, task, data, recipe, folder)
    return float(load(run.folder).metrics(data, "test")["accuracy"])


#: Two signs, the inputs they become, and which proposal is asked at every run, unless a sound makes it slow.
PAIRS = {
    "image and number": (picture, number, ["table", "image"], "joined_light"),
    "image and word": (picture, word, ["table", "image"], "joined_light"),
    "text and number": (sentence, number, ["table", "tokens"], "joined_light"),
    "text and image": (sentence, picture, ["tokens", "image"], "joined_light"),
    "audio and word": (tone, word, ["table", "wave"], "joined"),
    "audio and image": (tone, picture, ["wave", "image"], "joined"),
}


@pytest.mark.parametrize("pair", sorted(name for name in PAIRS if "audio" not in name))  # those are slow, and below
def test_only_both_together_tell(pair: str, tmp_path: Path) -> None:
    first, second, inputs, name = PAIRS[pair]
    columns = riddle(first, second)
    data = open_data(columns, target="label")
    assert sorted(data.signals) == sorted(inputs)
    proposed = {each.name: each for each in propose(data.signals, "classification")}
    assert list(proposed) == ["joined_light", "joined", "late", *(f"{each}_alone" for each in data.signals)]
    assert accuracy(columns, proposed[name], tmp_path / "run") > 0.95


@pytest.mark.parametrize("pair", ["image and number", "audio and word"])
def test_neither_alone_tells(pair: str, tmp_path: Path) -> None:
    first, second, *_ = PAIRS[pair]
    columns = riddle(first, second)
    assert accuracy(columns, None, tmp_path / "first", second=None) < 0.65
    assert accuracy(columns, None, tmp_path / "second", first=None) < 0.65


@pytest.mark.slow
@pytest.mark.parametrize("pair", sorted(PAIRS))
def test_the_rich_encoders_tell_too(pair: str, tmp_path: Path) -> None:
    first, second, *_ = PAIRS[pair]
    columns = riddle(first, second)
    _, rich, *_ = propose(open_data(columns, target="label").signals, "classification")
    assert accuracy(columns, rich, tmp_path / "rich", steps=300) > 0.95  # much dropout, so more steps


GRAPH = """
inputs: {image: "image:1x8x8", table: "vector:1"}
graph:
  inputs: [image, table]
  nodes:
    eye: {from: image, chain: [flatten, {dense: {dim: 16}}, relu]}
    row: {from: table, chain: [{dense: {dim: 16}}, relu]}
    both: {from: [eye, row], merge: concat}
    answer: {from: both, chain: [{dense: {dim: 32}}, relu]}
  outputs: [answer]
"""


def test_a_graph_reads_the_inputs_by_name(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    columns = riddle(picture, number)
    lines = ["photo,size,label"]
    for row, (image, size, label) in enumerate(zip(*columns.values(), strict=True)):
        (tmp_path / "in" / f"{row}.png").write_bytes(image)
        lines.append(f"in/{row}.png,{size},{label}")
    (tmp_path / "t.csv").write_text("\n".join(lines))
    data = open_data(tmp_path / "t.csv", target="label")
    architecture, faults = read_text(GRAPH)
    assert not faults
    assert architecture is not None
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe(optimiser="adamw", lr=5e-3, steps=150, batch_size=32)
    run = fit(architecture, task, data, recipe, tmp_path / "run")
    loaded = load(run.folder)
    assert loaded.metrics(data, "test")["accuracy"] > 0.95
    row = int(data.rows("test")[0])
    (by_path,) = loaded.predict({"photo": [tmp_path / "in" / f"{row}.png"], "size": [columns["second"][row]]})
    (by_bytes,) = loaded.predict({"image": [columns["first"][row]], "size": [columns["second"][row]]})
    assert by_path == by_bytes
    assert by_path["label"] == columns["label"][row]
