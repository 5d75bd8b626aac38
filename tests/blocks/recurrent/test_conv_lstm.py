"""conv_lstm against a loop over the formulas, pixel by pixel, and an lstm where images are single pixels."""

import pytest
import torch
from oracles import exports, functional, gradients_match, normal, randomise, same
from torch import Tensor

from weftnet.blocks.recurrent.conv_lstm import ConvLstm
from weftnet.blocks.recurrent.lstm import Lstm


def convolved(x: Tensor, weight: Tensor) -> Tensor:
    """(batch, out, height, width): a sum over shifted images, zeros around them."""
    half = weight.shape[-1] // 2
    y = torch.zeros(x.shape[0], weight.shape[0], *x.shape[2:], dtype=x.dtype)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            for m in range(-half, half + 1):
                for n in range(-half, half + 1):
                    if 0 <= i + m < x.shape[2] and 0 <= j + n < x.shape[3]:
                        part = x[:, :, i + m, j + n] @ weight[:, :, m + half, n + half].T
                        y[:, :, i, j] = y[:, :, i, j] + part
    return y


def test_it_equals_the_loop() -> None:
    block = ConvLstm(channels_in=2, height=3, width=4, channels=2)
    f, weights = functional(block)
    assert [name for name, _ in block.named_parameters()] == ["peepholes", "read.weight", "read.bias", "recur.weight"]

    def oracle(x: Tensor, w: Tensor, W_x: Tensor, b: Tensor, W_h: Tensor) -> Tensor:
        h = c = torch.zeros(2, 2, 3, 4, dtype=x.dtype)
        outputs = []
        for t in range(3):
            gates = convolved(x[:, t], W_x) + convolved(h, W_h) + b[:, None, None]
            i = torch.sigmoid(gates[:, 0:2] + w[0] * c)
            f = torch.sigmoid(gates[:, 2:4] + w[1] * c)
            c = f * c + i * torch.tanh(gates[:, 4:6])
            h = torch.sigmoid(gates[:, 6:8] + w[2] * c) * torch.tanh(c)
            outputs.append(h)
        return torch.stack(outputs, 1)

    gradients_match(f, oracle, [normal(2, 3, 2, 3, 4), *weights])


def test_of_single_pixels_it_is_an_lstm() -> None:
    block, lstm = ConvLstm(3, 1, 1, channels=4, kernel=1).double(), Lstm(3, 4).double()
    with torch.no_grad():
        block.read.weight.copy_(lstm.lstm.weight_ih_l0[:, :, None, None])
        block.recur.weight.copy_(lstm.lstm.weight_hh_l0[:, :, None, None])
        block.read.bias.copy_(lstm.lstm.bias_ih_l0 + lstm.lstm.bias_hh_l0)
    x = normal(2, 5, 3)
    same(block(x[..., None, None])[..., 0, 0], lstm(x))


def test_padding_and_steps() -> None:
    block = randomise(ConvLstm(2, 3, 4, channels=5))
    x, mask = normal(2, 6, 2, 3, 4), torch.arange(6) < torch.tensor([[6], [2]])
    padded = x.masked_fill(~mask[:, :, None, None, None], torch.nan)
    y = block(padded, mask)
    same(y[0], block(x)[0])
    same(y[1, :2], block(x[1:, :2])[0])
    assert not y[1, 2:].any()
    state, whole = block.initial_state(2, 6), block(x)
    for start, stop in ((0, 3), (3, 4), (4, 6)):
        made, state = block.step(x[:, start:stop], state)
        same(made, whole[:, start:stop])


def test_exports_and_starts() -> None:
    block = ConvLstm(2, 3, 4, channels=5)
    assert block.read.bias[5:10].eq(1).all()
    exports(block, torch.randn(2, 3, 2, 3, 4))
    with pytest.raises(ValueError, match=r"^conv_lstm: kernel: expected an odd size, got 2$"):
        ConvLstm(2, 3, 4, 5, kernel=2)
