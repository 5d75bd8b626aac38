"""Batch normalisation of vectors and sequences: every feature over all real positions of the batch.

    training:    mean = Σ x / n,  var = Σ (x − mean)² / n   over the n real positions: batch, or batch · time − padding
                 running_mean += momentum · (mean − running_mean)
                 running_var  += momentum · (var · n/(n − 1) − running_var)
    evaluation:  mean, var = running_mean, running_var
    y = (x − mean) / √(var + eps) · weight + bias,  zero at padding

Source: S. Ioffe, C. Szegedy, Batch normalization, 2015, https://arxiv.org/abs/1502.03167.
Differs from torch: without a mask it is `nn.BatchNorm1d`, features last. With a mask, padding is excluded from the
statistics; torch would include it. The sums run in float32 at least.
Cost: 2·dim parameters, 2·dim + 1 buffers; some 8 operations per value while training, 2 in evaluation.
When: Between dense layers, and along series, with batches of 16 and more. With small batches, or where examples must
not see each other, `layer_norm`.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks.normalisation._batch import check


class BatchNorm(nn.Module):
    """Mean 0 and variance 1 of every feature over the batch, then a learned gain and shift.

    Args:
        dim: features of a position.
        momentum: the share of a new batch in the running statistics, 0 … 1.
        eps: added to the variance.
    """

    resizable: ClassVar[Mapping[str, str]] = {"norm.out": "dim"}

    def __init__(self, dim: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        check("batch_norm", momentum, eps, dim=dim)
        self.norm = nn.BatchNorm1d(dim, eps, momentum)
        self.momentum = momentum

    def forward(
        self, x: Float[Tensor, "*batch dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "*batch dim"]:
        """Normalise every feature; positions where the mask is False are ignored and give zero."""
        if mask is None:
            return self._over_all(x)
        padding = ~mask.unsqueeze(-1)
        y = self._over_real(x, padding) if self.training else self._over_all(x.masked_fill(padding, 0))
        return y.masked_fill(padding, 0)

    def _over_all(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(x.reshape(-1, x.shape[-1]))
        return y.reshape(x.shape)

    def _over_real(self, x: Tensor, padding: Tensor) -> Tensor:
        values = x.to(torch.promote_types(x.dtype, torch.float32)).masked_fill(padding, 0)
        count = (~padding).sum().to(values.dtype)
        mean = values.sum((0, 1)) / count.clamp(min=1)
        centred = (values - mean).masked_fill(padding, 0)
        var = centred.square().sum((0, 1)) / count.clamp(min=1)
        self._remember(mean.detach(), (var * count / (count - 1).clamp(min=1)).detach())
        y = centred * torch.rsqrt(var + self.norm.eps) * self.norm.weight + self.norm.bias
        return y.to(x.dtype)

    def _remember(self, mean: Tensor, unbiased: Tensor) -> None:
        for name, new in (("running_mean", mean), ("running_var", unbiased)):
            running = self.norm.get_buffer(name)
            running.lerp_(new.to(running.dtype), self.momentum)
        self.norm.get_buffer("num_batches_tracked").add_(1)
