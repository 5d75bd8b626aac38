"""RMSprop: a gradient divided by the root of its running mean square.

    s ← decay · s + (1 − decay) · g²
    v ← momentum · v + g / (√s + eps)
    θ ← θ − lr · v

Source: T. Tieleman, G. Hinton, Lecture 6.5 of Neural Networks for Machine Learning, 2012.
torch calls `decay` alpha; its default of 0.99 is kept (the lecture has 0.9). s starts at zero and is not corrected for
that, so the first steps are long: 1/√(1 − decay) times lr.
Cost: one value of state per parameter, two with momentum.
"""

import torch

from weftnet.optim.optimisers._parameters import Named, values


def rmsprop(
    parameters: Named, lr: float = 1e-3, decay: float = 0.99, momentum: float = 0.0, eps: float = 1e-8
) -> torch.optim.Optimizer:
    """RMSprop.

    Args:
        parameters: (name, parameter) pairs.
        lr: step length.
        decay: of the mean square, in [0, 1).
        momentum: share of the speed that is kept, in [0, 1).
        eps: keeps the division finite.
    """
    return torch.optim.RMSprop(values("rmsprop", parameters), lr=lr, alpha=decay, momentum=momentum, eps=eps)
