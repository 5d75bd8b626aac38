"""Adam: running means of the gradient and of its square, both corrected for their start at zero.

    m ← beta1 · m + (1 − beta1) · g
    s ← beta2 · s + (1 − beta2) · g²
    θ ← θ − lr · (m / (1 − beta1^t)) / (√(s / (1 − beta2^t)) + eps)

Source: D. Kingma, J. Ba, Adam: A Method for Stochastic Optimization, 2015, https://arxiv.org/abs/1412.6980.
Without weight decay: use `adamw` for that, where decay is not divided by √s.
Cost: two values of state per parameter.
"""

import torch

from weftnet.optim.optimisers._parameters import Named, fused, values


def adam(
    parameters: Named, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
) -> torch.optim.Optimizer:
    """Adam.

    Args:
        parameters: (name, parameter) pairs.
        lr: step length.
        betas: beta1 and beta2: decay of the mean of gradients and of the mean of their squares, in [0, 1).
        eps: keeps the division finite.
    """
    chosen = values("adam", parameters)
    return torch.optim.Adam(chosen, lr=lr, betas=betas, eps=eps, fused=fused(chosen))
