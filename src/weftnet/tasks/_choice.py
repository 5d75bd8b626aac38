"""How the next token is chosen from logits z.

    z = z / penalty where z > 0, else z · penalty        for tokens that were read or written; 1 changes nothing
    p = softmax(z / temperature) over the top_k largest z
    token ~ p over the likeliest tokens whose sum reaches top_p, with one at least
    temperature 0: the largest z

Sources: top_k: A. Fan, M. Lewis, Y. Dauphin, Hierarchical neural story generation, 2018,
https://arxiv.org/abs/1805.04833; top_p: A. Holtzman and others, The curious case of neural text degeneration, 2020,
https://arxiv.org/abs/1904.09751, section 3.1; the penalty: N. Keskar and others, CTRL, 2019,
https://arxiv.org/abs/1909.05858, section 4.1, which divides logits below zero too, and so prefers what it should
penalise; here they are multiplied, as in its code and in transformers.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.errors import DataError
from weftnet.tasks._softmax import softmax

TEMPERATURE = 0.8


class Choice:
    """How tokens are chosen in answer to a question.

    Args:
        options: of the question: temperature, top_k, top_p, repetition_penalty, seed.
        length: tokens that are chosen at most.

    Raises:
        DataError: one is out of range.
    """

    def __init__(self, options: Mapping[str, Any], length: int) -> None:
        self._temperature = options.get("temperature", TEMPERATURE)
        self._top_k, self._top_p = options.get("top_k", 0), options.get("top_p", 1.0)
        self._penalty, seed = options.get("repetition_penalty", 1.0), options.get("seed", 0)
        for name, value in (("temperature", self._temperature), ("top_k", self._top_k)):
            _within(name, 0 <= value < np.inf, "0 or more", value)
        _within("top_p", 0 < self._top_p <= 1, "more than 0, at most 1", self._top_p)
        _within("repetition_penalty", 0 < self._penalty < np.inf, "more than 0", self._penalty)
        _within("seed", seed >= 0, "0 or more", seed)
        self._chances = np.random.default_rng(seed).random(length)

    def tokens(self, logits: NDArray[np.float64], place: int, before: NDArray[np.int64]) -> NDArray[np.int64]:
        """(batch,) tokens at a place of the continuation.

        Args:
            logits: (batch, vocabulary).
            place: from 0.
            before: (batch, time) all tokens that were read or written.
        """
        if self._penalty != 1:
            known = np.take_along_axis(logits, before, 1)
            known = np.where(known > 0, known / self._penalty, known * self._penalty)
            logits = logits.copy()
            np.put_along_axis(logits, before, known, 1)
        if self._temperature == 0:
            likeliest: NDArray[np.int64] = logits.argmax(1)
            return likeliest
        if 0 < self._top_k < logits.shape[1]:
            least = np.partition(logits, -self._top_k, axis=1)[:, -self._top_k, None]
            logits = np.where(logits < least, -np.inf, logits)
        p = softmax(logits / self._temperature)
        if self._top_p < 1:
            p = np.where(_nucleus(p, self._top_p), p, 0.0)
        upto = p.cumsum(1)
        drawn: NDArray[np.int64] = (upto <= self._chances[place] * upto[:, -1:]).sum(1)
        return drawn


def _nucleus(p: NDArray[np.float64], share: float) -> NDArray[np.bool_]:
    """Which tokens are among the likeliest that together reach a share of the probability."""
    order = np.argsort(-p, axis=1, kind="stable")
    falling = np.take_along_axis(p, order, 1)
    kept = np.zeros(p.shape, np.bool_)
    np.put_along_axis(kept, order, falling.cumsum(1) - falling < share, 1)
    return kept


def _within(name: str, holds: bool, expected: str, got: object) -> None:
    if not holds:
        raise DataError(f"{name} is out of range", where="options", expected=expected, got=str(got))
