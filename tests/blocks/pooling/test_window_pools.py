"""The poolings over windows of an image or of a sequence."""

import pytest
import torch
from oracles import exports, gradients_match, padding_neutral

from weftnet.blocks.pooling.average_pool1d import AveragePool1d
from weftnet.blocks.pooling.average_pool2d import AveragePool2d
from weftnet.blocks.pooling.max_pool1d import MaxPool1d
from weftnet.blocks.pooling.max_pool2d import MaxPool2d

IMAGES = [(MaxPool2d, "max_pool2d"), (AveragePool2d, "average_pool2d")]
SEQUENCES = [(MaxPool1d, "max_pool1d"), (AveragePool1d, "average_pool1d")]


def largest(values):
    """The maximum of a list of tensors, place by place."""
    return torch.stack(values).max(0).values


def mean(values):
    return sum(values) / len(values)


def windows2d(x, reduce, filling, size=2, stride=None, padding=0):
    (sizes, strides) = (v if isinstance(v, list) else [v, v] for v in (size, stride or size))
    framed = torch.full((*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding), filling, dtype=x.dtype)
    framed[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]] = x
    return torch.stack(
        [
            torch.stack(
                [
                    reduce([framed[:, :, h + k, w + m] for k in range(sizes[0]) for m in range(sizes[1])])
                    for w in range(0, framed.shape[3] - sizes[1] + 1, strides[1])
                ],
                -1,
            )
            for h in range(0, framed.shape[2] - sizes[0] + 1, strides[0])
        ],
        2,
    )


def windows1d(x, reduce, size=2, stride=None):
    starts = range(0, x.shape[1] - size + 1, stride or size)
    return torch.stack([reduce([x[:, t + k] for k in range(size)]) for t in starts], 1)


@pytest.mark.parametrize(
    "settings",
    [{}, {"size": 3}, {"size": 3, "stride": 2, "padding": 1}, {"size": [1, 4]}, {"size": 2, "stride": [3, 1]}],
    ids=str,
)
@pytest.mark.parametrize(("block", "reduce", "filling"), [(MaxPool2d, largest, -torch.inf), (AveragePool2d, mean, 0.0)])
def test_an_image_is_pooled_window_by_window(block, reduce, filling, settings):
    x = torch.randn(2, 3, 7, 8).double()
    gradients_match(block(**settings), lambda x: windows2d(x, reduce, filling, **settings), [x])


@pytest.mark.parametrize("settings", [{}, {"size": 3}, {"size": 3, "stride": 2}, {"size": 2, "stride": 3}], ids=str)
@pytest.mark.parametrize(("block", "reduce"), [(MaxPool1d, largest), (AveragePool1d, mean)])
def test_a_sequence_is_pooled_window_by_window(block, reduce, settings):
    gradients_match(block(**settings), lambda x: windows1d(x, reduce, **settings), [torch.randn(2, 8, 3).double()])


@pytest.mark.parametrize("settings", [{}, {"size": 1, "stride": 2}, {"size": 3, "stride": 2}, {"size": 2, "stride": 3}])
@pytest.mark.parametrize("block", [MaxPool1d, AveragePool1d])
def test_padding_never_changes_the_answer(block, settings):
    size, stride = settings.get("size", 2), settings.get("stride", 2)
    x = torch.randn(6, 9, 3).double() - 5  # all negative: a zero of the padding would win a maximum
    padding_neutral(block(**settings), x, [9, 8, 7, 3, 2, 1], lambda length: max((length - size) // stride + 1, 0))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("block", "name"), SEQUENCES)
def test_a_sequence_exports_and_keeps_bfloat16(block, name, masked):
    mask = torch.arange(7) < torch.tensor([[7], [4]]) if masked else None
    x = torch.randn(2, 7, 3)
    exports(block(), x, mask)
    assert block()(x.bfloat16(), mask).dtype == torch.bfloat16


@pytest.mark.parametrize(("block", "name"), IMAGES)
def test_an_image_exports_and_keeps_bfloat16(block, name):
    x = torch.randn(2, 3, 6, 7)
    exports(block(), x)
    assert block()(x.bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize(("block", "name"), IMAGES)
def test_bad_settings_of_an_image_pooling_are_rejected(block, name):
    with pytest.raises(
        ValueError, match=rf"^{name}: size: expected a positive integer or two \[height, width\], got 0$"
    ):
        block(0)
    with pytest.raises(ValueError, match=rf"^{name}: stride: expected .* two \[height, width\], got \[1, 0\]$"):
        block(2, stride=[1, 0])
    for padding in (2, -1):
        with pytest.raises(ValueError, match=f"^{name}: padding: expected 0 to half the size 3, got {padding}$"):
            block([3, 4], padding=padding)


@pytest.mark.parametrize(("block", "name"), SEQUENCES)
def test_bad_settings_of_a_sequence_pooling_are_rejected(block, name):
    with pytest.raises(ValueError, match=f"^{name}: size: expected a positive integer, got 0$"):
        block(0)
    with pytest.raises(ValueError, match=f"^{name}: stride: expected a positive integer, got 0$"):
        block(2, stride=0)


@pytest.mark.parametrize(("block", "name"), IMAGES)
def test_a_window_larger_than_the_image_is_rejected(block, name):
    text = f"^{name}: size 7 does not fit an input of"
    with pytest.raises(ValueError, match=f"{text} height 5 with padding 0; use a smaller size, or downsample less"):
        block(7)(torch.randn(2, 3, 5, 9))
    with pytest.raises(ValueError, match=f"{text} width 4 with padding 1; use a smaller size, or downsample less"):
        block([2, 7], padding=1)(torch.randn(2, 3, 9, 4))


@pytest.mark.parametrize(("block", "name"), SEQUENCES)
def test_a_window_longer_than_the_sequence_is_rejected(block, name):
    with pytest.raises(ValueError, match=f"^{name}: size 7 does not fit an input of time 5 with padding 0; use a sma"):
        block(7)(torch.randn(2, 5, 3))
