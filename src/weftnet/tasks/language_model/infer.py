"""The passes of a language model: one for the next token, and, where a text is to be continued, one for each token.

    z = logits of the network at the last token
    token ~ softmax(z / temperature) over the top_k largest z;  temperature 0: the largest z

Up to `context` tokens a network that can work step by step reads every token once and remembers. Beyond, the window
slides: each token's place in it changes, and with it all that was remembered, so the network reads the whole window for
each new token. Either way the probabilities are those of whole passes, up to rounding.

The random numbers are the same for every example: an example's continuation is a function of its tokens and the seed.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.limits import exceeded, limit
from weftnet.errors import DataError
from weftnet.tasks._inference import Arrays, Run
from weftnet.tasks._softmax import softmax

TEMPERATURE = 0.8


class Options(TypedDict, total=False):
    """What a question may ask.

    length: tokens that continue the text; 0 for none.
    temperature: divides the logits: below 1 is cautious, above 1 adventurous, 0 takes the likeliest token.
    top_k: choose only among this many likeliest tokens; 0 for all.
    seed: of the random choices.
    """

    length: int
    temperature: float
    top_k: int
    seed: int


def language_model(
    run: Run, inputs: Arrays, masks: Arrays, settings: Mapping[str, Any], options: Options
) -> dict[str, NDArray[Any]]:
    """`logits` (batch, vocabulary) of the token after the last one, and `written` (batch, length) tokens.

    Raises:
        DataError: an option is out of range, or an example has no token.
    """
    ((name, tokens),) = inputs.items()
    real = masks.get(name, tokens >= 0)
    lengths = real.sum(1)
    if not lengths.all():
        raise DataError("there is no token to continue", where=f"row {int(np.argmin(lengths)) + 1}")
    choice = _Choice(options)
    logits = np.zeros((len(tokens), settings["vocabulary"]), np.float64)
    written = np.zeros((len(tokens), choice.length), np.int64)
    for length in np.unique(lengths):  # steps take no padding
        rows = np.flatnonzero(lengths == length)
        reader = _Reader(run, name, settings["context"], padded=name in masks, last=tokens[rows, :length])
        logits[rows] = following = reader.logits()
        for place in range(choice.length):
            written[rows, place] = choice.token(following, place)
            if place + 1 < choice.length:
                following = reader.logits(written[rows, place])
    return {"logits": logits, "written": written}


class _Choice:
    """How a token is chosen from logits."""

    def __init__(self, options: Options) -> None:
        self.length, self._temperature = options.get("length", 0), options.get("temperature", TEMPERATURE)
        self._top_k, seed = options.get("top_k", 0), options.get("seed", 0)
        for name, value in (("length", self.length), ("temperature", self._temperature), ("top_k", self._top_k)):
            if not 0 <= value < np.inf:
                raise DataError(f"{name} is out of range", where="options", expected="0 or more", got=str(value))
        if seed < 0:
            raise DataError("seed is out of range", where="options", expected="0 or more", got=str(seed))
        if self.length > limit("tokens"):
            raise exceeded("tokens", "too many tokens are asked for", where="options: length", got=str(self.length))
        self._chances = np.random.default_rng(seed).random(self.length)

    def token(self, logits: NDArray[np.float64], place: int) -> NDArray[np.int64]:
        """(batch,) tokens at a place of the continuation, from (batch, vocabulary) logits."""
        if self._temperature == 0:
            likeliest: NDArray[np.int64] = logits.argmax(1)
            return likeliest
        if 0 < self._top_k < logits.shape[1]:
            least = np.partition(logits, -self._top_k, axis=1)[:, -self._top_k, None]
            logits = np.where(logits < least, -np.inf, logits)
        upto = softmax(logits / self._temperature).cumsum(1)
        drawn: NDArray[np.int64] = (upto <= self._chances[place] * upto[:, -1:]).sum(1)
        return drawn


class _Reader:
    """Texts of one length, read by the network as they grow."""

    def __init__(self, run: Run, name: str, context: int, *, padded: bool, last: NDArray[Any]) -> None:
        self._run, self._name, self._context, self._padded = run, name, context, padded
        self._tokens, self._unread = last, last
        self._steps = run.steps("network", len(last), context) if last.shape[1] <= context else None

    def logits(self, more: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """(batch, vocabulary) in float64 of the token after the last one, or after `more`, (batch,) appended tokens."""
        if more is not None:
            self._unread = more[:, None]
            self._tokens = np.concatenate([self._tokens, self._unread], 1)[:, -self._context - 1 :]
        if self._steps is not None and self._tokens.shape[1] <= self._context:
            outputs = self._steps({self._name: self._unread})
            return _first(outputs)[:, -1].astype(np.float64)
        self._steps, window = None, self._tokens[:, -self._context :]
        length = window.shape[1]
        window = np.pad(window, ((0, 0), (0, self._context - length)))  # causal: what follows changes nothing
        real = np.tile(np.arange(self._context) < length, (len(window), 1))
        masks = {self._name: real} if self._padded else {}
        return _first(self._run("network", {self._name: window}, masks))[:, length - 1].astype(np.float64)


def _first(outputs: Arrays) -> NDArray[Any]:
    return next(iter(outputs.values()))
