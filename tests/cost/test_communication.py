"""Bytes of a step: the formulas against a ring that is played through message by message; what is sent is measured in
tests/train/test_parallel_sent.py."""

import pytest
import torch
from torch import nn

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.compose import Network, resolve
from weftnet.cost.communication import Together, Volume, bandwidth_of, loopback, scaling, step_seconds, volume
from weftnet.cost.step_time import StepTime
from weftnet.errors import SettingError


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
    model = nn.Linear(1, workers, bias=False).double()  # a value for each worker
    assert volume(model, workers).total == pytest.approx(8 * both)
    gathered = both - scattered
    sharded = volume(model, workers, shard=True, backend="nccl")
    assert sharded.forward == pytest.approx(8 * gathered)
    assert sharded.backward == pytest.approx(8 * (gathered + scattered))
    assert volume(model, workers, shard=True).backward == pytest.approx(8 * (gathered + both))  # gloo sums everything


def test_gradients_count_once_and_only_where_trained() -> None:
    model = nn.Sequential(nn.Linear(5, 5, bias=False), nn.Linear(5, 5, bias=False), nn.Linear(5, 3).double())
    model[1].weight = model[0].weight
    model[2].bias.requires_grad_(False)
    assert volume(model, 2).total == 25 * 4 + 15 * 8


def test_what_does_not_divide_is_filled_up() -> None:
    model = nn.Linear(7, 3, bias=False)
    assert volume(model, 2, shard=True, backend="nccl").total == pytest.approx(0.5 * 3 * 4 * 7 * 4)


def test_a_network_that_is_only_resolved_sends_the_same() -> None:
    tree = resolve(from_dict([{"dense": {"dim": 6}}, "batch_norm"]).parts["network"], {"x": parse("vector:4")})
    sent = volume(tree, 4)
    assert sent == volume(Network(tree), 4)
    assert sent.statistics == pytest.approx(2 * 0.75 * 4 * (4 * 6 + 2))
    assert volume(tree, 1) == Volume(0, 0, 0)


def test_messages_hide_behind_their_passes() -> None:
    share, sent = StepTime(1.0, 2.0, 0.5), Volume(30.0, 100.0, 4.0)
    assert step_seconds(share, sent, 1e9) == pytest.approx(3.5)
    assert step_seconds(share, sent, 40.0) == pytest.approx(1.0 + 2.5 + 0.1 + 0.5)
    assert step_seconds(share, sent, 10.0) == pytest.approx(3.0 + 10.0 + 0.4 + 0.5)


def test_efficiency_is_what_sending_leaves_even_where_small_batches_are_cheaper() -> None:
    whole, share, sent = StepTime(5.0, 10.0, 1.0), StepTime(1.0, 2.0, 0.5), Volume(30.0, 100.0, 4.0)
    for bandwidth, seconds in ((1e9, 3.5), (40.0, 4.1), (10.0, 13.9)):
        result = scaling(Together(4, bandwidth=bandwidth), sent, whole, share)
        assert result.seconds == pytest.approx(seconds)
        assert result.efficiency == pytest.approx(3.5 / seconds)
        assert result.efficiency <= 1
        assert result.faster == pytest.approx(16.0 / seconds)
        assert result.data()["apart"] == 3.5


@pytest.mark.parametrize(
    ("text", "bytes_"), [("10Gb", 1.25e9), ("100 Mbit/s", 1.25e7), ("1.2GB/s", 1.2e9), ("800kbps", 1e5), ("5B", 5)]
)
def test_bandwidths(text: str, bytes_: float) -> None:
    assert bandwidth_of(text) == pytest.approx(bytes_)


@pytest.mark.parametrize("text", ["fast", "", "10", "-3Gb", "0Gb", "1 Xb"])
def test_what_is_not_a_bandwidth(text: str) -> None:
    with pytest.raises(SettingError, match="not a bandwidth"):
        bandwidth_of(text)


def test_the_loopback_carries_something() -> None:
    assert 1e6 < loopback() < 1e12
