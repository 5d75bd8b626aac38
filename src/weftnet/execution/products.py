"""Dense layers whose products oneDNN computes (`weftnet.base.onednn`), where torch asks its BLAS library.

What is not float32 on the CPU, or runs under autocast, is computed by torch as before. Parameters, their names and the
blocks stay as they are. Layers of some ten units are slower: each product is an autograd function in Python.
"""

import torch
from torch import Tensor, nn

from weftnet.base.onednn import can_use_onednn, product


class Linear(nn.Linear):
    """`nn.Linear` with products by oneDNN. The name is torch's, as names of optimiser parameters contain it."""

    def forward(self, x: Tensor) -> Tensor:
        """x: (…, dim_in) → x Wᵀ + b: (…, dim_out)."""
        float32 = x.dtype == torch.float32 == self.weight.dtype
        fits = float32 and x.device.type == "cpu" and x.dim() > 1 and x.numel() > 0
        if not fits or torch.is_autocast_enabled("cpu"):
            return super().forward(x)
        return product(x, self.weight, self.bias)


def dense_by_onednn(model: nn.Module) -> int:
    """Let oneDNN compute every dense layer.

    Args:
        model: whose layers are changed: an executor's own.

    Returns:
        How many layers it computes.
    """
    layers = [module for module in model.modules() if type(module) is nn.Linear] if can_use_onednn() else []
    for layer in layers:
        layer.__class__ = Linear  # keeps its tensors and hooks, wherever it is registered
    return len(layers)
