"""Nesterov's momentum: the gradient counts once more, as if it were taken where the velocity leads.

    g ← ∇L(θ) + weight_decay · θ
    v ← momentum · v + g,    v = g at the first step
    θ ← θ − lr · (g + momentum · v)

Source: Y. Nesterov, A method of solving a convex programming problem with convergence rate O(1/k²), 1983, in the form
of I. Sutskever et al., On the importance of initialization and momentum in deep learning, 2013.
As in torch's, θ is the look-ahead point, so that the gradient is taken at the parameters themselves.
Cost: one value of state per parameter.
"""

import torch

from weftnet.optim.optimisers._parameters import Named, fused, values


def nesterov(
    parameters: Named, lr: float = 0.05, momentum: float = 0.9, weight_decay: float = 0.0
) -> torch.optim.Optimizer:
    """Gradient descent with Nesterov's momentum.

    Args:
        parameters: (name, parameter) pairs.
        lr: step length per unit of speed.
        momentum: share of the speed that is kept, in (0, 1).
        weight_decay: share of a parameter added to its gradient.
    """
    chosen = values("nesterov", parameters)
    return torch.optim.SGD(
        chosen, lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=True, fused=fused(chosen)
    )
