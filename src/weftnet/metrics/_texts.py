"""Metrics of written texts beside true ones, made of tokens: what they share, and how sacrebleu is asked.

Both are decoded by the target's kind: the score is of texts, so that it can be compared over vocabularies. Of a kind
that keeps words alone (`text`), it is a score of lower-case words with blanks between them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from weftnet.base.extras import need
from weftnet.data.kinds import KINDS
from weftnet.data.kinds._tokens import PAD
from weftnet.data.outputs import Outputs, chosen
from weftnet.metrics._metric import Metric

_EXTRA, _WHAT = "text", "scoring texts"


class OfTexts(Metric):
    """A metric of texts; a subclass says `of(written, true)`.

    Args:
        writer: the state of the kind that turns tokens into text; None for numbers with blanks between them.
    """

    def __init__(self, writer: Mapping[str, Any] | None = None) -> None:
        self._kind: Any = None if writer is None else KINDS.get(writer["kind"]).from_state(writer)
        super().__init__()

    def reset(self) -> None:
        """Forget every text."""
        self._written: list[str] = []
        self._true: list[str] = []

    def update(self, outputs: Outputs, target: Tensor) -> None:
        """Add the texts of tokens (batch, time), padded with 0."""
        self._written += self._texts(chosen(outputs))
        self._true += self._texts(target)

    def compute(self) -> Tensor | float:
        """The number over all texts; NaN of none."""
        return self.of(self._written, self._true) if self._written else torch.nan

    def of(self, written: Sequence[str], true: Sequence[str]) -> float:
        """The number."""
        raise NotImplementedError

    def _texts(self, tokens: Tensor) -> list[str]:
        rows = [row[row != PAD].cpu().numpy() for row in tokens]
        return [self._kind.text(row) if self._kind is not None else " ".join(map(str, row.tolist())) for row in rows]


def sacrebleu(metric: str) -> Any:
    """A metric of sacrebleu with its defaults, `BLEU` or `CHRF`: `corpus_score`, `sentence_score`, `get_signature`.

    Raises:
        MissingExtra: it is not installed.
    """
    need("sacrebleu", extra=_EXTRA, what=_WHAT)
    return getattr(need("sacrebleu.metrics", extra=_EXTRA, what=_WHAT), metric)()


def rouge(kinds: Sequence[str]) -> Any:
    """The scorer of rouge-score, with stemming: `score(true, written)`.

    Raises:
        MissingExtra: it is not installed.
    """
    return need("rouge_score.rouge_scorer", extra=_EXTRA, what=_WHAT).RougeScorer(list(kinds), use_stemmer=True)


def example(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Tokens that were written and true ones, some of them equal: for the contracts of such metrics."""
    true = torch.randint(2, 6, (12, 9), generator=generator)
    written = torch.where(torch.rand(true.shape, generator=generator) < 0.2, 7, true)
    return written, true
