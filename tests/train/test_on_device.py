"""Data on the device, batches sent to it, and augmentations that ask for rows and epoch."""

import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from weftnet.data import open_data
from weftnet.data.batch import Batch
from weftnet.train.augment import Augment

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here"))]


def text(folder: Path) -> Path:
    path = folder / "text.txt.xz"
    path.write_bytes(lzma.compress(("to be or not to be, that is the question: " * 40).encode()))
    return path


def sources(folder: Path) -> dict[str, Any]:
    draw = np.random.default_rng(0)
    table = {"a": draw.normal(size=90), "word": [f"w{k % 5}" for k in range(90)], "y": [k % 2 for k in range(90)]}
    return {"digits": open_data("digits"), "table": open_data(table, target="y"),
            "text": open_data(text(folder), context=16)}  # fmt: skip


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ["digits", "table", "text"])
def test_data_on_a_device_give_the_same_batches(tmp_path: Path, name: str, device: str) -> None:
    data = sources(tmp_path)[name]
    there = data.to(device)
    assert there is not data
    assert (there.sizes, there.signals, there.fingerprint) == (data.sizes, data.signals, data.fingerprint)
    steps = [0, 1, data.steps_per_epoch(8), 2 * data.steps_per_epoch(8) + 1]
    pairs = [(data.train_batch(step, 8, 4), there.train_batch(step, 8, 4)) for step in steps]
    for part in ("train", "validation"):
        pairs += list(zip(data.batches(part, 7), there.batches(part, 7), strict=True))
    for here, other in pairs:
        assert all(value.device.type == device for value in other.inputs.values())
        assert other.rows.device.type == device
        assert here.epoch == other.epoch
        assert torch.equal(here.rows, other.rows.cpu())
        assert all(torch.equal(value, other.inputs[key].cpu()) for key, value in here.inputs.items())
        assert (here.target is None) == (other.target is None)
        assert here.target is None or torch.equal(here.target, other.target.cpu())


def test_padded_data_stay_where_they_are() -> None:
    table = {"words": ["one two", "three", "four five six", "seven"] * 10, "y": [0, 1] * 20}
    data = open_data(table, target="y", kinds={"words": "text"})
    assert any(signal.padded for signal in data.signals.values())
    assert data.to("cpu") is data


@pytest.mark.parametrize("device", DEVICES)
def test_a_batch_keeps_its_epoch_and_is_whole_on_a_device(device: str) -> None:
    data = open_data("digits")
    batch = data.train_batch(2 * data.steps_per_epoch(50) + 3, 50, 0)
    assert batch.epoch == 2
    moved = batch.to(device).slice(3, 9)
    assert (moved.epoch, moved.size) == (2, 6)
    (values,) = moved.inputs.values()
    assert torch.equal(values.cpu(), next(iter(batch.inputs.values()))[3:9])


def test_augmentations_receive_rows_and_epoch_if_they_ask() -> None:
    data = open_data("digits")
    augment = Augment(["alternating_flip", {"crop": {"padding": 1}}], data)
    flips = Augment(["alternating_flip"], data)
    batch = data.train_batch(0, 20, 0)
    later = Batch(batch.inputs, batch.masks, batch.targets, batch.rows, epoch=1)
    first, second = (flips(each, torch.Generator()).inputs["image"] for each in (batch, later))
    assert torch.equal(first, second.flip(3))
    assert not torch.equal(first, batch.inputs["image"])
    assert augment(batch, torch.Generator()).inputs["image"].shape == first.shape
