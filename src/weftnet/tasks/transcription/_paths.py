"""From log-probabilities of steps to a text, with NumPy alone: the best path, the best text by a beam, and its places.

    greedy    B(argmax_t p[t])                        the text of the likeliest path
    beam      argmax p(text) among the `beam` likeliest beginnings of a text at each step, where
              p_b(text, t), p_n(text, t) = of the paths that spell it and end in a blank, or in its last token:
              p_b(text, t)      = p[t, blank] · (p_b + p_n)(text, t − 1)
              p_n(text + k, t) += p[t, k] · (p_b + p_n)(text, t − 1)      only p_b where text ends in k already
              p_n(text, t)     += p[t, k] · p_n(text, t − 1)              where text ends in k
    aligned   argmax over paths with B(path) = text of Π_t p[t, path_t]

A text is more likely than its best path: many paths spell it. Sources: A. Graves and others, Connectionist temporal
classification, 2006, https://doi.org/10.1145/1143844.1143891; the beam: A. Hannun and others, First-pass large
vocabulary continuous speech recognition using bi-directional recurrent DNNs, 2014, https://arxiv.org/abs/1408.2873,
without a language model.
"""

import math
from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLANK = 0
#: tokens that a text is continued with at a step: others are too unlikely to matter
_TRIED = 32


def greedy(p: NDArray[Any]) -> tuple[list[int], NDArray[np.int64]]:
    """The tokens of the likeliest path, and the path (steps).

    Args:
        p: (steps, tokens) log-probabilities.
    """
    path = p.argmax(1).astype(np.int64)
    first = np.concatenate([[True], path[1:] != path[:-1]])[: len(path)]
    return path[first & (path != BLANK)].tolist(), path


def searched(p: NDArray[Any], beam: int) -> list[int]:
    """The tokens of the likeliest text that a beam finds.

    Args:
        p: (steps, tokens) log-probabilities.
        beam: beginnings of texts that are kept at each step.
    """
    kept: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -math.inf)}  # ends in a blank, in its last token
    for row in p.astype(np.float64):
        step, order = row.tolist(), np.argsort(-row, kind="stable")[: _TRIED + 1].tolist()
        likely = [k for k in order if k != BLANK]
        new: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [-math.inf, -math.inf])
        for text, (blank, token) in kept.items():
            either = _either(blank, token)
            here = new[text]
            here[0] = _either(here[0], step[BLANK] + either)
            if text:
                here[1] = _either(here[1], step[text[-1]] + token)
            for k in likely:
                longer = new[(*text, k)]
                longer[1] = _either(longer[1], step[k] + (blank if text and text[-1] == k else either))
        best = sorted(new.items(), key=lambda item: (-_either(*item[1]), item[0]))[:beam]
        kept = {text: (blank, token) for text, (blank, token) in best}
    return list(next(iter(kept)))


def _either(a: float, b: float) -> float:
    """ln(eᵃ + eᵇ)."""
    high, low = (a, b) if a > b else (b, a)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def aligned(p: NDArray[Any], tokens: list[int]) -> NDArray[np.int64]:
    """The likeliest path (steps) that spells the tokens; they have to fit into the steps.

    States are the tokens with a blank before, between and behind them. A path goes on by none or one of them, or by two
    where that leaves out a blank between different tokens.
    """
    states = np.full(2 * len(tokens) + 1, BLANK, np.int64)
    states[1::2] = tokens
    skips = np.zeros(len(states), bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    best = np.where(np.arange(len(states)) < 2, p[0, states], -np.inf).astype(np.float64)
    came = np.zeros((len(p), len(states)), np.int64)
    for t in range(1, len(p)):
        ways = np.full((3, len(states)), -np.inf)
        ways[0], ways[1, 1:] = best, best[:-1]
        ways[2, 2:] = np.where(skips[2:], best[:-2], -np.inf)
        came[t] = ways.argmax(0)
        best = ways.max(0) + p[t, states]
    state = len(states) - 1 - int(len(states) > 1 and best[-2] > best[-1])
    path = np.zeros(len(p), np.int64)
    for t in range(len(p) - 1, -1, -1):
        path[t] = states[state]
        state -= came[t, state]
    return path


def runs(path: NDArray[np.int64]) -> NDArray[np.int64]:
    """(tokens, 2) the first step of each token of a path, and the step behind its last."""
    edges = np.flatnonzero(np.concatenate([[True], path[1:] != path[:-1], [True]]))
    spans: NDArray[np.int64] = np.stack([edges[:-1], edges[1:]], 1)[path[edges[:-1]] != BLANK]
    return spans
