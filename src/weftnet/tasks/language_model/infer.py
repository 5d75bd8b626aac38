"""The passes of a language model: one for the next token, and, where a text is to be continued, one for each token.

    z = logits of the network at the last token
    token ~ softmax(z / temperature), as `tasks/_choice.py` says; a text ends as `_texts.py` says

Up to `context` tokens a network that can work step by step reads every token once and remembers. Beyond, the window
slides: each token's place in it changes, and with it all that was remembered, so the network reads the whole window for
each new token. Either way the probabilities are those of whole passes, up to rounding.

The random numbers are the same for every example: an example's continuation is a function of its tokens and the seed.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.limits import exceeded, limit
from weftnet.errors import DataError
from weftnet.tasks._choice import Choice
from weftnet.tasks._inference import Arrays, Run, listener
from weftnet.tasks._writer import text_of, writer_of
from weftnet.tasks.language_model._texts import Texts

#: an answer to a single row is told while it is written
TELLS = True


class Options(TypedDict, total=False):
    """What a question may ask.

    length: tokens that continue the text; 0 for none.
    temperature: divides the logits: below 1 is cautious, above 1 adventurous, 0 takes the likeliest token.
    top_k: choose only among this many likeliest tokens; 0 for all.
    top_p: choose only among the likeliest tokens that together have this probability; 1 for all.
    repetition_penalty: above 1 makes tokens that were read or written less likely.
    stop: texts that end the writing, and are no part of what is written.
    stop_tokens: tokens, by number, that end it.
    seed: of the random choices.
    """

    length: int
    temperature: float
    top_k: int
    top_p: float
    repetition_penalty: float
    stop: list[str]
    stop_tokens: list[int]
    seed: int


def language_model(
    run: Run, inputs: Arrays, masks: Arrays, settings: Mapping[str, Any], options: Options
) -> dict[str, NDArray[Any]]:
    """`logits` (batch, vocabulary) of the token after the last one, and what was written.

    That is `written` (batch, length) tokens, −1 behind their end, and `ends` (batch,): of their text the characters
    that count, −1 for all.

    Raises:
        DataError: an option is out of range, or an example has no token.
    """
    ((name, tokens),) = inputs.items()
    real = masks.get(name, tokens >= 0)
    lengths = real.sum(1)
    if not lengths.all():
        raise DataError("there is no token to continue", where=f"row {int(np.argmin(lengths)) + 1}")
    length = _length(options)
    choice, kind, tell = Choice(options, length), writer_of(settings.get("writer")), listener()
    logits = np.zeros((len(tokens), settings["vocabulary"]), np.float64)
    written = np.full((len(tokens), length), -1, np.int64)
    ends = np.full(len(tokens), -1, np.int64)
    for read in np.unique(lengths):  # steps take no padding
        rows = np.flatnonzero(lengths == read)
        reader = _Reader(run, name, settings["context"], padded=name in masks, last=tokens[rows, :read])
        texts = Texts(options, partial(text_of, kind), len(rows), tell if len(tokens) == 1 else None)
        logits[rows] = _written(reader, choice, texts, length)
        written[rows], ends[rows] = texts.written(length), texts.ends
    return {"logits": logits, "written": written, "ends": ends}


def _length(options: Mapping[str, Any]) -> int:
    """Tokens that are to be written.

    Raises:
        DataError: they are fewer than none, or too many.
    """
    length = int(options.get("length", 0))
    if length < 0:
        raise DataError("length is out of range", where="options", expected="0 or more", got=str(length))
    if length > limit("tokens"):
        what = "too many tokens are asked for"
        raise exceeded("tokens", what, where="options: length", got=str(length), error=DataError)
    return length


def _written(reader: "_Reader", choice: Choice, texts: Texts, length: int) -> NDArray[np.float64]:
    """Write until the end; the logits of the first token."""
    first = following = reader.logits()
    for place in range(length):
        tokens = choice.tokens(following, place, reader.read)
        texts.add(tokens)
        if texts.finished or place + 1 == length:
            break
        following = reader.logits(tokens)
    texts.close()
    return first


class _Reader:
    """Texts of one length, read by the network as they grow."""

    def __init__(self, run: Run, name: str, context: int, *, padded: bool, last: NDArray[Any]) -> None:
        self._run, self._name, self._context, self._padded = run, name, context, padded
        self._tokens, self._unread = last, last
        self.read = last  # (batch, time) all tokens, also those before the window
        self._steps = run.steps("network", len(last), context) if last.shape[1] <= context else None

    def logits(self, more: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """(batch, vocabulary) in float64 of the token after the last one, or after `more`, (batch,) appended tokens."""
        if more is not None:
            self._unread = more[:, None]
            self.read = np.concatenate([self.read, self._unread], 1)
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
