import pytest
import torch
from oracles import exports, functional, gradients_match, randomise, unchecked

from weftnet.blocks.convolution.conv2d import Conv2d
from weftnet.blocks.convolution.separable_conv2d import SeparableConv2d


def both(value):
    return value if isinstance(value, list) else [value, value]


def before_and_size(size, padding, kernel, stride, dilation):
    """Zeros before an axis and the output's size, as the docstring has them."""
    reach = dilation * (kernel - 1)
    if padding == "tensorflow":  # as many zeros as the last window lacks, the odd one at the end
        outputs = len(range(0, size, stride))
        lacking = max(0, (outputs - 1) * stride + reach + 1 - size)
        return lacking // 2, outputs
    before, after = {"same": (reach // 2, -(-reach // 2)), "valid": (0, 0)}.get(padding, (padding, padding))
    return before, (size + before + after - reach - 1) // stride + 1


def loop(x, weight, bias=None, kernel=3, stride=1, padding="same", dilation=1, groups=1):
    """The formula of the docstring, pixel by pixel."""
    (kh, kw), (sh, sw), (dh, dw) = both(kernel), both(stride), both(dilation)
    top, height = before_and_size(x.shape[2], padding, kh, sh, dh)
    left, width = before_and_size(x.shape[3], padding, kw, sw, dw)
    rows = []
    for h in range(height):
        for w in range(width):
            y = torch.zeros(x.shape[0], weight.shape[0], dtype=x.dtype) if bias is None else bias.expand(x.shape[0], -1)
            for k in range(kh):
                for m in range(kw):
                    r, c = h * sh + k * dh - top, w * sw + m * dw - left
                    if 0 <= r < x.shape[2] and 0 <= c < x.shape[3]:
                        pixels = x[:, :, r, c].chunk(groups, 1)
                        filters = weight[:, :, k, m].chunk(groups, 0)
                        y = y + torch.cat([p @ f.T for p, f in zip(pixels, filters, strict=True)], 1)
            rows.append(y)
    return torch.stack(rows, -1).unflatten(-1, (height, width))


CASES = [
    {},
    {"kernel": 1},
    {"kernel": 2},
    {"kernel": [4, 3]},
    {"kernel": 5, "stride": 2},
    {"kernel": [1, 3], "stride": [3, 2]},
    {"padding": "valid"},
    {"kernel": [2, 3], "stride": 2, "padding": "valid"},
    {"kernel": 4, "stride": 2, "padding": 1},
    {"dilation": 2},
    {"kernel": 2, "dilation": [1, 2]},
    {"groups": 2, "bias": False},
    {"groups": 2, "stride": 2, "padding": 2},
    {"padding": "tensorflow"},
    {"kernel": 3, "stride": 2, "padding": "tensorflow"},
    {"kernel": [5, 2], "stride": [2, 3], "dilation": [1, 2], "padding": "tensorflow"},
    {"kernel": 1, "stride": 3, "padding": "tensorflow"},
]
REFUSED = [
    ({"channels_in": 0}, "channels_in: expected a positive integer, got 0"),
    ({"channels": 0}, "channels: expected a positive integer, got 0"),
    ({"kernel": 0}, r"kernel: expected a positive integer or two \[height, width\], got 0"),
    ({"kernel": [3, 3, 3]}, r"kernel: expected a positive integer or two \[height, width\], got \[3, 3, 3\]"),
    ({"stride": [2, 0]}, r"stride: expected a positive integer or two \[height, width\], got \[2, 0\]"),
    ({"padding": -1}, "padding: expected 'same', 'valid'(, 'tensorflow')? or an integer ≥ 0, got -1"),
    ({"padding": "causal"}, "padding: expected 'same', 'valid'(, 'tensorflow')? or an integer ≥ 0, got 'causal'"),
    ({"kernel": 4, "stride": 2}, "kernel: expected an odd size for 'same' with stride 2, got 4"),
]
BLOCKS = [(Conv2d, "conv2d"), (SeparableConv2d, "separable_conv2d")]


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_is_its_formula(settings):
    f, weights = functional(Conv2d(4, 6, **settings))
    rest = {key: value for key, value in settings.items() if key != "bias"}
    gradients_match(f, lambda *values: loop(*values, **rest), [torch.randn(2, 4, 7, 6).double(), *weights])


@pytest.mark.parametrize(
    "settings",
    [s for s in CASES if not {"groups", "dilation"} & set(s) and s.get("padding") != "tensorflow"] + [{"bias": False}],
    ids=str,
)
def test_separable_filters_channels_then_mixes_them(settings):
    f, weights = functional(SeparableConv2d(4, 6, **settings))
    rest = {key: value for key, value in settings.items() if key != "bias"}

    def oracle(x, depthwise, pointwise, bias=None):
        return loop(loop(x, depthwise, groups=4, **rest), pointwise, bias, kernel=1)

    gradients_match(f, oracle, [torch.randn(2, 4, 7, 6).double(), *weights])


@pytest.mark.parametrize("size", [5, 6, 7, 8])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(("block", "name"), BLOCKS)
def test_same_gives_the_size_over_the_stride_rounded_up(block, name, stride, size):
    y = block(2, 3, kernel=5, stride=stride)(torch.randn(1, 2, size, size + 1))
    assert y.shape == (1, 3, -(-size // stride), -(-(size + 1) // stride))


@pytest.mark.parametrize("settings", [{}, {"kernel": 2}, {"stride": 2}], ids=str)
@pytest.mark.parametrize(("block", "name"), BLOCKS)
def test_exports_and_keeps_bfloat16(block, name, settings):
    exports(randomise(block(4, 6, **settings)), torch.randn(2, 4, 7, 6).double())
    assert block(4, 6, **settings).bfloat16()(torch.randn(2, 4, 7, 6).bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize(("settings", "text"), REFUSED)
@pytest.mark.parametrize(("block", "name"), BLOCKS)
def test_a_bad_setting_is_rejected(block, name, settings, text):
    with unchecked(), pytest.raises(ValueError, match=f"^{name}: {text}$"):
        block(**{"channels_in": 4, "channels": 6} | settings)


def test_groups_and_dilation_are_checked():
    with pytest.raises(ValueError, match=r"^conv2d: groups: .* divisor of channels_in 4 and channels 6, got 4$"):
        Conv2d(4, 6, groups=4)
    with pytest.raises(ValueError, match=r"^conv2d: dilation: expected a positive integer or two"):
        Conv2d(4, 6, dilation=0)


@pytest.mark.parametrize(("block", "name"), BLOCKS)
def test_a_kernel_larger_than_the_image_is_rejected(block, name):
    text = "does not fit an input of"
    with pytest.raises(ValueError, match=f"^{name}: kernel 7 {text} height 5 with padding 0; use a smaller kernel"):
        block(4, 6, kernel=7, padding="valid")(torch.randn(2, 4, 5, 9))
    with pytest.raises(ValueError, match=f"^{name}: kernel 8 {text} width 5 with padding 1; use a smaller kernel"):
        block(4, 6, kernel=[3, 8], padding=1)(torch.randn(2, 4, 9, 5))
