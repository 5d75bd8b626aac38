"""Words with their letters: a piece is a word, with all that is read of it."""

from typing import Any

import torch
from torch import Tensor

from weftnet.data.kinds._tokens import PAD, UNKNOWN
from weftnet.explain.explanation import DisplayedInput


class WordsView:
    """Words, (batch, time, 1 + letters) ⇄ (batch, time).

    Args:
        column: the fitted kind, which knows the words; None displays their numbers.
    """

    kind = "words"
    baseline_text = "the unknown word, without letters"

    def __init__(self, column: Any = None) -> None:
        self._column = column

    def baseline(self, values: Tensor) -> Tensor:
        """An unknown word without letters."""
        places = torch.arange(values.shape[2], device=values.device)
        return torch.where(places == 0, UNKNOWN, PAD).to(values.dtype)

    def per_piece(self, attributions: Tensor) -> Tensor:
        """The sum over a word's values, or over its vector."""
        return attributions.flatten(2).sum(2)

    def per_value(self, pieces: Tensor) -> Tensor:
        """A word and all of its letters."""
        return pieces.unsqueeze(2)

    def display(self, values: Tensor) -> DisplayedInput:
        """The words, one text for each step; padding is empty."""
        encoded = values.detach().cpu().numpy()
        if self._column is None:
            return DisplayedInput("tokens", [str(word) if word else "" for word in encoded[:, 0].tolist()])
        (known,) = self._column.decode(encoded[None])
        return DisplayedInput("tokens", [*known, *[""] * (len(encoded) - len(known))])
