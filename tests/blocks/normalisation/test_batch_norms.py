"""Batch normalisation of vectors, sequences and images: training, running statistics, evaluation, padding."""

import pytest
import torch
from oracles import exports, functional, gradients_match, randomise, same

from weftnet.blocks.normalisation.batch_norm import BatchNorm
from weftnet.blocks.normalisation.batch_norm2d import BatchNorm2d

EPS = 1e-5


def formula(rows, weight, bias, mean, var, eps=EPS):
    return (rows - mean) / torch.sqrt(var + eps) * weight + bias


def over_batch(rows, weight, bias, eps=EPS):
    return formula(rows, weight, bias, rows.mean(0), rows.var(0, correction=0), eps)


@pytest.mark.parametrize("shape", [(6, 3), (4, 5, 3)])
def test_training_is_the_formula_over_all_positions(shape):
    f, weights = functional(BatchNorm(3, eps=0.2))
    x = 2 * torch.randn(shape).double() + 1
    gradients_match(f, lambda x, *w: over_batch(x.reshape(-1, 3), *w, eps=0.2).reshape(shape), [x, *weights])


def test_training_of_images_is_the_formula_over_images_and_pixels():
    f, weights = functional(BatchNorm2d(3, eps=0.2))
    x = 2 * torch.randn(4, 3, 5, 2).double() + 1

    def oracle(x, *w):
        return over_batch(x.movedim(1, -1).reshape(-1, 3), *w, eps=0.2).reshape(4, 5, 2, 3).movedim(-1, 1)

    gradients_match(f, oracle, [x, *weights])


def test_training_with_a_mask_is_the_formula_over_real_positions():
    x = 2 * torch.randn(3, 5, 4).double() + 1
    mask = torch.arange(5) < torch.tensor([[5], [2], [3]])
    f, weights = functional(BatchNorm(4, eps=0.2))

    def oracle(x, *w):
        y = torch.zeros_like(x)
        y[mask] = over_batch(x[mask], *w, eps=0.2)
        return y

    gradients_match(lambda *values: f(*values, mask=mask), oracle, [x, *weights])


@pytest.mark.parametrize("momentum", [0.1, 0.7])
@pytest.mark.parametrize("masked", [False, True])
def test_running_statistics_follow_the_real_positions_and_serve_evaluation(masked, momentum):
    block = randomise(BatchNorm(4, momentum))
    mean, var = torch.zeros(4).double(), torch.ones(4).double()
    mask = torch.arange(5) < torch.tensor([[5], [2], [3]]) if masked else None
    real = torch.ones(3, 5, dtype=torch.bool) if mask is None else mask
    for _ in range(3):
        x = 2 * torch.randn(3, 5, 4).double() + 1
        block(x, mask)
        mean = (1 - momentum) * mean + momentum * x[real].mean(0)
        var = (1 - momentum) * var + momentum * x[real].var(0, correction=1)
    same(block.norm.running_mean, mean)
    same(block.norm.running_var, var)
    assert block.norm.num_batches_tracked == 3
    x = torch.randn(3, 5, 4).double()
    weight, bias = block.norm.weight, block.norm.bias
    wanted = torch.where(real.unsqueeze(-1), formula(x, weight, bias, mean, var), 0.0)
    same(block.eval()(x, mask), wanted)
    same(block.norm.running_mean, mean)


def test_a_mask_of_ones_changes_nothing():
    x, mask = torch.randn(3, 5, 4).double(), torch.ones(3, 5, dtype=torch.bool)
    with_mask, without = BatchNorm(4).double(), BatchNorm(4).double()
    same(with_mask(x, mask), without(x))
    for mine, other in zip(with_mask.buffers(), without.buffers(), strict=True):
        same(mine, other)


@pytest.mark.parametrize("training", [True, False])
def test_what_stands_in_padding_counts_for_nothing(training):
    block = randomise(BatchNorm(4)).train(training)
    mask = torch.arange(5) < torch.tensor([[5], [2], [3]])
    x = torch.randn(3, 5, 4).double()
    results = []
    for filling in (0.0, torch.nan):
        filled = torch.where(mask.unsqueeze(-1), x, filling).requires_grad_()
        y = block(filled, mask)
        assert not y[~mask].any()
        gradients = torch.autograd.grad(y.square().sum(), [filled, *block.parameters()])
        assert not gradients[0][~mask].any()
        results.append((y, *gradients))
    for mine, other in zip(*results, strict=True):
        same(mine, other)


