"""Word pieces: texts as BERT reads them, words cut into the longest pieces that the vocabulary has.

    clean:  control characters out, every blank a space, Chinese characters apart, lower case, accents off
    split:  at blanks, and punctuation apart
    pieces: of a word from its beginning the longest known piece, then of its rest, whose pieces begin with ##;
            a word that can't be put together, or has more than 100 characters, is one unknown token
    a text: [CLS] pieces [SEP], truncated to `length` in all, padded with 0

A vocabulary is learnt from the training rows (`fit`), or is that of a published network, with its numbers: then the
tokens are those of Hugging Face's BERT tokeniser. Special tokens that a text spells out, such as [SEP], are these.
Source: M. Schuster, K. Nakajima, Japanese and Korean voice search, 2012, https://doi.org/10.1109/ICASSP.2012.6289079;
as used by J. Devlin and others, BERT, 2018, https://arxiv.org/abs/1810.04805.
The library `tokenizers` (extra `text`) does the work, from the vocabulary in the state: no tokeniser file is ever read.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._tokenizers import library, only, ordered, part, texts_of
from weftnet.data.kinds._tokens import padded, usual_length
from weftnet.errors import DataError

_PAD, _UNKNOWN, _FIRST, _LAST, _MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
_INSIDE = "##"
#: characters of the longest word that is cut into pieces, as published
_LONGEST = 100


@dataclass
class WordPieces(Kind):
    """A column of texts, read as word pieces.

    Args:
        most: tokens the vocabulary may hold.
        least: times a pair of pieces must occur in the training rows to become one.
        length: tokens kept of a text, its two marks included; 0 to choose from the training rows.
        trim: whether batches are cut to their longest text.
        lower: whether letters are made small.
        accents: whether they stay; else é is e.
    """

    packages: ClassVar[tuple[str, ...]] = ("tokenizers",)
    capped: ClassVar[bool] = True
    accepts: ClassVar[tuple[str, ...]] = ("text",)
    most: int = 8000
    least: int = 2
    length: int = 0
    trim: bool = True
    lower: bool = True
    accents: bool = False
    vocabulary: list[str] = field(default_factory=list, init=False)
    time: int = field(default=2, init=False)

    def __post_init__(self) -> None:
        if self.most < 10 or self.least < 1 or (self.length and self.length < 3) or self.length < 0:
            got = f"{self.most!r}, {self.least!r}, {self.length!r}"
            raise ValueError(f"word_pieces: expected most ≥ 10, least ≥ 1, length ≥ 3 or 0; got {got}")

    @classmethod
    def of_tokeniser(cls, document: Mapping[str, Any], longest: int) -> Self | None:
        """BERT's: a vocabulary, and whether letters are made small."""
        model = part(document, "model")
        if model.get("type") != "WordPiece":
            return None
        normal, before = part(document, "normalizer"), part(document, "pre_tokenizer")
        only(model, {"continuing_subword_prefix": (_INSIDE,), "max_input_chars_per_word": (_LONGEST,),
                     "unk_token": (_UNKNOWN,)}, "tokeniser")  # fmt: skip
        only(normal, {"type": ("BertNormalizer",), "clean_text": (True,), "handle_chinese_chars": (True,)}, "tokeniser")
        only(before, {"type": ("BertPreTokenizer",)}, "tokeniser")
        lower, strip = normal.get("lowercase", True), normal.get("strip_accents")
        kind = cls(length=longest, lower=lower, accents=not (lower if strip is None else strip))
        kind.vocabulary, kind.time = ordered(model.get("vocab", {}), "tokeniser"), longest
        kind._tokenizer  # noqa: B018  # refuses a vocabulary without the marks
        return kind

    @classmethod
    def adopted(cls, state: Mapping[str, Any], settings: Mapping[str, Any]) -> Self | None:
        """With another length."""
        if set(settings) - {"length"}:
            return None
        kind = cls.from_state({**state, "length": 0, **settings})
        kind.time = kind.length or kind.time
        return kind

    def suited(self, values: Any) -> Self:
        """As long as nearly all texts here are, and no longer than there."""
        if self.trim and not self.length:
            self.time = min(self.time, max(3, usual_length([len(each) for each in self._pieces(values)])))
        return self

    def fit(self, values: Any) -> Self:
        """Vocabulary and length."""
        tokenizers, texts = library(), texts_of(values)
        learner = self._made(tokenizers.models.WordPiece(unk_token=_UNKNOWN, max_input_chars_per_word=_LONGEST))
        # numbered here: the library numbers the characters inside words as it meets words, in another order each time
        inside = sorted({_INSIDE + letter for word in _words(learner, texts) for letter in word[1:]})
        trainer = tokenizers.trainers.WordPieceTrainer(
            vocab_size=self.most, min_frequency=self.least, show_progress=False, continuing_subword_prefix=_INSIDE,
            special_tokens=[_PAD, _UNKNOWN, _FIRST, _LAST, _MASK, *inside],
        )  # fmt: skip
        learner.train_from_iterator(texts, trainer, len(texts))
        self.vocabulary = ordered(learner.get_vocab(), "word_pieces")
        self.__dict__.pop("_tokenizer", None)
        self.time = self.length or max(3, usual_length([len(each) for each in self._pieces(texts)]))
        return self

    def encode(self, values: Any) -> NDArray[np.int64]:
        """(rows, time) int64, padded with 0."""
        first, last = self._code(_FIRST), self._code(_LAST)
        inside = [pieces[1:-1][: max(0, self.time - 2)] for pieces in self._pieces(values)]
        return padded([[first, *pieces, last] for pieces in inside], self.time)

    def decode(self, values: NDArray[Any]) -> list[str]:
        """The texts as their pieces have them: in small letters, with blanks around marks."""
        hidden = {self._code(token) for token in (_PAD, _FIRST, _LAST)}
        rows = [[code for code in row if code not in hidden] for row in values.tolist()]
        texts: list[str] = self._tokenizer.decode_batch(rows, skip_special_tokens=False)
        return texts

    def tokens(self, text: str) -> NDArray[np.int64]:
        """(length,) the tokens of one text, however long, with the marks around them."""
        return np.array(self._pieces([text])[0], np.int64)

    def text(self, tokens: NDArray[np.int64]) -> str:
        """The text of (length,) tokens."""
        return self.decode(tokens[None])[0]

    def beyond(self, values: Any) -> int:
        """How many texts have more tokens than are read."""
        return sum(len(pieces) > self.time for pieces in self._pieces(values))

    @property
    def facts(self) -> dict[str, Any]:
        """How texts are split, and how many tokens are read."""
        return {"level": "word pieces", "length": self.time}

    @property
    def signal(self) -> Signal:
        """Padded tokens."""
        return Signal(("time",), (self.time,), "int", {"vocabulary": max(2, len(self.vocabulary))}, True)

    def _pieces(self, values: Any) -> list[list[int]]:
        """The tokens of texts, with the marks around them."""
        first, last = self._code(_FIRST), self._code(_LAST)
        encodings = self._tokenizer.encode_batch_fast(texts_of(values), add_special_tokens=False)
        return [[first, *each.ids, last] for each in encodings]

    def _code(self, token: str) -> int:
        return int(self._tokenizer.token_to_id(token))

    def _made(self, model: Any) -> Any:
        """A tokeniser with this model, on the words of cleaned texts."""
        tokenizers = library()
        made = tokenizers.Tokenizer(model)
        made.normalizer = tokenizers.normalizers.BertNormalizer(
            clean_text=True, handle_chinese_chars=True, strip_accents=not self.accents, lowercase=self.lower
        )
        made.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
        made.decoder = tokenizers.decoders.WordPiece(prefix=_INSIDE, cleanup=False)
        return made

    @cached_property
    def _tokenizer(self) -> Any:
        """The library's tokeniser, made from the vocabulary.

        Raises:
            DataError: it lacks a mark, or padding is not its first token.
        """
        index = {token: code for code, token in enumerate(self.vocabulary)}
        lacking = [token for token in (_UNKNOWN, _FIRST, _LAST) if token not in index]
        if lacking or index.get(_PAD) != 0:
            got = f"lacks {', '.join(lacking)}" if lacking else f"{_PAD} is token {index.get(_PAD)}"
            raise DataError("this is no vocabulary of word pieces", expected=f"{_PAD} first, and its marks", got=got)
        model = library().models.WordPiece(
            vocab=index, unk_token=_UNKNOWN, max_input_chars_per_word=_LONGEST, continuing_subword_prefix=_INSIDE
        )
        made = self._made(model)
        made.add_special_tokens([token for token in (_PAD, _UNKNOWN, _FIRST, _LAST, _MASK) if token in index])
        return made


def example() -> tuple[WordPieces, Any]:
    """The kind, and texts, one of them missing and one empty: for its contract."""
    return WordPieces(most=60), ["A bee, Élan!", "bee bee", None, ""]


def _words(learner: Any, texts: Iterable[str]) -> Iterator[str]:
    """The words that a learner sees, as often as they occur."""
    for text in texts:
        for word, _ in learner.pre_tokenizer.pre_tokenize_str(learner.normalizer.normalize_str(text)):
            yield word
