"""Stochastic gradient descent: a step along the negative gradient of one batch.

    g ← ∇L(θ) + weight_decay · θ
    θ ← θ − lr · g

Source: H. Robbins, S. Monro, A Stochastic Approximation Method, 1951.
Decay is L2 as in torch's: it goes through the gradient, on every parameter.
Cost: no state.
"""

import torch

from weftnet.optim.optimisers._parameters import Named, fused, values


def sgd(parameters: Named, lr: float = 0.1, weight_decay: float = 0.0) -> torch.optim.Optimizer:
    """Stochastic gradient descent without momentum.

    Args:
        parameters: (name, parameter) pairs.
        lr: step length per unit of gradient.
        weight_decay: share of a parameter added to its gradient.
    """
    chosen = values("sgd", parameters)
    return torch.optim.SGD(chosen, lr=lr, weight_decay=weight_decay, fused=fused(chosen))