def test_evaluation_of_images_uses_the_running_statistics():
    block, x = randomise(BatchNorm2d(3, momentum=0.4)), torch.randn(4, 3, 5, 2).double() + 1
    block(x)
    rows = x.movedim(1, -1).reshape(-1, 3)
    mean, var = 0.4 * rows.mean(0), 0.6 + 0.4 * rows.var(0)
    weight, bias = block.norm.weight, block.norm.bias
    wanted = formula(rows, weight, bias, mean, var).reshape(4, 5, 2, 3).movedim(-1, 1)
    same(block.eval()(x), wanted)


@pytest.mark.parametrize("masked", [False, True])
def test_exports_with_and_without_a_mask(masked):
    mask = torch.arange(5) < torch.tensor([[5], [2], [3]]) if masked else None
    exports(randomise(BatchNorm(4)), torch.randn(3, 5, 4).double(), mask)


def test_training_with_a_mask_exports():
    block = BatchNorm(4).double()
    x, mask = torch.randn(3, 5, 4).double(), torch.arange(5) < torch.tensor([[5], [2], [3]])
    exported = torch.export.export(block, (x, mask)).module()
    same(exported(x, mask), block(x, mask))
    same(exported.norm.running_var, block.norm.running_var)


def test_images_export():
    exports(randomise(BatchNorm2d(3)), torch.randn(4, 3, 5, 2).double())


def test_bfloat16_stays_and_is_summed_in_float32():
    x, mask = torch.randn(3, 50, 4).bfloat16(), torch.ones(3, 50, dtype=torch.bool)
    y = BatchNorm(4).bfloat16()(x, mask)
    assert y.dtype == torch.bfloat16
    same(y.double(), over_batch(x.double().reshape(-1, 4), 1, 0).reshape(3, 50, 4), tolerance=0.02)
    assert BatchNorm2d(3).bfloat16()(torch.randn(4, 3, 5, 2).bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("block", "name", "size"), [(BatchNorm, "batch_norm", "dim"), (BatchNorm2d, "batch_norm2d", "channels")]
)
def test_a_bad_setting_is_rejected(block, name, size):
    with pytest.raises(ValueError, match=f"^{name}: {size}: expected a positive integer, got 0$"):
        block(0)
    with pytest.raises(ValueError, match=f"^{name}: momentum: expected a number from 0 to 1, got 1.5$"):
        block(3, momentum=1.5)
    with pytest.raises(ValueError, match=f"^{name}: eps: expected a positive number, got 0.0$"):
        block(3, eps=0.0)


def test_without_gain_the_weight_of_images_is_one_and_not_learned():
    plain, ours = BatchNorm2d(3, eps=0.2), BatchNorm2d(3, eps=0.2, gain=False)
    assert [name for name, _ in ours.named_parameters()] == ["norm.bias"]
    assert "norm.weight" not in ours.state_dict()
    bias, x = torch.randn(3).double(), 2 * torch.randn(4, 3, 5, 2).double() + 1
    for block in (plain.double(), ours.double()):
        block.norm.bias.data.copy_(bias)
    for training in (True, False):
        same(ours.train(training)(x), plain.train(training)(x))


def test_sums_of_half_precision_are_in_float32() -> None:
    """A mean of 100 in bfloat16 would be a multiple of a half."""
    x = (100.2 + torch.randn(4, 64, 3)).bfloat16()
    mask = torch.arange(64) < torch.tensor([[64], [60], [50], [64]])
    block = BatchNorm(3, momentum=1.0)
    block(x, mask=mask)
    real = x[mask].double()
    torch.testing.assert_close(block.norm.running_mean.double(), real.mean(0), rtol=1e-6, atol=0)
    torch.testing.assert_close(block.norm.running_var.double(), real.var(0), rtol=1e-4, atol=0)
