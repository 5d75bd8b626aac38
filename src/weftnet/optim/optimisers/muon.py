"""Muon: orthogonalised momentum for the hidden matrices, AdamW for all other parameters.

    m ← momentum · m + (1 − momentum) · g
    u ← (1 − momentum) · g + momentum · m
    θ ← θ − lr · weight_decay · θ
    θ ← θ − lr · √max(1, rows / columns) · orthogonal(u)

orthogonal(UΣVᵀ) ≈ UVᵀ, by five rounds of Newton–Schulz. All directions of the matrix move equally far, whereas a
plain gradient moves along few of them.

Source: K. Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024,
https://kellerjordan.github.io/posts/muon/.
Differs from `torch.optim.Muon`: takes kernels of convolutions (as matrices of channels × the rest), works in the
parameters' own precision rather than bfloat16, and includes the AdamW.
AdamW takes everything that is no hidden matrix (`weftnet.optim.hidden`): parameters of one axis (biases, gains), tables
of embeddings and positions, and the head.
Cost: one value of state per hidden weight, two for the rest; 5 × 2 matrix products per matrix and step.
"""

from collections.abc import Collection

import torch
from torch import nn

from weftnet.optim.optimisers._orthogonal import Orthogonal
from weftnet.optim.optimisers._parameters import Named, by_decay, fused, values
from weftnet.optim.optimisers._together import Together


def muon(
    parameters: Named,
    lr: float = 0.02,
    lr_others: float = 1e-3,
    weight_decay: float = 0.01,
    momentum: float = 0.95,
    rounds: int = 5,
    hidden: Collection[nn.Parameter] | None = None,
) -> torch.optim.Optimizer:
    """Muon for hidden matrices and kernels, AdamW for embeddings, heads, biases and norms.

    Args:
        parameters: (name, parameter) pairs, in the network's order.
        lr: step length of the matrices.
        lr_others: step length of AdamW.
        weight_decay: share of a weight lost per step and unit of lr.
        momentum: decay of the mean of gradients, in [0, 1).
        rounds: iterations of Newton–Schulz.
        hidden: the hidden matrices, from `hidden_matrices`; all matrices but the last, if left out.
    """
    chosen = values("muon", parameters)
    if hidden is None:
        hidden = [value for value in chosen if value.ndim >= 2][:-1]
    wanted = {id(matrix) for matrix in hidden}
    matrices = [value for value in chosen if id(value) in wanted]
    others = [value for value in chosen if id(value) not in wanted]
    by_adamw = [torch.optim.AdamW(by_decay(others, weight_decay), lr=lr_others, fused=fused(others))] if others else []
    by_muon = [Orthogonal(matrices, lr, weight_decay, momentum, rounds)] if matrices else []
    return Together(*by_muon, *by_adamw)
