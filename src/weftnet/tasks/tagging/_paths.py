"""The best path through a chain of potentials, and how likely each of its tags is; with NumPy alone.

    best    δ_t[j] = max_i (δ_{t−1}[i] + ψ_t[i, j])                      the search of A. Viterbi, 1967,
            https://doi.org/10.1109/TIT.1967.1054010; of equally good paths the first tags
    share   p(y_t = j | x) = exp(α_t[j] + β_t[j] − log Z)                sums over paths: blocks/structured/_paths.py

Without a chain (batch, time, tags) each word's tag is its likeliest, p = softmax.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from weftnet.tasks._softmax import softmax

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


def decoded(outputs: NDArray[np.floating], real: Bools) -> tuple[NDArray[np.int64], Floats]:
    """Tags (batch, time), −1 where a sentence has ended, and how likely each of them is, 0 there.

    Args:
        outputs: potentials (batch, time, tags, tags), or logits (batch, time, tags).
        real: (batch, time) which words there are; they come first.
    """
    if outputs.ndim == 3:
        p = softmax(outputs)
        tags = p.argmax(2)
    else:
        psi = outputs.astype(np.float64)
        tags, p = _best(psi, real), _shares(psi, real)
    share = np.take_along_axis(p, tags[:, :, None], 2)[:, :, 0]
    return np.where(real, tags, -1), np.where(real, share, 0.0)


def _best(psi: Floats, real: Bools) -> NDArray[np.int64]:
    """(batch, time) the best path of each row."""
    batch, time, tags, _ = psi.shape
    score = psi[:, 0, 0]
    came_from = np.empty((batch, time, tags), np.int64)
    for step in range(1, time):
        ways = score[:, :, None] + psi[:, step]
        on = real[:, step, None]
        came_from[:, step] = np.where(on, ways.argmax(1), np.arange(tags))
        score = np.where(on, ways.max(1), score)
    path = np.empty((batch, time), np.int64)
    path[:, -1] = score.argmax(1)
    rows = np.arange(batch)
    for step in range(time - 1, 0, -1):
        path[:, step - 1] = came_from[rows, step, path[:, step]]
    return path


def _shares(psi: Floats, real: Bools) -> Floats:
    """(batch, time, tags) how likely each tag is at each word."""
    time = psi.shape[1]
    alpha, beta = [psi[:, 0, 0]], [np.zeros_like(psi[:, 0, 0])]
    for step in range(1, time):
        alpha.append(np.where(real[:, step, None], _log_sum(alpha[-1][:, :, None] + psi[:, step], 1), alpha[-1]))
    for step in range(time - 1, 0, -1):
        beta.append(np.where(real[:, step, None], _log_sum(psi[:, step] + beta[-1][:, None], 2), beta[-1]))
    through = np.stack(alpha, 1) + np.stack(beta[::-1], 1)
    return softmax(through)


def _log_sum(values: Floats, axis: int) -> Floats:
    """log Σ exp along an axis."""
    most = values.max(axis, keepdims=True)
    total: Floats = np.log(np.exp(values - most).sum(axis)) + most.squeeze(axis)
    return total
