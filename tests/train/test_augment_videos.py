"""Augmentations of images on videos: every frame of a clip as a clip of one frame would be."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from weftnet.data import AUGMENTATIONS, open_data
from weftnet.data.augment import mixes
from weftnet.train.augment import Augment

ALIKE = [
    name for name in AUGMENTATIONS.names()
    if getattr(AUGMENTATIONS.get(name), "reads", "image") == "image" and not mixes(name)
    and not hasattr(AUGMENTATIONS.get(name), "on_batch")
]  # fmt: skip


@pytest.mark.parametrize("name", [*ALIKE, "mixup", "cutmix"])
def test_all_frames_are_augmented_alike(name: str) -> None:
    still = np.random.default_rng(0).integers(0, 256, (12, 1, 16, 16, 3), np.uint8)
    frames, first = np.repeat(still, 4, 1), {"y": np.array(["a", "b"] * 6)}
    results: list[Any] = []
    for x in (frames, still):
        data = open_data({"x": x, **first})
        batch = replace(next(iter(data.batches("train", 8))), epoch=1)
        generator = torch.Generator().manual_seed(3)
        results.append((batch, Augment([name], data)(batch, generator), generator.get_state()))
    (before, after, state), (_, single, other) = results
    assert torch.equal(state, other)
    for frame in range(4):
        torch.testing.assert_close(after.inputs["video"][:, frame], single.inputs["video"][:, 0])
    assert not torch.equal(after.inputs["video"], before.inputs["video"])
    assert torch.equal(after.target, single.target)
