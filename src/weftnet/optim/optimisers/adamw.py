"""AdamW: Adam with decoupled weight decay, which bypasses the means of the gradient.

    θ ← θ − lr · weight_decay · θ          (only where θ has two axes or more)
    m ← beta1 · m + (1 − beta1) · g
    s ← beta2 · s + (1 − beta2) · g²
    θ ← θ − lr · (m / (1 − beta1^t)) / (√(s / (1 − beta2^t)) + eps)

Source: I. Loshchilov, F. Hutter, Decoupled Weight Decay Regularization, 2019, https://arxiv.org/abs/1711.05101.
Differs from torch's, which lets everything decay: biases and the gains of norms (parameters of one axis) don't here.
They form a second parameter group.
Cost: two values of state per parameter.
"""

import torch

from weftnet.optim.optimisers._parameters import Named, by_decay, fused, values


def adamw(
    parameters: Named,
    lr: float = 1e-3,
    weight_decay: float = 0.01,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> torch.optim.Optimizer:
    """Adam with decoupled weight decay; biases and norm gains don't decay.

    Args:
        parameters: (name, parameter) pairs.
        lr: step length.
        weight_decay: share of a weight lost per step and unit of lr.
        betas: beta1 and beta2: decay of the mean of gradients and of the mean of their squares, in [0, 1).
        eps: keeps the division finite.
    """
    chosen = values("adamw", parameters)
    groups = by_decay(chosen, weight_decay)
    return torch.optim.AdamW(groups, lr=lr, betas=betas, eps=eps, fused=fused(chosen))
