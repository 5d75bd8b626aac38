import pytest
import torch
from oracles import exports, same

from weftnet.blocks.regularisation.input_dropout import InputDropout


def test_training_zeroes_whole_examples_and_scales_the_rest():
    x = torch.rand(4000, 3, 2).double().add(1).requires_grad_()
    y = InputDropout(0.2)(x)
    kept = (y != 0).all((1, 2))
    assert torch.equal(kept, (y != 0).any((1, 2)))
    assert abs(1 - kept.double().mean().item() - 0.2) < 0.03
    same(y, x * kept[:, None, None] / 0.8)


def test_evaluation_passes_them_on():
    x = torch.randn(2, 3)
    assert torch.equal(InputDropout(0.7).eval()(x), x)
    exports(InputDropout(), x.double())


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_a_bad_rate_is_rejected(rate):
    with pytest.raises(ValueError, match=f"^input_dropout: rate: expected a number from 0 to below 1, got {rate}$"):
        InputDropout(rate)
