import pytest
import torch
from oracles import exports, functional, gradients_match, padding_neutral, randomise, same, unchecked

from weftnet.blocks.convolution.conv1d import Conv1d


def edges(padding, kernel, dilation):
    """Zeros before and after, as the docstring's table has them."""
    reach = dilation * (kernel - 1)
    named = {"same": (reach // 2, -(-reach // 2)), "valid": (0, 0), "causal": (reach, 0)}
    return named.get(padding, (padding, padding))


def steps(time, kernel=3, stride=1, padding="same", dilation=1):
    return (time + sum(edges(padding, kernel, dilation)) - dilation * (kernel - 1) - 1) // stride + 1


def loop(x, weight, bias=None, kernel=3, stride=1, padding="same", dilation=1, groups=1):
    """The formula of the docstring, step by step."""
    before, _ = edges(padding, kernel, dilation)
    size, size_out = weight.shape[1], weight.shape[0] // groups
    outputs = []
    for t in range(steps(x.shape[1], kernel, stride, padding, dilation)):
        y = torch.zeros(x.shape[0], weight.shape[0], dtype=x.dtype) if bias is None else bias.expand(x.shape[0], -1)
        for k in range(kernel):
            s = t * stride + k * dilation - before
            if 0 <= s < x.shape[1]:
                parts = [
                    x[:, s, g * size : (g + 1) * size] @ weight[g * size_out : (g + 1) * size_out, :, k].T
                    for g in range(groups)
                ]
                y = y + torch.cat(parts, 1)
        outputs.append(y)
    return torch.stack(outputs, 1)


CASES = [
    {},
    {"kernel": 1},
    {"kernel": 4},
    {"kernel": 4, "dilation": 3},
    {"kernel": 5, "stride": 2},
    {"kernel": 4, "stride": 3, "dilation": 2},
    {"padding": "valid"},
    {"kernel": 4, "stride": 3, "padding": "valid"},
    {"padding": "causal"},
    {"kernel": 4, "stride": 2, "padding": "causal", "dilation": 2},
    {"kernel": 5, "padding": 1},
    {"kernel": 3, "padding": 4, "stride": 2},
    {"groups": 2},
    {"groups": 2, "bias": False, "stride": 3},
]


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_is_its_formula(settings):
    f, weights = functional(Conv1d(4, 6, **settings))
    rest = {key: value for key, value in settings.items() if key != "bias"}
    gradients_match(f, lambda *values: loop(*values, **rest), [torch.randn(3, 11, 4).double(), *weights])


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_padding_never_changes_the_answer(settings):
    rest = {key: value for key, value in settings.items() if key not in ("bias", "groups")}
    block = randomise(Conv1d(4, 6, **settings))
    padding_neutral(block, torch.randn(5, 13, 4).double(), [13, 9, 10, 7, 8], lambda length: steps(length, **rest))


def test_a_row_too_short_for_the_kernel_has_no_real_output():
    block = randomise(Conv1d(4, 6, kernel=5, padding="valid"))
    padding_neutral(block, torch.randn(3, 8, 4).double(), [8, 3, 5], lambda length: max(length - 4, 0))


def test_same_keeps_sequences_padded_at_the_start_too():
    block, x = randomise(Conv1d(4, 6)), torch.randn(2, 8, 4).double()
    mask = torch.arange(8) >= torch.tensor([[0], [3]])
    y = block(x, mask)
    same(y[1:, 3:], block(x[1:, 3:]))
    assert not y[1, :3].any()


def test_causal_sees_nothing_later():
    block = randomise(Conv1d(4, 6, kernel=4, padding="causal", dilation=2))
    x = torch.randn(2, 9, 4).double().requires_grad_()
    (gradient,) = torch.autograd.grad(block(x)[:, 5].sum(), x)
    seen = gradient.abs().sum((0, 2)) > 0
    assert seen.tolist() == [False, True, False, True, False, True, False, False, False]


@pytest.mark.parametrize(
    "settings", [{}, {"kernel": 4, "padding": "valid", "stride": 2}, {"padding": "causal"}], ids=str
)
@pytest.mark.parametrize("masked", [False, True])
def test_exports(settings, masked):
    mask = torch.arange(9) < torch.tensor([[9], [6]]) if masked else None
    exports(randomise(Conv1d(4, 6, **settings)), torch.randn(2, 9, 4).double(), mask)


def test_exports_for_any_batch_and_time():
    block = randomise(Conv1d(4, 6, kernel=5, padding="valid", stride=2)).eval()
    free = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with unchecked():
        x, mask = torch.randn(3, 20, 4).double(), torch.ones(3, 20, dtype=torch.bool)
        exported = torch.export.export(block, (x, mask), dynamic_shapes=(free, free)).module()
    x, mask = torch.randn(2, 13, 4).double(), torch.arange(13) < torch.tensor([[13], [8]])
    same(exported(x, mask), block(x, mask))


def test_keeps_bfloat16():
    assert Conv1d(4, 6).bfloat16()(torch.randn(2, 9, 4).bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"dim_in": 0}, "conv1d: dim_in: expected a positive integer, got 0"),
        ({"dim": -1}, "conv1d: dim: expected a positive integer, got -1"),
        ({"kernel": 0}, "conv1d: kernel: expected a positive integer, got 0"),
        ({"stride": 0}, "conv1d: stride: expected a positive integer, got 0"),
        ({"dilation": 0}, "conv1d: dilation: expected a positive integer, got 0"),
        ({"groups": 3}, "conv1d: groups: expected a divisor of dim_in 4 and dim 6, got 3"),
        ({"groups": 0}, "conv1d: groups: expected a divisor of dim_in 4 and dim 6, got 0"),
        ({"padding": -1}, "conv1d: padding: expected 'same', 'valid', 'causal' or an integer ≥ 0, got -1"),
        ({"padding": "full"}, "conv1d: padding: expected 'same', 'valid', 'causal' or an integer ≥ 0, got 'full'"),
        ({"kernel": 4, "stride": 2}, "conv1d: kernel: expected an odd size for 'same' with stride 2, got 4"),
    ],
)
def test_a_bad_setting_is_rejected(settings, text):
    with unchecked(), pytest.raises(ValueError, match=f"^{text}$"):
        Conv1d(**{"dim_in": 4, "dim": 6} | settings)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"kernel": 7, "padding": "valid"}, "kernel 7 does not fit an input of time 5 with padding 0"),
        ({"kernel": 8, "padding": 1}, "kernel 8 does not fit an input of time 5 with padding 1"),
        ({"padding": 0, "dilation": 3}, "kernel 3 with dilation 3 does not fit an input of time 5 with padding 0"),
    ],
)
def test_a_kernel_longer_than_the_sequence_is_rejected(settings, text):
    with pytest.raises(ValueError, match=f"^conv1d: {text}; use a smaller kernel, padding 'same', or downsample less"):
        Conv1d(4, 6, **settings)(torch.randn(2, 5, 4))
    Conv1d(4, 6, **settings)(torch.randn(2, 7, 4))
