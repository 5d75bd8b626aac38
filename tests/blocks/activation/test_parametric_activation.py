import pytest
import torch
import torch.nn.functional as F
from oracles import exports, functional, gradients_match, normal, randomise, same, unchecked

from weftnet.blocks.activation.parametric_activation import ParametricActivation

FUNCTIONS = {
    "mish": lambda x: x * torch.tanh(torch.log1p(x.exp())),
    "selu": lambda x: 1.0507009873554805 * torch.where(x > 0, x, 1.6732632423543772 * x.exp() - 1.6732632423543772),
    "relu": lambda x: (x + x.abs()) / 2,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_feature_mixes_it_with_the_identity(name):
    f, weights = functional(ParametricActivation(3, name))
    gradients_match(f, lambda x, share: (1 - share) * x + share * FUNCTIONS[name](x), [normal(2, 5, 3), *weights])
    exports(randomise(ParametricActivation(3, name)), normal(2, 3))


def test_it_starts_as_the_activation_itself():
    same(ParametricActivation(3).double()(x := normal(4, 3)), F.mish(x))


def test_settings_are_checked():
    with unchecked(), pytest.raises(ValueError, match="expected mish, selu or relu, got 'tanh'"):
        ParametricActivation(3, "tanh")
