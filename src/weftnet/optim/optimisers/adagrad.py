"""Adagrad: each parameter's step shrinks as its squared gradients add up.

    s ← s + g²
    θ ← θ − lr · g / (√s + eps)

Source: J. Duchi, E. Hazan, Y. Singer, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization,
2011.
Suits sparse features: rare ones keep long steps. Steps never grow again.
Cost: one value of state per parameter.
"""

import torch

from weftnet.optim.optimisers._parameters import Named, fused, values


def adagrad(parameters: Named, lr: float = 0.01, eps: float = 1e-10) -> torch.optim.Optimizer:
    """Adagrad.

    Args:
        parameters: (name, parameter) pairs.
        lr: length of a parameter's first step.
        eps: keeps the division finite.
    """
    chosen = values("adagrad", parameters)
    return torch.optim.Adagrad(chosen, lr=lr, eps=eps, fused=fused(chosen))
