"""Convolution, pooling and normalisation of videos: against loops in float64, against torch's own, with masks."""

import pytest
import torch
from oracles import exports, functional, gradients_match, padding_neutral, randomise, same, unchecked
from torch import nn
from torch.nn import functional as F

from weftnet.blocks.convolution.conv3d import Conv3d
from weftnet.blocks.normalisation.batch_norm3d import BatchNorm3d
from weftnet.blocks.pooling.average_pool3d import AveragePool3d
from weftnet.blocks.pooling.global_average_pool3d import GlobalAveragePool3d
from weftnet.blocks.pooling.max_pool3d import MaxPool3d

VIDEO = (2, 5, 4, 6, 7)  # batch, time, channels, height, width


def three(value):
    return value if isinstance(value, list) else [value] * 3


def loop(x, weight, bias=None, kernel=3, stride=1, padding="same", dilation=1, groups=1):
    """The formula of the docstring, output by output, padded beforehand."""
    kernel, stride, dilation = three(kernel), three(stride), three(dilation)
    reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    before = [r // 2 if padding == "same" else 0 for r in reach]
    after = [r - b if padding == "same" else 0 for r, b in zip(reach, before, strict=True)]
    sizes = [x.shape[1], x.shape[3], x.shape[4]]
    framed = F.pad(x, [before[2], after[2], before[1], after[1], 0, 0, before[0], after[0]])
    counts = [(n + b + a - r - 1) // s + 1 for n, b, a, r, s in zip(sizes, before, after, reach, stride, strict=True)]
    rows = []
    for t in range(counts[0]):
        for h in range(counts[1]):
            for w in range(counts[2]):
                y = torch.zeros(len(x), len(weight), dtype=x.dtype) if bias is None else bias.expand(len(x), -1)
                for j in range(kernel[0]):
                    for k in range(kernel[1]):
                        for m in range(kernel[2]):
                            at = [
                                n * s + i * d for n, s, i, d in zip((t, h, w), stride, (j, k, m), dilation, strict=True)
                            ]
                            pixels = framed[:, at[0], :, at[1], at[2]].chunk(groups, 1)
                            filters = weight[:, :, j, k, m].chunk(groups, 0)
                            y = y + torch.cat([p @ f.T for p, f in zip(pixels, filters, strict=True)], 1)
                rows.append(y)
    return torch.stack(rows, -1).unflatten(-1, counts).transpose(1, 2)


CASES = [
    {}, {"kernel": [1, 3, 3], "stride": [1, 2, 2]}, {"kernel": [3, 1, 1], "stride": [2, 1, 1]},
    {"kernel": [2, 3, 2], "padding": "valid"}, {"kernel": 2, "dilation": [2, 1, 3]}, {"groups": 2, "bias": False},
    {"kernel": 3, "stride": 2},
]  # fmt: skip


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_a_convolution_is_its_formula(settings):
    f, weights = functional(Conv3d(4, 6, **settings))
    rest = {key: value for key, value in settings.items() if key != "bias"}
    gradients_match(f, lambda *values: loop(*values, **rest), [torch.randn(2, 4, 4, 5, 4).double(), *weights])


@pytest.mark.parametrize(
    ("settings", "own"), [({"stride": 2}, {"stride": 2, "padding": 1}), ({"kernel": [1, 7, 5]}, {"padding": (0, 3, 2)})]
)
def test_it_is_torchs_own(settings, own):
    block, torchs = Conv3d(4, 6, **settings), nn.Conv3d(4, 6, settings.get("kernel", 3), **own).double()
    f, weights = functional(block)

    def oracle(x, weight, bias):
        return torch.func.functional_call(torchs, {"weight": weight, "bias": bias}, x.transpose(1, 2)).transpose(1, 2)

    gradients_match(f, oracle, [torch.randn(VIDEO).double(), *weights])


def windows(x, reduce, filling, size=2, stride=None, padding=0):
    size, stride = three(size), three(stride or size)
    framed = F.pad(x, [padding] * 4, value=filling)
    sizes = framed.shape[1], framed.shape[3], framed.shape[4]
    starts = [range(0, n - s + 1, step) for n, s, step in zip(sizes, size, stride, strict=True)]
    outputs = [
        reduce(framed[:, t : t + size[0], :, h : h + size[1], w : w + size[2]])
        for t in starts[0] for h in starts[1] for w in starts[2]
    ]  # fmt: skip
    return torch.stack(outputs, -1).unflatten(-1, [len(each) for each in starts]).transpose(1, 2)


@pytest.mark.parametrize(
    "settings", [{}, {"size": [1, 2, 3]}, {"size": 3, "stride": [1, 2, 2], "padding": 1}, {"size": [2, 1, 1]}], ids=str
)
@pytest.mark.parametrize(
    ("block", "reduce", "filling"),
    [(MaxPool3d, lambda w: w.amax((1, 3, 4)), -torch.inf), (AveragePool3d, lambda w: w.mean((1, 3, 4)), 0.0)],
)
def test_pools_window_by_window(block, reduce, filling, settings):
    x = torch.randn(VIDEO).double()
    gradients_match(block(**settings), lambda x: windows(x, reduce, filling, **settings), [x])


def test_the_mean_of_a_whole_video():
    gradients_match(GlobalAveragePool3d(), lambda x: x.mean((1, 3, 4)), [torch.randn(VIDEO).double()])


def test_a_norm_is_torchs_own_in_training_and_evaluation():
    block, torchs = randomise(BatchNorm3d(4, momentum=0.3, eps=0.2)), nn.BatchNorm3d(4, 0.2, 0.3).double()
    torchs.load_state_dict({name.removeprefix("norm."): value.clone() for name, value in block.state_dict().items()})
    x = 2 * torch.randn(VIDEO).double() + 1
    for _ in range(2):
        gradients_match(block, lambda x: torchs(x.transpose(1, 2)).transpose(1, 2), [x])
    same(block.norm.running_var, torchs.running_var)
    same(block.eval()(x), torchs.eval()(x.transpose(1, 2)).transpose(1, 2))


def test_a_norm_is_its_formula_over_real_frames():
    f, (weight, bias) = functional(BatchNorm3d(4, eps=0.2))
    mask = torch.arange(5) < torch.tensor([[5], [2]])

    def oracle(x, weight, bias):
        rows = x[mask].movedim(1, -1).reshape(-1, 4)
        normal = (rows - rows.mean(0)) / (rows.var(0, correction=0) + 0.2).sqrt() * weight + bias
        y = torch.zeros_like(x)
        y[mask] = normal.reshape(7, 6, 7, 4).movedim(-1, 1)
        return y

    gradients_match(lambda *values: f(*values, mask=mask), oracle, [torch.randn(VIDEO).double(), weight, bias])


@pytest.mark.parametrize(
    ("block", "steps"),
    [
        (Conv3d(4, 3), lambda n: n),
        (Conv3d(4, 3, kernel=[3, 1, 2], stride=[2, 1, 1]), lambda n: -(-n // 2)),
        (MaxPool3d([2, 2, 2]), lambda n: n // 2),
        (AveragePool3d([2, 1, 2], [1, 1, 1]), lambda n: n - 1),
        (BatchNorm3d(4).eval(), lambda n: n),
        (GlobalAveragePool3d(), None),
    ],
)
def test_padding_is_neutral(block, steps):
    padding_neutral(randomise(block), torch.randn(VIDEO).double(), [5, 3], steps)


@pytest.mark.parametrize(
    "block", [Conv3d(4, 6, stride=2), MaxPool3d(), AveragePool3d(), BatchNorm3d(4).eval(), GlobalAveragePool3d()]
)
def test_it_exports(block):
    exports(randomise(block), torch.randn(VIDEO).double())


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Conv3d(4, 6, kernel=[3, 3]), r"conv3d: kernel: expected a positive integer or three \[time, height"),
        (lambda: Conv3d(4, 6, kernel=4, stride=2), "conv3d: kernel: expected an odd size for 'same' with stride 2"),
        (lambda: Conv3d(4, 6, groups=4), "conv3d: groups: expected a divisor of channels_in 4 and channels 6, got 4"),
        (lambda: MaxPool3d(2, padding=2), "max_pool3d: padding: expected 0 to half the size 2, got 2"),
        (lambda: BatchNorm3d(0), "batch_norm3d: channels: expected a positive integer, got 0"),
        (lambda: BatchNorm3d(1, eps=0), "batch_norm3d: eps: expected a positive number, got 0"),
        (
            lambda: AveragePool3d([6, 1, 1])(torch.randn(VIDEO)),
            "average_pool3d: size 6 does not fit an input of time 5",
        ),
        (lambda: Conv3d(4, 6, kernel=7, padding="valid")(torch.randn(VIDEO)), "conv3d: kernel 7 does not fit an input"),
    ],
)
def test_errors(make, text):
    with unchecked(), pytest.raises(ValueError, match=f"^{text}"):
        make()
