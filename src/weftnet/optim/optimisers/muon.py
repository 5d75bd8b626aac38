"""Muon: momentum made orthogonal, for the hidden matrices; AdamW for all the rest.

    m ← momentum · m + (1 − momentum) · g
    u ← (1 − momentum) · g + momentum · m
    θ ← θ − lr · weight_decay · θ
    θ ← θ − lr · √max(1, rows / columns) · orthogonal(u)

orthogonal(UΣVᵀ) ≈ UVᵀ, by five rounds of Newton–Schulz. Every direction of the matrix moves alike, where a plain
gradient moves along a few only.

Source: K. Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024,
https://kellerjordan.github.io/posts/muon/.
Differs from `torch.optim.Muon`: takes kernels of convolutions (as matrices of channels × the rest), works in the
parameters' own precision rather than bfloat16, and brings the AdamW along.
AdamW takes: parameters of one axis (biases, gains); those whose name says embedding, position or token; and the last
matrix, which is the head.
Cost: one value of state per hidden weight, two for the rest; 5 × 2 matrix products per matrix and step.
"""

import torch

from weftnet.optim.optimisers._orthogonal import Orthogonal
from weftnet.optim.optimisers._parameters import Named, by_decay, fused, trainable
from weftnet.optim.optimisers._together import Together

_TABLES = ("embedding", "position", "token")


def muon(
    parameters: Named,
    lr: float = 0.02,
    lr_others: float = 1e-3,
    weight_decay: float = 0.01,
    momentum: float = 0.95,
    rounds: int = 5,
) -> torch.optim.Optimizer:
    """Muon for hidden matrices and kernels, AdamW for embeddings, heads, biases and norms.

    Args:
        parameters: (name, parameter) pairs, in the network's order.
        lr: step length of the matrices.
        lr_others: step length of AdamW.
        weight_decay: share of a weight lost per step and unit of lr.
        momentum: how slowly the mean of gradients forgets, in [0, 1).
        rounds: iterations of Newton–Schulz.
    """
    pairs = trainable("muon", parameters)
    matrices = [pair for pair in pairs if pair[1].ndim >= 2 and not any(word in pair[0].lower() for word in _TABLES)]
    hidden = [parameter for _, parameter in matrices[:-1]]
    taken = {id(parameter) for parameter in hidden}
    others = [parameter for _, parameter in pairs if id(parameter) not in taken]
    rest = torch.optim.AdamW(by_decay(others, weight_decay), lr=lr_others, fused=fused(others))
    return Together(Orthogonal(hidden, lr, weight_decay, momentum, rounds), rest) if hidden else Together(rest)
