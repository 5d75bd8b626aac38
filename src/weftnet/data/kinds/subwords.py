"""Subwords: texts as subword tokens, learnt from the training rows by byte-pair encoding.

    start:  a text is its UTF-8 bytes, 256 tokens in all
    fit:    the most frequent pair of adjacent tokens becomes a token, until there are `most`
    encode: the same merges, in the order they were learnt
    0 = padding, 1 = an empty text, then the bytes and the merged tokens

Every text consists of bytes, so nothing is unknown and `decode` restores every text exactly, unless it was truncated
(length, padding and trimming are as in `_tokens.py`; as a target: `_sequence.py`). Tokens do not cross word boundaries.
Source: R. Sennrich, B. Haddow, A. Birch, Neural machine translation of rare words with subword units, 2016,
https://arxiv.org/abs/1508.07909; on bytes: A. Radford and others, Language models are unsupervised multitask learners,
2019, whose pattern splits texts into words; here marks belong to the letters before them, so that
नमस्ते is whole.
The library `tokenizers` (extra `text`) does the fitting and the encoding, from the merges in the state: no tokeniser
file is ever read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._sequence import TokenSequence, is_sequence
from weftnet.data.kinds._tokenizers import as_json, library, only, ordered, part, texts_of
from weftnet.data.kinds._tokens import SHARE, SPECIALS, UNKNOWN, padded, usual_length
from weftnet.errors import DataError

_BYTES = 256
#: GPT-2's pattern of a word, with marks among the letters, and joiners between them
_WORD = r"'(?:s|t|re|ve|m|ll|d)| ?[\p{L}\p{M}\x{200c}\x{200d}]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+"


@dataclass
class Subwords(TokenSequence):
    """A column of texts, read as subwords.

    Args:
        most: tokens the vocabulary may hold, including the 256 bytes, without the two special ones.
        least: times a pair must occur in the training rows to become a token.
        length: tokens kept of a text; 0 to choose from the training rows.
        trim: whether batches are cut to their longest text.
        rule: of where words end: 2, or 1, GPT-2's own, which splits words of scripts with combining marks; 3,
            as 1, with every digit a word of its own.
        share: of the training texts that are read whole, where `length` is 0; all of a target, up to 512 tokens.
        shared: whether merges and vocabulary are one with those of the other columns that share theirs.
    """

    earlier: ClassVar[Mapping[str, Any]] = {"rule": 1}

    packages: ClassVar[tuple[str, ...]] = ("tokenizers",)
    accepts: ClassVar[tuple[str, ...]] = ("text",)
    most: int = 4000
    least: int = 2
    length: int = 0
    trim: bool = True
    rule: int = 2
    share: float = SHARE
    shared: bool = False
    vocabulary: list[str] = field(default_factory=list, init=False)
    merges: list[list[str]] = field(default_factory=list, init=False)
    time: int = field(default=1, init=False)

    def __post_init__(self) -> None:
        if self.most < _BYTES or self.least < 1 or self.length < 0:
            raise ValueError(
                f"subwords: expected most ≥ {_BYTES}, least ≥ 1, length ≥ 0; "
                f"got {self.most!r}, {self.least!r}, {self.length!r}"
            )
        if not 0 < self.share <= 1:
            raise ValueError(f"subwords: share: expected more than 0, at most 1, got {self.share!r}")

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """A target of texts; an input has to be named."""
        return is_sequence(column) if column.target else 0.0

    @classmethod
    def of_tokeniser(cls, document: Mapping[str, Any], longest: int) -> Self | None:
        """GPT-2's: pairs of bytes, its own rule of words."""
        model, before = part(document, "model"), part(document, "pre_tokenizer")
        if model.get("type") != "BPE":
            return None
        only(document, {"normalizer": (None,)}, "tokeniser")
        before, rule = _last_of(before)
        only(before, {"type": ("ByteLevel",), "add_prefix_space": (False,), "use_regex": (True,)}, "tokeniser")
        only(model, {"continuing_subword_prefix": (None, ""), "end_of_word_suffix": (None, ""),
                     "byte_fallback": (False,)}, "tokeniser")  # fmt: skip
        added = {each["content"]: each["id"] for each in document.get("added_tokens") or []}
        kind = cls(most=max(_BYTES, len(model["vocab"])), length=longest, rule=rule)
        kind.vocabulary, kind.time = ordered({**model["vocab"], **added}, "tokeniser"), longest
        kind.merges = [pair.split(" ") if isinstance(pair, str) else list(pair) for pair in model.get("merges", [])]
        kind._tokenizer  # noqa: B018  # refuses merges that don't fit
        return kind

    @classmethod
    def adopted(cls, state: Mapping[str, Any], settings: Mapping[str, Any]) -> Self | None:
        """With another length."""
        if set(settings) - {"length"}:
            return None
        kind = cls.from_state({**state, **settings})
        kind.time = settings.get("length") or kind.time
        return kind

    def fit(self, values: Any) -> Self:
        """Merges, vocabulary and length."""
        texts = texts_of(values)
        tokenizers = library()
        learner = _on_bytes(tokenizers.models.BPE(), self.rule)
        trainer = tokenizers.trainers.BpeTrainer(
            vocab_size=self.most,
            min_frequency=self.least,
            initial_alphabet=sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        learner.train_from_iterator(texts, trainer, len(texts))
        learnt = learner.get_vocab()
        self.vocabulary = sorted(learnt, key=lambda token: learnt[token])
        # the library exposes the merges only in its JSON form, as pairs or, before 0.20, as "a b"
        merges = as_json(learner)["model"]["merges"]
        self.merges = [pair.split(" ") if isinstance(pair, str) else list(pair) for pair in merges]
        self.__dict__.pop("_tokenizer", None)
        self.time = self.length or usual_length(self.lengths(texts), self.share)
        return self

    def adopt(self, joint: Self, values: Any) -> None:
        """Merges and vocabulary; the length is that of its own texts."""
        self.vocabulary, self.merges = list(joint.vocabulary), [list(pair) for pair in joint.merges]
        self.__dict__.pop("_tokenizer", None)
        self.time = self.length or usual_length(self.lengths(values), self.share)

    def lengths(self, values: Any) -> list[int]:
        """How many tokens each text has."""
        return [len(tokens) for tokens in self._tokens(texts_of(values))]

    def encode(self, values: Any) -> NDArray[np.int64]:
        """(rows, time) int64, padded with 0."""
        return padded(self._tokens(texts_of(values)), self.time)

    def decode(self, values: NDArray[Any]) -> list[str]:
        """The texts; � where the truncation fell inside a character."""
        tokens = [[code for code in row if code >= len(SPECIALS)] for row in values.tolist()]
        texts: list[str] = self._tokenizer.decode_batch(tokens, skip_special_tokens=False)
        return texts

    def tokens(self, text: str) -> NDArray[np.int64]:
        """(length,) the tokens of one text, however long; a single 1 if it is empty."""
        return np.array(self._tokens(texts_of([text]))[0] or [UNKNOWN], np.int64)

    def text(self, tokens: NDArray[np.int64]) -> str:
        """The text of (length,) tokens."""
        return self.decode(tokens[None])[0]

    @property
    def facts(self) -> dict[str, Any]:
        """How texts are split, and how many tokens are read."""
        return {"level": "subwords", "length": self.time}

    @property
    def signal(self) -> Signal:
        """Padded tokens."""
        return Signal(("time",), (self.time,), "int", {"vocabulary": len(self.vocabulary) + len(SPECIALS)}, True)

    def _tokens(self, texts: list[str]) -> list[list[int]]:
        encodings = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return [each.ids for each in encodings]

    @cached_property
    def _tokenizer(self) -> Any:
        """The library's tokeniser, made from the merges.

        Raises:
            DataError: they don't fit the vocabulary.
        """
        index = {token: code for code, token in enumerate(self.vocabulary, len(SPECIALS))}
        try:
            model = library().models.BPE(vocab=index, merges=[(first, second) for first, second in self.merges])
        except Exception as fault:  # the library raises no narrower class
            raise DataError("the merges don't fit the vocabulary of subwords", got=str(fault)) from None
        return _on_bytes(model, self.rule)


def _last_of(before: Mapping[str, Any]) -> tuple[Mapping[str, Any], int]:
    """What splits into bytes, and the rule: behind single digits, or alone."""
    steps = before.get("pretokenizers")
    if before.get("type") == "Sequence" and isinstance(steps, list) and len(steps) == 2:
        first, last = (each if isinstance(each, Mapping) else {} for each in steps)
        if (first.get("type"), first.get("individual_digits")) == ("Digits", True):
            return last, 3
    return before, 1


def _on_bytes(model: Any, rule: int) -> Any:
    """A tokeniser with this model on the bytes of words, and its decoder."""
    tokenizers = library()
    tokenizer = tokenizers.Tokenizer(model)
    before = tokenizers.pre_tokenizers
    of_bytes = before.ByteLevel(add_prefix_space=False, use_regex=rule != 2)
    first = {2: lambda: before.Split(tokenizers.Regex(_WORD), "isolated"), 3: lambda: before.Digits(True)}.get(rule)
    tokenizer.pre_tokenizer = of_bytes if first is None else before.Sequence([first(), of_bytes])
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    return tokenizer


def example() -> tuple[Subwords, Any]:
    """The kind, and texts, one of them missing and one empty: for its contract."""
    return Subwords(most=260), ["A b, c!", "b b", None, ""]
