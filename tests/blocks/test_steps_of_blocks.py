"""Blocks that work step by step: those that are causal, or lie along the features."""

import pytest

from weftnet.blocks import BLOCKS
from weftnet.contract._block_cases import steppable, variants


@pytest.mark.slow
def test_what_is_causal_or_lies_along_the_features_can_work_step_by_step() -> None:
    cases = [case for name in BLOCKS for case in variants(name)]
    able = {str(found[0]) for found in map(steppable, cases) if found}
    assert {str(case) for case in cases if "causal" in str(case)} <= able
    assert {"lstm(dim=2)", "gru(dim=2)", "relu()", "dense(dim=2)", "embedding(dim=2)", "layer_norm()"} <= able
    assert not {"conv1d(dim=2)", "last_step()", "flatten()", "multi_head_attention()"} & able
