"""Sums over the paths through a chain of potentials, in log space.

    score(y) = Σ_t ψ_t[y_{t−1}, y_t]                          over the real steps; of ψ_0 all rows are the same
    α_t[j] = log Σ_i exp(α_{t−1}[i] + ψ_t[i, j])              α_0[j] = ψ_0[0, j]
    log Z = log Σ_j exp α_T[j] = log Σ_y exp score(y)
    through_t[j] = α_t[j] + β_t[j] = log Σ_{y: y_t = j} exp score(y)

Source: L. Rabiner, A tutorial on hidden Markov models, 1989, https://doi.org/10.1109/5.18626, in log space.
Cost: time · tags² additions and exponentials, one step after another.
"""

import torch
from torch import Tensor


def scores(potentials: Tensor, tags: Tensor, mask: Tensor | None = None) -> Tensor:
    """(batch,) the score of each row's path.

    Args:
        potentials: (batch, time, tags, tags).
        tags: (batch, time); what is not real may be anything.
        mask: (batch, time) True where a step is real; the real ones come first.
    """
    at = tags if mask is None else tags.masked_fill(~mask, 0)
    before = torch.cat((torch.zeros_like(at[:, :1]), at[:, :-1]), 1)
    rows = potentials.gather(2, before[:, :, None, None].expand(-1, -1, 1, potentials.shape[3])).squeeze(2)
    each = rows.gather(2, at.unsqueeze(2)).squeeze(2)
    return each.sum(1) if mask is None else each.masked_fill(~mask, 0.0).sum(1)


def log_partition(potentials: Tensor, mask: Tensor | None = None) -> Tensor:
    """(batch,) log Z; 0 for a row without a real step."""
    alpha = forwards(potentials, mask)[-1].logsumexp(1)
    return alpha if mask is None else alpha.masked_fill(~mask[:, 0], 0.0)


def forwards(potentials: Tensor, mask: Tensor | None = None) -> list[Tensor]:
    """α_t (batch, tags) of every step; behind the last real one it stays as it is."""
    first, *others = potentials.unbind(1)  # not one by one: the gradient of each would be as large as all of them
    each = [first[:, 0]]
    for step, psi in enumerate(others, 1):
        alpha = (each[-1].unsqueeze(2) + psi).logsumexp(1)
        each.append(alpha if mask is None else torch.where(mask[:, step, None], alpha, each[-1]))
    return each


def through(potentials: Tensor) -> Tensor:
    """(batch, time, tags) the log of the sum over all paths that pass through each tag at each step.

    Potentials of zero, as at padding, add the same to all tags.
    """
    after = [torch.zeros_like(potentials[:, 0, 0])]
    for psi in potentials.unbind(1)[:0:-1]:
        after.append((psi + after[-1].unsqueeze(1)).logsumexp(2))
    return torch.stack(forwards(potentials), 1) + torch.stack(after[::-1], 1)
