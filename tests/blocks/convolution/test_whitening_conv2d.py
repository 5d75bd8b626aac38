"""The whitening convolution: its filters against NumPy's eigenvectors, its output uncorrelated, its values a loop."""

import numpy as np
import pytest
import torch
from oracles import exports, functional, gradients_match, same

from weftnet.blocks.convolution.whitening_conv2d import WhiteningConv2d


def images(count=300, channels=2, height=5, width=7):
    """Neighbouring pixels and channels go together, so that there is something to undo."""
    noise = torch.randn(count, channels, height + 1, width + 1, dtype=torch.float64)
    mixed = noise[:, :, 1:, 1:] + 0.7 * noise[:, :, :-1, 1:] + 0.4 * noise[:, :, 1:, :-1]
    return mixed + 0.5 * mixed[:, :1]


def patches(x, kernel):
    """(count, channels · kernel²): every patch, by hand."""
    rows = [
        x[:, :, i : i + kernel, j : j + kernel].flatten(1)
        for i in range(x.shape[2] - kernel + 1) for j in range(x.shape[3] - kernel + 1)
    ]  # fmt: skip
    return torch.cat(rows)


@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_filters_are_the_scaled_eigenvectors_of_the_patches(kernel):
    x, block = images(), WhiteningConv2d(2, kernel, eps=0.03).double()
    block.learn(x)
    rows = patches(x, kernel).numpy()
    variances, vectors = np.linalg.eigh(rows.T @ rows / len(rows))
    size = 2 * kernel**2
    learnt = block.get_buffer("weight").flatten(1)
    same(learnt[size:], -learnt[:size])
    for i in range(size):  # an eigenvector's sign is free
        expected = torch.from_numpy(vectors[:, i] / np.sqrt(variances[i] + 0.03))
        same(learnt[i] * torch.sign(learnt[i] @ expected), expected, 1e-8)


def test_what_comes_out_is_uncorrelated():
    x, block = images(700), WhiteningConv2d(2, 2, eps=1e-9).double()
    block.learn(x)
    y = block(x)[:, :8].movedim(1, -1).reshape(-1, 8)
    same(y.T @ y / len(y), torch.eye(8, dtype=torch.float64), 1e-6)


def test_before_it_has_learnt_patches_come_out_as_they_are():
    x = images(3)
    y = WhiteningConv2d(2, 2).double()(x)
    same(y[:, :8].movedim(1, -1).reshape(-1, 8)[0], x[0, :, :2, :2].flatten())
    same(y[:, 8:], -y[:, :8])


def test_the_bias_is_learned_and_the_filters_are_not():
    x, block = images(4), WhiteningConv2d(2, 2)
    block.double().learn(images())
    f, weights = functional(block)
    assert [name for name, _ in block.named_parameters()] == ["bias"]
    assert "weight" in block.state_dict()
    filters = block.get_buffer("weight").clone()

    def oracle(x, bias):
        rows = patches(x, 2) @ filters.flatten(1).T + bias
        return rows.reshape(4, 6, 4, 16).permute(2, 3, 0, 1)  # (row, column, image, filter)

    gradients_match(f, oracle, [x, *weights])


def test_it_is_exported():
    block = WhiteningConv2d(2, 2)
    block.double().learn(images())
    exports(block, images(5))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kernel": 0}, "whitening_conv2d: kernel: expected a positive integer, got 0"),
        ({"eps": 0.0}, "whitening_conv2d: eps: expected a positive number, got 0.0"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(ValueError, match=message):
        WhiteningConv2d(2, **settings)


def test_an_image_smaller_than_the_kernel_is_rejected():
    with pytest.raises(ValueError, match="whitening_conv2d: kernel 4 does not fit an input of height 3"):
        WhiteningConv2d(1, 4)(torch.zeros(1, 1, 3, 5))
