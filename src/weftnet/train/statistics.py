"""Batch norms whose statistics are those of all workers' rows, as if one process had the whole batch.

    n = Σ_r n_r,   mean = Σ_r Σ x / n,   var = Σ_r Σ (x − mean)² / n

Each layer takes two sums over the workers, of one value a feature, in float32 at least; their gradients are sums over
the workers too. Source: the definition; torch's `SyncBatchNorm` does the same with one kernel, on GPUs alone.
"""

from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from weftnet.blocks.normalisation.batch_norm import BatchNorm


class _Sum(torch.autograd.Function):
    """The sum over the workers; every worker's loss depends on every worker's values, so gradients are summed too."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total


def share_statistics(model: nn.Module) -> None:
    """Make the batch norms of a model use the statistics of all workers while they train."""
    for module in model.modules():
        if isinstance(module, BatchNorm):
            module._over_real = partial(_over_real, module)  # type: ignore[method-assign]
        if isinstance(module, _BatchNorm):
            module.forward = partial(_over_all, module)  # type: ignore[method-assign]


def separate_statistics(model: nn.Module) -> None:
    """Make them use the statistics of their own batch again."""
    for module in model.modules():
        for name in ("_over_real", "forward"):
            if isinstance(module, BatchNorm | _BatchNorm):
                module.__dict__.pop(name, None)


def _over_all(norm: _BatchNorm, x: Tensor) -> Tensor:
    """`norm(x)`, features on axis 1."""
    if not norm.training:
        return type(norm).forward(norm, x)
    values = x.to(torch.promote_types(x.dtype, torch.float32))
    others = [axis for axis in range(x.dim()) if axis != 1]
    y = _normalised(norm, values, None, others, [1, -1] + [1] * (x.dim() - 2))
    return y.to(x.dtype)


def _over_real(block: BatchNorm, x: Tensor, padding: Tensor) -> Tensor:
    """`block._over_real(x, padding)`, features last."""
    values = x.to(torch.promote_types(x.dtype, torch.float32)).masked_fill(padding, 0)
    return _normalised(block.norm, values, padding, [0, 1], [-1]).to(x.dtype)


def _normalised(norm: _BatchNorm, values: Tensor, padding: Tensor | None, axes: list[int], shape: list[int]) -> Tensor:
    """(values − mean) / √(var + eps) · weight + bias; the running statistics follow."""
    real = values.numel() // values.shape[1] if padding is None else int((~padding).sum())
    total = values.sum(axes)
    sums: Tensor = _Sum.apply(torch.cat([total, total.new_tensor([real])]))  # type: ignore[no-untyped-call]
    count = sums[-1].detach().clamp(min=1)
    mean = sums[:-1] / count
    centred = values - mean.reshape(shape)
    if padding is not None:
        centred = centred.masked_fill(padding, 0)
    var: Tensor = _Sum.apply(centred.square().sum(axes)) / count  # type: ignore[no-untyped-call]
    _remember(norm, mean.detach(), (var * count / (count - 1).clamp(min=1)).detach())
    y = centred * torch.rsqrt(var + norm.eps).reshape(shape)
    return y * norm.weight.reshape(shape) + norm.bias.reshape(shape) if norm.affine else y


def _remember(norm: _BatchNorm, mean: Tensor, unbiased: Tensor) -> None:
    if norm.running_mean is None or norm.running_var is None or norm.num_batches_tracked is None:
        return
    norm.num_batches_tracked.add_(1)
    share = norm.momentum if norm.momentum is not None else 1 / float(norm.num_batches_tracked)
    norm.running_mean.lerp_(mean.to(norm.running_mean.dtype), share)
    norm.running_var.lerp_(unbiased.to(norm.running_var.dtype), share)
