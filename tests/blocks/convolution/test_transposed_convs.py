"""The transposed convolutions: each input paints a kernel of outputs."""

import pytest
import torch
from oracles import exports, functional, gradients_match, padding_neutral, randomise

from weftnet.blocks.convolution.transposed_conv1d import TransposedConv1d
from weftnet.blocks.convolution.transposed_conv2d import TransposedConv2d


def steps(size, kernel=2, stride=2, padding=0, output_padding=0):
    return (size - 1) * stride - 2 * padding + kernel + output_padding


def paint1d(x, weight, bias=None, kernel=2, stride=2, padding=0, output_padding=0):
    time = steps(x.shape[1], kernel, stride, padding, output_padding)
    outputs = [
        torch.zeros(x.shape[0], weight.shape[1], dtype=x.dtype) if bias is None else bias.expand(x.shape[0], -1)
    ] * time
    for s in range(x.shape[1]):
        for k in range(kernel):
            if 0 <= (t := s * stride + k - padding) < time:
                outputs[t] = outputs[t] + x[:, s] @ weight[:, :, k]
    return torch.stack(outputs, 1)


def paint2d(x, weight, bias=None, kernel=2, stride=2, padding=0, output_padding=0):
    (kh, kw), (sh, sw) = (v if isinstance(v, list) else [v, v] for v in (kernel, stride))
    height = steps(x.shape[2], kh, sh, padding, output_padding)
    width = steps(x.shape[3], kw, sw, padding, output_padding)
    empty = torch.zeros(x.shape[0], weight.shape[1], dtype=x.dtype) if bias is None else bias.expand(x.shape[0], -1)
    outputs = {(h, w): empty for h in range(height) for w in range(width)}
    for r in range(x.shape[2]):
        for c in range(x.shape[3]):
            for k in range(kh):
                for m in range(kw):
                    place = (r * sh + k - padding, c * sw + m - padding)
                    if place in outputs:
                        outputs[place] = outputs[place] + x[:, :, r, c] @ weight[:, :, k, m]
    return torch.stack(list(outputs.values()), -1).unflatten(-1, (height, width))


CASES = [
    {},
    {"bias": False},
    {"kernel": 4, "padding": 1},
    {"kernel": 3, "padding": 1, "output_padding": 1},
    {"kernel": 3, "stride": 1},
    {"kernel": 5, "stride": 3, "padding": 2, "output_padding": 2},
    {"kernel": 1, "stride": 3},
    {"kernel": 2, "stride": 3, "padding": 2, "output_padding": 1},
    {"kernel": 9, "stride": 2},
]


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_a_sequence_is_its_formula(settings):
    f, weights = functional(TransposedConv1d(4, 5, **settings))
    rest = {key: value for key, value in settings.items() if key != "bias"}
    gradients_match(f, lambda *values: paint1d(*values, **rest), [torch.randn(2, 7, 4).double(), *weights])


@pytest.mark.parametrize("settings", [*CASES, {"kernel": [3, 2], "stride": [1, 2]}], ids=str)
def test_an_image_is_its_formula(settings):
    f, weights = functional(TransposedConv2d(4, 5, **settings))
    rest = {key: value for key, value in settings.items() if key != "bias"}
    gradients_match(f, lambda *values: paint2d(*values, **rest), [torch.randn(2, 4, 3, 4).double(), *weights])


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_padding_never_changes_the_answer(settings):
    rest = {key: value for key, value in settings.items() if key != "bias"}
    block = randomise(TransposedConv1d(4, 5, **settings))
    padding_neutral(block, torch.randn(4, 7, 4).double(), [7, 2, 5, 1], lambda length: max(steps(length, **rest), 0))


@pytest.mark.parametrize("masked", [False, True])
def test_a_sequence_exports(masked):
    mask = torch.arange(7) < torch.tensor([[7], [3]]) if masked else None
    exports(randomise(TransposedConv1d(4, 5, kernel=3)), torch.randn(2, 7, 4).double(), mask)


def test_an_image_exports():
    exports(randomise(TransposedConv2d(4, 5, kernel=3)), torch.randn(2, 4, 3, 6).double())


def test_both_keep_bfloat16():
    assert TransposedConv1d(4, 5).bfloat16()(torch.randn(2, 7, 4).bfloat16()).dtype == torch.bfloat16
    assert TransposedConv2d(4, 5).bfloat16()(torch.randn(2, 4, 3, 6).bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"padding": -1}, "padding: expected an integer ≥ 0, got -1"),
        ({"output_padding": 2}, "output_padding: expected an integer from 0 to below stride 2, got 2"),
        ({"output_padding": -1}, "output_padding: expected an integer from 0 to below stride 2, got -1"),
    ],
)
@pytest.mark.parametrize(
    ("block", "name"), [(TransposedConv1d, "transposed_conv1d"), (TransposedConv2d, "transposed_conv2d")]
)
def test_a_bad_setting_is_rejected(block, name, settings, text):
    with pytest.raises(ValueError, match=f"^{name}: {text}$"):
        block(4, 5, **settings)


def test_bad_sizes_are_rejected():
    with pytest.raises(ValueError, match=r"^transposed_conv1d: dim_in: expected a positive integer, got 0$"):
        TransposedConv1d(0, 5)
    with pytest.raises(ValueError, match=r"^transposed_conv1d: kernel: expected an integer ≥ 1, got 0$"):
        TransposedConv1d(4, 5, kernel=0)
    with pytest.raises(ValueError, match=r"^transposed_conv1d: stride: expected an integer ≥ 1, got 0$"):
        TransposedConv1d(4, 5, stride=0)
    with pytest.raises(ValueError, match=r"^transposed_conv2d: channels: expected a positive integer, got 0$"):
        TransposedConv2d(4, 0)
    with pytest.raises(ValueError, match=r"^transposed_conv2d: kernel: .* two \[height, width\], got \[2\]$"):
        TransposedConv2d(4, 5, kernel=[2])


def test_a_padding_that_leaves_nothing_is_rejected():
    text = "padding 2 leaves no output: an input of {} 2 gives 0 outputs; use a smaller padding or a larger kernel$"
    with pytest.raises(ValueError, match=r"^transposed_conv1d: " + text.format("time")):
        TransposedConv1d(4, 5, padding=2)(torch.randn(2, 2, 4))
    with pytest.raises(ValueError, match=r"^transposed_conv2d: " + text.format("width")):
        TransposedConv2d(4, 5, padding=2)(torch.randn(2, 4, 3, 2))
