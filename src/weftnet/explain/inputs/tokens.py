"""Tokens: a piece is one token."""

from typing import Any

import torch
from torch import Tensor

from weftnet.data.kinds._tokens import PAD, UNKNOWN
from weftnet.explain.explanation import DisplayedInput


class TokensView:
    """Tokens, (batch, time) both ways.

    Args:
        column: the fitted kind, which knows the words; None displays the token ids.
    """

    kind = "tokens"
    baseline_text = "the unknown token"

    def __init__(self, column: Any = None) -> None:
        self._column = column

    def baseline(self, values: Tensor) -> Tensor:
        """The unknown token. A padding token would do no better: its vector is never trained."""
        return torch.full((), UNKNOWN, dtype=values.dtype, device=values.device)

    def per_piece(self, attributions: Tensor) -> Tensor:
        """For embedded tokens the sum over the vector."""
        return attributions.flatten(2).sum(2) if attributions.ndim > 2 else attributions

    def per_value(self, pieces: Tensor) -> Tensor:
        """Every value is a piece."""
        return pieces

    def display(self, values: Tensor) -> DisplayedInput:
        """The words or characters, one text for each step; padding is empty."""
        codes = values.tolist()
        if self._column is None:
            return DisplayedInput("tokens", [str(code) for code in codes])
        words = self._column.decode(values.detach().cpu().numpy()[:, None])
        special = {PAD: "", UNKNOWN: "\ufffd"}
        return DisplayedInput("tokens", [special.get(code, word) for code, word in zip(codes, words, strict=True)])
