"""The bytes that `communication.py` predicts, and those that two workers send, counted by the kernel per socket."""

from pathlib import Path

import pytest
from parallel_workers import together


@pytest.mark.parametrize("shard", [False, True])
def test_bytes_sent_are_those_predicted(tmp_path: Path, shard: bool) -> None:
    for line in together(2, "sent", tmp_path, shard=shard):
        sent, predicted = map(float, line.split())
        assert predicted > 1e5
        # headers of messages, and the flags that all agree on, are added
        assert predicted <= sent <= 1.02 * predicted + 2000
