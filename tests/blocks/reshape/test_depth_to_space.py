import pytest
import torch
from oracles import gradients_match

from weftnet.blocks.reshape.depth_to_space2d import DepthToSpace2d
from weftnet.blocks.reshape.space_to_depth2d import SpaceToDepth2d


@pytest.mark.parametrize("size", [1, 2, 3])
def test_channels_become_the_pixels_of_squares(size):
    x = torch.randn(2, 2 * size**2, 3, 4, dtype=torch.float64)

    def loop(x):
        y = x.new_zeros(2, 2, 3 * size, 4 * size)
        for c in range(2):
            for i in range(3 * size):
                for j in range(4 * size):
                    y[:, c, i, j] = x[:, size**2 * c + size * (i % size) + j % size, i // size, j // size]
        return y

    gradients_match(DepthToSpace2d(2 * size**2, size), loop, [x])
    assert torch.equal(SpaceToDepth2d(size)(DepthToSpace2d(2 * size**2, size)(x)), x)


def test_channels_that_make_no_squares_are_refused():
    with pytest.raises(ValueError, match="channels_in: expected a multiple of 4, the pixels of a square, got 6"):
        DepthToSpace2d(6, 2)
