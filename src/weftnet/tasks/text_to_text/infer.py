"""The passes of text to text: the encoder once, then the decoder for every token, greedily or by beam search.

    score(y) = log p(y | x) / lp(y),   lp(y) = ((5 + |y|) / 6)^α            |y| counts `end`
    greedy:  y_t = argmax p(· | y_1 … y_{t−1}, x), which a search with one beam is
    sample:  y_t ~ p(· | …), as `tasks/_choice.py` says, where a temperature is asked for
    beams:   the k likeliest beginnings are continued; those that end are kept, the one of the best score is answered

A text's search stops when no open beginning has, at its present length, a better score than the k-th best ended one,
or at `longest` tokens, where all that is open ends. With one beam it stops at the first end.
Padding, unknown tokens and `begin` are never written.

Source: beams and length penalty (section 7, equation 14) Y. Wu and others, Google's neural machine translation system,
2016, https://arxiv.org/abs/1609.08144; four beams and α = 0.6 as A. Vaswani and others, 2017,
https://arxiv.org/abs/1706.03762. Without the coverage penalty.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.errors import DataError
from weftnet.tasks._choice import Choice
from weftnet.tasks._inference import Arrays, Run

#: where a question says nothing
BEAMS, ALPHA = 4, 0.6
#: texts that are searched at once, and most beams
_AT_ONCE, _MOST = 32, 64
_PAD, _UNKNOWN = 0, 1
_TARGET = "target"


class Options(TypedDict, total=False):
    """What a question may ask.

    beams: beginnings that are continued at each step; 1 takes the likeliest token each time.
    length_penalty: α; 0 compares log-probabilities, which favours short texts, more favours long ones.
    longest: tokens that a text may have; 0 for those of the longest target in training.
    temperature: above 0 tokens are drawn, one text, without beams; below 1 is cautious, above 1 adventurous.
    top_k: draw only among this many likeliest tokens; 0 for all.
    top_p: draw only among the likeliest tokens that together have this probability; 1 for all.
    repetition_penalty: above 1 makes tokens that were written less likely, where tokens are drawn.
    seed: of the random choices, the same for every text.
    """

    beams: int
    length_penalty: float
    longest: int
    temperature: float
    top_k: int
    top_p: float
    repetition_penalty: float
    seed: int


def text_to_text(
    run: Run, inputs: Arrays, masks: Arrays, settings: Mapping[str, Any], options: Options
) -> dict[str, NDArray[Any]]:
    """`written` (batch, longest) tokens, padded with 0, and `score` (batch,) of each.

    Raises:
        DataError: an option is out of range.
    """
    beams, alpha = options.get("beams", BEAMS), options.get("length_penalty", ALPHA)
    longest = options.get("longest", 0) or int(settings["longest"])
    if not 1 <= beams <= _MOST:
        raise DataError("beams is out of range", where="options", expected=f"1 … {_MOST}", got=str(beams))
    if not 0 <= alpha <= 10:
        raise DataError("length_penalty is out of range", where="options", expected="0 … 10", got=str(alpha))
    if not 1 <= longest <= int(settings["longest"]):
        raise DataError("longest is out of range", where="options", expected=f"1 … {settings['longest']}",
                        got=str(longest))  # fmt: skip
    choice = _choice(options, longest)
    beams = beams if choice is None else 1
    source = inputs[settings["source"]]
    written, scores = np.zeros((len(source), longest), np.int64), np.zeros(len(source), np.float64)
    for start in range(0, len(source), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        part, padding = ({name: each[rows] for name, each in named.items()} for named in (inputs, masks))
        search = _Search(run, part, padding, settings, beams, alpha, longest)
        written[rows], scores[rows] = search.run() if choice is None else search.drawn(choice)
    return {"written": written, "score": scores}


def _choice(options: Options, longest: int) -> Choice | None:
    """How tokens are drawn; None where they are searched for.

    Raises:
        DataError: an option is out of range, or asks for both.
    """
    drawing = [name for name in ("top_k", "top_p", "repetition_penalty", "seed") if name in options]
    if options.get("temperature", 0) == 0:
        if drawing:
            what, fix = f"{drawing[0]} is of texts that are drawn", "ask for a temperature too: temperature=0.8"
            raise DataError(what, where="options", fix=fix)
        return None
    if options.get("beams", 1) != 1:
        raise DataError("beams and temperature exclude one another", where="options", fix="leave one of them out")
    return Choice(options, longest)


class _Search:
    """The search for the texts of some sources, all at once; beam b of text i is row i · beams + b."""

    def __init__(
        self, run: Run, inputs: Arrays, masks: Arrays, settings: Mapping[str, Any], beams: int, alpha: float,
        longest: int,
    ) -> None:  # fmt: skip
        self.beams, self.alpha, self.longest = beams, alpha, longest
        self.end, self.texts = int(settings["vocabulary"]), len(inputs[settings["source"]])
        self.best = [_Ended(beams) for _ in range(self.texts)]
        self.open = np.arange(self.texts)  # texts that are still searched
        made = run("encoder", inputs, masks)
        whole = {name: np.repeat(values, beams, 0) for name, values in made.items()}
        mask = masks.get(settings["source"])
        padding = {} if mask is None else {n: np.repeat(mask, beams, 0) for n, each in whole.items() if each.ndim == 3}
        self.reader = _Reader(run, whole, padding, self.texts * beams, int(settings["longest"]) + 1, self.end + 1)

    def run(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(texts, longest) tokens and (texts,) scores."""
        totals = np.full((self.texts, self.beams), -np.inf)
        totals[:, 0] = 0.0  # one beginning: all beams are equal at first
        tokens = np.zeros((self.texts, self.beams, 0), np.int64)
        for length in range(1, self.longest + 2):
            logp = self._log_shares()
            if length > self.longest:  # all that is open ends here, as if its end were sure
                self._close(tokens, totals, length)
                break
            totals, tokens, chosen = self._continued(tokens, totals, logp, length)
            going = [k for k in range(len(self.open)) if not self._is_done(k, totals[k], length)]
            rows = chosen[going].ravel()
            self.open, totals, tokens = self.open[going], totals[going], tokens[going]
            if not going:
                break
            self.reader.choose(rows, tokens[:, :, -1].ravel(), fewer=len(going) < len(chosen))
        written = np.zeros((self.texts, self.longest), np.int64)
        for text, each in enumerate(self.best):
            written[text, : len(each.tokens)] = each.tokens
        return written, np.array([each.score for each in self.best])

    def drawn(self, choice: Choice) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(texts, longest) tokens that are drawn, and (texts,) scores, of the untempered probabilities."""
        written = np.zeros((self.texts, self.longest), np.int64)
        totals, lengths = np.zeros(self.texts), np.full(self.texts, self.longest + 1)
        for place in range(self.longest):
            logits = self._logits()
            tokens, logp = choice.tokens(logits, place, written[self.open, :place]), _log_softmax(logits)
            totals[self.open] += logp[np.arange(len(tokens)), tokens]
            going = np.flatnonzero(tokens != self.end)
            lengths[np.delete(self.open, going)] = place + 1
            fewer = len(going) < len(self.open)
            self.open = self.open[going]
            written[self.open, place] = tokens[going]
            if not len(going):
                break
            if place + 1 < self.longest:
                self.reader.choose(going, tokens[going], fewer=fewer)
        return written, np.array([total / penalty(n, self.alpha) for total, n in zip(totals, lengths, strict=True)])

    def _logits(self) -> NDArray[np.float64]:
        """(open texts · beams, vocabulary + 1) of the next token, `end` last; −∞ for what is never written."""
        logits = self.reader.logits()[:, : self.end + 1]
        logits[:, [_PAD, _UNKNOWN]] = -np.inf
        return logits

    def _log_shares(self) -> NDArray[np.float64]:
        """(open texts, beams, vocabulary + 1) log p of the next token."""
        return _log_softmax(self._logits()).reshape(len(self.open), self.beams, -1)

    def _continued(
        self, tokens: NDArray[np.int64], totals: NDArray[np.float64], logp: NDArray[np.float64], length: int
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """The likeliest open beginnings of each text after one more token, and the rows that they continue."""
        texts, beams, wide = logp.shape
        every = (totals[:, :, None] + logp).reshape(texts, -1)
        # one end for each beam at most: twice as many candidates hold enough that go on
        many = min(2 * beams, every.shape[1])
        likely = np.argpartition(-every, many - 1, axis=1)[:, :many]
        order = np.take_along_axis(likely, np.lexsort((likely, -np.take_along_axis(every, likely, 1))), 1)
        new_totals, sources = np.full((texts, beams), -np.inf), np.zeros((texts, beams), np.int64)
        last = np.full((texts, beams), self.end, np.int64)
        for text in range(texts):
            place = 0
            for rank, candidate in enumerate(order[text].tolist()):
                total, (beam, token) = every[text, candidate], divmod(candidate, wide)
                if total == -np.inf or place == beams:
                    break
                if token == self.end:
                    if rank < beams:
                        score = total / penalty(length, self.alpha)
                        self.best[self.open[text]].add(score, tokens[text, beam])
                    continue
                new_totals[text, place], sources[text, place], last[text, place] = total, beam, token
                place += 1
        grown = np.take_along_axis(tokens, sources[:, :, None], 1)
        return new_totals, np.concatenate([grown, last[:, :, None]], 2), sources + np.arange(texts)[:, None] * beams

    def _is_done(self, place: int, totals: NDArray[np.float64], length: int) -> bool:
        """Whether no open beginning is better than the k-th ended text, or nothing is open."""
        bar = self.best[self.open[place]].bar
        alone = self.beams == 1 and bar > -np.inf  # it ended where its end was the likeliest token
        return bool(alone or totals[0] == -np.inf or totals[0] / penalty(length, self.alpha) <= bar)

    def _close(self, tokens: NDArray[np.int64], totals: NDArray[np.float64], length: int) -> None:
        for place, text in enumerate(self.open):
            for beam in np.flatnonzero(totals[place] > -np.inf):
                self.best[text].add(totals[place, beam] / penalty(length, self.alpha), tokens[place, beam])


class _Ended:
    """The ended texts of one search: the best of them, and the score that another must beat to be among the k best."""

    def __init__(self, beams: int) -> None:
        self.score, self.tokens = -np.inf, np.empty(0, np.int64)
        self._beams, self._scores = beams, list[float]()

    @property
    def bar(self) -> float:
        """The k-th best score; −∞ while fewer have ended."""
        return self._scores[self._beams - 1] if len(self._scores) >= self._beams else -np.inf

    def add(self, score: float, tokens: NDArray[np.int64]) -> None:
        """One more."""
        self._scores = sorted([*self._scores, score], reverse=True)
        if score > self.score:
            self.score, self.tokens = score, tokens


class _Reader:
    """What the decoder says after the tokens so far: step by step, or where it can't, by whole passes."""

    def __init__(self, run: Run, whole: Arrays, padding: Arrays, rows: int, time: int, begin: int) -> None:
        self._run, self._whole, self._padding, self._time = run, whole, padding, time
        self._tokens = np.full((rows, 1), begin, np.int64)
        self._steps = run.steps("decoder", rows, time, whole, padding)

    def logits(self) -> NDArray[np.float64]:
        """(rows, vocabulary + 2) of the token after the last one."""
        if self._steps is not None:
            outputs = self._steps({_TARGET: self._tokens[:, -1:]})
            return _first(outputs)[:, -1].astype(np.float64)
        length = self._tokens.shape[1]
        read = np.pad(self._tokens, ((0, 0), (0, self._time - length)))  # causal: what follows changes nothing
        real = np.tile(np.arange(self._time) < length, (len(read), 1))
        outputs = self._run("decoder", {_TARGET: read, **self._whole}, {_TARGET: real, **self._padding})
        return _first(outputs)[:, length - 1].astype(np.float64)

    def choose(self, rows: NDArray[np.int64], tokens: NDArray[np.int64], *, fewer: bool) -> None:
        """Go on from these rows, each with one more token; `fewer` where rows of some texts are left out."""
        self._tokens = np.concatenate([self._tokens[rows], tokens[:, None]], 1)
        if self._steps is not None:
            self._steps.choose(rows, fewer)
        elif fewer:
            self._whole = {name: values[rows] for name, values in self._whole.items()}
            self._padding = {name: values[rows] for name, values in self._padding.items()}


def penalty(length: int, alpha: float) -> float:
    """lp of a text of so many tokens, its end among them."""
    return float(((5.0 + length) / 6.0) ** alpha)


def _log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    logits = logits - logits.max(1, keepdims=True)
    logp: NDArray[np.float64] = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return logp


def _first(outputs: Arrays) -> NDArray[Any]:
    return next(iter(outputs.values()))
