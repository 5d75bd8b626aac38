"""Fixes of settings and of blocks for other signals."""

import pytest

from weftnet.architecture.faults import apply
from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture, Block, to_yaml
from weftnet.compose import examine


@pytest.mark.parametrize(("steps", "height", "width"), [(12, 3, 4), (35, 5, 7), (13, 1, 13)])
def test_a_sequence_becomes_an_image_that_is_as_square_as_can_be(steps: int, height: int, width: int) -> None:
    wrong = Block("sequence_to_image", {"height": 4, "width": 9})
    _, (fault,) = examine(wrong, {"x": parse(f"series:{steps}x4")})
    assert fault.fix is not None
    assert apply(Architecture.of(wrong), [fault.fix]) == Architecture.of(
        Block("sequence_to_image", {"height": height, "width": width})
    )


def test_a_rate_in_per_cent_becomes_a_share() -> None:
    _, (fault,) = examine(Block("dropout", {"rate": 30.0}), {"x": parse("vector:4")})
    assert fault.fix is not None
    assert apply(Architecture.of(Block("dropout", {"rate": 30.0})), [fault.fix]) == Architecture.of(
        Block("dropout", {"rate": 0.3})
    )


def test_a_block_for_other_signals_keeps_its_settings() -> None:
    """A list is for two axes; of one axis it is the first number."""
    wrong = Block("conv2d", {"channels": 5, "kernel": [3, 4], "bias": False})
    _, (fault,) = examine(wrong, {"x": parse("series:9x4")})
    assert fault.fix is not None
    fixed = apply(Architecture.of(wrong), [fault.fix])
    assert "conv1d: {dim: 5, kernel: 3, bias: false}" in to_yaml(fixed)
