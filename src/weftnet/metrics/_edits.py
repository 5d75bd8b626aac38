"""How texts differ from references: the fewest substitutions, deletions and insertions, counted by jiwer."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from weftnet.base.extras import need
from weftnet.data.kinds import KINDS
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._tokens import PAD
from weftnet.metrics._metric import Sums


def edits(references: Sequence[str], texts: Sequence[str], unit: Literal["words", "characters"]) -> tuple[int, int]:
    """Edits that turn the references into the texts, and the units that the references have.

    Raises:
        MissingExtra: jiwer is not installed.
    """
    if not references:
        return 0, 0
    jiwer = need("jiwer", extra="audio", what="counting wrong words")
    count = jiwer.process_words if unit == "words" else jiwer.process_characters
    found = count(list(references), list(texts))
    wrong = found.substitutions + found.deletions
    return wrong + found.insertions, wrong + found.hits


class ErrorRate(Sums):
    """Edits over units of the references.

    Args:
        writer: the state of the kind that turns tokens into text; None where a token is a word, and its own text.
    """

    counts: Literal["words", "characters"]

    def __init__(self, writer: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.writer = writer
        self._kind: Kind | None = None if writer is None else KINDS.get(writer["kind"]).from_state(writer)

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """The edits, and the units of the references."""
        told, truth = (texts_of(self._kind, tokens) for tokens in (outputs, target))
        return torch.tensor(edits(truth, told, self.counts), dtype=torch.float64)

    def of(self, total: Tensor) -> Tensor:
        """The quotient."""
        return total[0] / total[1]


def texts_of(kind: Kind | None, tokens: Tensor) -> list[str]:
    """The texts of tokens (batch, length), padded with 0; without a kind each token is a word."""
    rows = [row[row != PAD] for row in tokens.cpu().numpy()]
    if kind is None:
        return [" ".join(map(str, row.tolist())) for row in rows]
    return [str(kind.decode(row[None])[0]) if len(row) else "" for row in rows]


def example(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Tokens that are partly those of the target, both padded with 0."""
    target = torch.randint(1, 5, (12, 6), generator=generator)
    outputs = torch.where(torch.rand(12, 6, generator=generator) < 0.8, target, 1)
    for row in range(12):
        target[row, 3 + row % 4 :], outputs[row, 2 + row % 5 :] = PAD, PAD
    return outputs, target
