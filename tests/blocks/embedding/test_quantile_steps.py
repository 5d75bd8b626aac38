"""quantile_steps against NumPy's digitize, and its edges against the values they divide."""

import numpy as np
import pytest
import torch
from oracles import exports

from weftnet.blocks.embedding.quantile_steps import QuantileSteps


def learnt(values: torch.Tensor, bins: int) -> QuantileSteps:
    block = QuantileSteps(values.shape[1], bins)
    block.learn(values)
    return block


def test_equals_digitize() -> None:
    x = torch.randn(40, 3)
    block = learnt(torch.randn(200, 3), 6)
    y = block(x).reshape(40, 3, 6)
    assert torch.equal(y[:, :, 0], x)
    for column in range(3):
        place = np.digitize(x[:, column].numpy(), block.edges[column].numpy(), right=True)
        assert np.array_equal(y[:, column, 1:].sum(1).numpy(), place)
        assert (y[:, column, 1:].diff(dim=1) <= 0).all()


def test_bins_hold_equally_many() -> None:
    x = torch.arange(1000.0)[torch.randperm(1000)][:, None]
    counts = torch.bincount(learnt(x, 10)(x)[:, 1:].sum(1).long())
    assert counts.tolist() == [100] * 10


def test_the_commonest_value_has_a_bin_of_its_own_and_the_others_share_the_rest() -> None:
    others = torch.cat([-torch.rand(100), torch.rand(200) + 1])
    x = torch.cat([torch.zeros(700), others])[:, None]
    place = learnt(x, 8)(x)[:, 1:].sum(1)
    (bin_of_zeros,) = place[:700].unique().tolist()
    assert (place[700:] != bin_of_zeros).all()
    counts = torch.bincount(place[700:].long())
    assert counts.sum() == 300
    assert sorted(counts.tolist()) == [0, 43, 43, 43, 43, 43, 43, 42] or counts.max() <= 60


@pytest.mark.parametrize("values", [[3.0] * 5, [0.0, 1.0, 1.0], [0.0, 1.0, 2.0, 2.0, 5.0]])
def test_few_values_have_a_bin_each(values: list[float]) -> None:
    x = torch.tensor(values)[:, None]
    place = learnt(x, 5)(x)[:, 1:].sum(1)
    assert [place[i] == place[j] for i in range(len(x)) for j in range(len(x))] == [
        a == b for a in values for b in values
    ]


def test_before_it_learns_no_edge_is_exceeded() -> None:
    assert not QuantileSteps(2, 4)(torch.tensor([[1e30, -1e30]])).reshape(1, 2, 4)[:, :, 1:].any()


def test_exports() -> None:
    exports(learnt(torch.randn(50, 3), 4), torch.randn(5, 3))


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="quantile_steps: dim_in: expected a positive integer, got 0"):
        QuantileSteps(0)
    with pytest.raises(ValueError, match="quantile_steps: bins: expected at least 2, got 1"):
        QuantileSteps(3, 1)
