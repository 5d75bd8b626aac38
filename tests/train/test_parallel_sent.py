"""The bytes that `communication.py` predicts, and those that two workers send, counted by the kernel per socket."""

from pathlib import Path

import pytest
from parallel_workers import together


@pytest.mark.slow
def test_bytes_sent_are_those_predicted(tmp_path: Path) -> None:
    """With whole weights, then with half of them each."""
    for printed in together(
        2, "everything", tmp_path, **{"": ["sent", {"shard": False}], "s": ["sent", {"shard": True}]}
    ):
        lines = printed.splitlines()
        assert len(lines) == 2
        for line in lines:
            sent, predicted = map(float, line.split())
            assert predicted > 1e5
            # headers of messages, and the flags that all agree on, are added
            assert predicted <= sent <= 1.02 * predicted + 2000
