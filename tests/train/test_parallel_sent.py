"""What `communication.py` foretells against what two workers send, as the kernel counts it for each socket."""

from pathlib import Path

import pytest
from parallel_workers import together


@pytest.mark.parametrize("shard", [False, True])
def test_bytes_sent_are_those_foretold(tmp_path: Path, shard: bool) -> None:
    for told in together(2, "sent", tmp_path, shard=shard):
        sent, foretold = map(float, told.split())
        assert foretold > 1e5
        # headers of messages, and the flags on which all agree, come on top
        assert foretold <= sent <= 1.02 * foretold + 2000
