"""Bytes of a step: the formulas against a ring that is played through message by message."""

import pytest
import torch
from torch import nn

from netloom.train.communication import gradient_bytes, speed_up, volume


def ring(values: list[list[float]], gather: bool) -> tuple[list[list[float]], int]:
    """Each worker's piece summed over the workers by passing pieces round, and gathered if asked; values one sent."""
    size, sent = len(values), 0
    for turn in range(size - 1):
        pieces = [(rank - turn) % size for rank in range(size)]
        moving = [values[rank][piece] for rank, piece in enumerate(pieces)]
        for rank, piece in enumerate(pieces):
            values[(rank + 1) % size][piece] += moving[rank]
        sent += 1
    for turn in range(size - 1 if gather else 0):
        pieces = [(rank + 1 - turn) % size for rank in range(size)]
        moving = [values[rank][piece] for rank, piece in enumerate(pieces)]
        for rank, piece in enumerate(pieces):
            values[(rank + 1) % size][piece] = moving[rank]
        sent += 1
    return values, sent


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_bytes_are_those_of_a_ring(workers: int) -> None:
    own = torch.randn(workers, workers, dtype=torch.float64)
    values, both = ring(own.tolist(), gather=True)
    for row in values:
        assert row == pytest.approx(own.sum(0).tolist())
    _, scattered = ring(own.tolist(), gather=False)
    pieces = 8 * workers  # bytes of all values of a worker
    assert volume(pieces, workers) == pytest.approx(8 * both)
    gathered = both - scattered
    assert volume(pieces, workers, shard=True) == pytest.approx(8 * (scattered + 2 * gathered))


def test_gradients_count_once_and_only_where_trained() -> None:
    model = nn.Sequential(nn.Linear(5, 5, bias=False), nn.Linear(5, 5, bias=False), nn.Linear(5, 3).double())
    model[1].weight = model[0].weight
    model[2].bias.requires_grad_(False)
    assert gradient_bytes(model) == 25 * 4 + 15 * 8


def test_scaling_on_paper() -> None:
    assert speed_up(1.0, 1e6, 1, 1e9) == 1
    assert speed_up(1.0, 1e6, 8, 1e9) == pytest.approx(8)  # 1.75 ms of messages behind 83 ms of backward pass
    assert speed_up(0.01, 1e8, 4, 1e9) == pytest.approx(0.01 / (0.0025 + 0.15 - 0.0025 * 2 / 3))
