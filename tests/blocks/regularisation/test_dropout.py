import pytest
import torch
from oracles import exports, same

from weftnet.blocks.regularisation.dropout import Dropout


def test_evaluation_passes_values_on():
    x = torch.randn(2, 5, 3)
    assert torch.equal(Dropout(0.7).eval()(x), x)


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
def test_training_zeroes_a_share_and_scales_the_rest_with_their_gradients(rate):
    x = torch.rand(100, 1000).double().add(1).requires_grad_()
    y = Dropout(rate)(x)
    kept = y != 0
    assert abs(1 - kept.double().mean().item() - rate) < 0.01
    same(y, x * kept / (1 - rate))
    (gradient,) = torch.autograd.grad(y.sum(), x)
    same(gradient, kept.double() / (1 - rate))


def test_every_value_is_drawn_by_itself_and_by_the_seed():
    x = torch.ones(50, 40, 30)
    torch.manual_seed(3)
    first = Dropout()(x)
    second = Dropout()(x)
    torch.manual_seed(3)
    assert torch.equal(Dropout()(x), first)
    assert not torch.equal(first, second)
    assert all(first.float().std(axis).min() > 0 for axis in range(3))


def test_rate_zero_keeps_all():
    x = torch.randn(4, 3)
    assert torch.equal(Dropout(0.0)(x), x)


def test_exports():
    exports(Dropout(), torch.randn(2, 3))


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_a_bad_rate_is_rejected(rate):
    with pytest.raises(ValueError, match=f"^dropout: rate: expected a number from 0 to below 1, got {rate}$"):
        Dropout(rate)
