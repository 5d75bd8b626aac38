import pytest
import torch
from oracles import exports, functional, gradients_match, normal, randomise, same

from weftnet.blocks.dense.feature_scale import FeatureScale


@pytest.mark.parametrize("shape", [(4, 3), (2, 5, 3)])
def test_each_feature_has_its_factor(shape):
    f, weights = functional(FeatureScale(3, rate=2.5))
    gradients_match(f, lambda x, change: x + 2.5 * x * change, [normal(*shape), *weights])


def test_it_starts_as_the_identity_and_adam_moves_it_faster_by_its_rate():
    block, x = FeatureScale(3, rate=6.0), torch.ones(1, 3)
    same(block(x), x)
    optimiser = torch.optim.Adam(block.parameters(), 0.01)
    block(x).sum().backward()
    optimiser.step()
    same(block(x), torch.full((1, 3), 0.94), 1e-5)
    exports(randomise(block), normal(2, 3))


def test_settings_are_checked():
    with pytest.raises(ValueError, match="feature_scale: rate: expected a positive number, got 0"):
        FeatureScale(3, rate=0.0)
