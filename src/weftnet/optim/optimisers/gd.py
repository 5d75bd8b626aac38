"""Gradient descent: a step along the negative gradient of the whole data set.

    θ ← θ − lr · g,    g = ∇L(θ) over all examples

Source: A. Cauchy, Méthode générale pour la résolution des systèmes d'équations simultanées, 1847.
The update is that of `sgd` without momentum and decay; the two differ only in what g is the gradient of. It is gradient
descent in the strict sense when a batch holds the whole training split; with smaller batches it is `sgd`.
Cost: no state.
"""

import torch

from weftnet.optim.optimisers._parameters import Named, fused, values


def gd(parameters: Named, lr: float = 0.1) -> torch.optim.Optimizer:
    """Plain gradient descent.

    Args:
        parameters: (name, parameter) pairs.
        lr: step length per unit of gradient.
    """
    chosen = values("gd", parameters)
    return torch.optim.SGD(chosen, lr=lr, fused=fused(chosen))
