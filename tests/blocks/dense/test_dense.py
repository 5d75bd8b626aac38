import pytest
import torch
from oracles import exports, functional, gradients_match, randomise

from weftnet.blocks.dense.dense import Dense


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 5, 3), (2, 4, 5, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_is_the_weighted_sum_of_the_last_axis(shape, bias):
    f, weights = functional(Dense(3, 7, bias))

    def oracle(x, weight, *constant):
        y = torch.stack([(x * row).sum(-1) for row in weight], -1)
        return y + constant[0] if constant else y

    gradients_match(f, oracle, [torch.randn(shape).double(), *weights])


def test_exports_and_keeps_bfloat16():
    exports(randomise(Dense(3, 7)), torch.randn(2, 3).double())
    assert Dense(3, 7).bfloat16()(torch.randn(2, 3).bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize("setting", ["dim_in", "dim"])
def test_a_size_must_be_positive(setting):
    with pytest.raises(ValueError, match=f"^dense: {setting}: expected a positive integer, got 0$"):
        Dense(**{"dim_in": 3, "dim": 7} | {setting: 0})
