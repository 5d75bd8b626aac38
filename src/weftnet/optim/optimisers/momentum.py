"""Heavy-ball momentum: steps along a decaying sum of gradients.

    g ← ∇L(θ) + weight_decay · θ
    v ← momentum · v + g,    v = g at the first step
    θ ← θ − lr · v

Source: B. Polyak, Some methods of speeding up the convergence of iteration methods, 1964.
As in torch's, lr is outside v: a changed lr also rescales the velocity accumulated so far. Polyak's has it inside; with
a constant lr the two are the same.
Cost: one value of state per parameter.
"""

import torch

from weftnet.optim.optimisers._parameters import Named, fused, values


def momentum(
    parameters: Named, lr: float = 0.05, momentum: float = 0.9, weight_decay: float = 0.0
) -> torch.optim.Optimizer:
    """Gradient descent with heavy-ball momentum.

    Args:
        parameters: (name, parameter) pairs.
        lr: step length per unit of speed.
        momentum: share of the speed that is kept, in [0, 1).
        weight_decay: share of a parameter added to its gradient.
    """
    chosen = values("momentum", parameters)
    return torch.optim.SGD(chosen, lr=lr, momentum=momentum, weight_decay=weight_decay, fused=fused(chosen))
