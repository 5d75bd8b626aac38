"""Batches by length: every row once an epoch, within the tokens allowed, a pure function of (seed, epoch)."""

import numpy as np
import pytest
import torch

from weftnet.data import open_data
from weftnet.data.by_length import ByLength, by_length
from weftnet.data.data import Data
from weftnet.errors import SettingError

LENGTHS = np.random.default_rng(0).integers(16, 60, 200)
SOURCE = {
    "from": [" ".join(f"w{(row + k) % 9}" for k in range(n)) + f" n{row}" for row, n in enumerate(LENGTHS)],
    "to": [" ".join(f"w{(row * k) % 9}" for k in range(n // 2 + 2)) + f" n{row}" for row, n in enumerate(LENGTHS)],
}


@pytest.fixture(scope="module")
def data() -> Data:
    return open_data(SOURCE, target="to", kinds={"to": {"text": {"least": 1, "length": 80}}})


def padded(data: Data, batches: int, size: int) -> tuple[int, int]:
    """Tokens and places of some batches."""
    real = places = 0
    for step in range(batches):
        batch = data.train_batch(step, size, 0)
        for mask in (*batch.masks.values(), *batch.target_masks.values()):
            real, places = real + int(mask.sum()), places + mask.numel()
    return real, places


def test_every_row_is_in_one_batch_of_an_epoch_and_epochs_differ(data: Data) -> None:
    arranged = by_length(data)
    steps, seen = arranged.steps_per_epoch(16), []
    for epoch in range(2):
        batches = [arranged.train_batch(epoch * steps + step, 16, 3) for step in range(steps)]
        assert {batch.epoch for batch in batches} == {epoch}
        seen.append([batch.rows.tolist() for batch in batches])
        assert sorted(row for rows in seen[-1] for row in rows) == data.rows("train").tolist()
    assert seen[0] != seen[1]
    again = ByLength(data).train_batch(steps + 2, 16, 3)  # asked for alone, without those before it
    assert again.rows.tolist() == seen[1][2]
    assert by_length(arranged) is arranged


def test_batches_hold_few_padded_places_and_no_more_tokens_than_allowed(data: Data) -> None:
    arranged = ByLength(data, tokens=900)
    for step in range(arranged.steps_per_epoch(16)):
        batch = arranged.train_batch(step, 16, 0)
        total = sum(mask.sum(1) for mask in (*batch.masks.values(), *batch.target_masks.values()))
        assert isinstance(total, torch.Tensor)
        assert batch.size * int(total.max()) <= 900
    steps = by_length(data).steps_per_epoch(16)
    real, places = padded(by_length(data), steps, 16)
    real_before, places_before = padded(data, data.steps_per_epoch(16), 16)
    assert real / places > 0.8 > real_before / places_before
    assert 0 <= steps - data.sizes["train"] / 16 < 4


def test_running_text_is_refused() -> None:
    series = open_data({"a": [float(k) for k in range(60)]}, context=4, horizon=2)
    with pytest.raises(SettingError, match="batches by length are drawn from independent rows"):
        by_length(series)
