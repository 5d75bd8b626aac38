"""How many examples pass through a network together."""

import pytest

from weftnet.architecture.signal import parse
from weftnet.data.batch import at_once


@pytest.mark.parametrize(
    ("signals", "count"),
    [
        (["image:1x28x28"], 512),
        (["image:3x64x64"], 170),
        (["image:3x224x224"], 13),
        (["image:3x224x224", "vector:100"], 13),
        (["image:3x4000x4000"], 1),
        (["tokens:256,vocabulary=9"], 512),
    ],
)
def test_large_examples_pass_by_fewer(signals: list[str], count: int) -> None:
    """Two million values at most, one example at least."""
    assert at_once({str(number): parse(text) for number, text in enumerate(signals)}) == count
