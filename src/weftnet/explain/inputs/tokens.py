"""Tokens: a part is one token."""

from typing import Any

import torch
from torch import Tensor

from weftnet.data.kinds._tokens import PAD, UNKNOWN
from weftnet.explain.explanation import Shown


class TokensView:
    """Tokens, (batch, time) both ways.

    Args:
        column: the fitted kind, which knows the words; None shows the numbers.
    """

    kind = "tokens"
    against = "the unknown token"

    def __init__(self, column: Any = None) -> None:
        self._column = column

    def nothing(self, values: Tensor) -> Tensor:
        """The unknown token. A padding token would do no better: its vector is never trained."""
        return torch.full((), UNKNOWN, dtype=values.dtype, device=values.device)

    def fold(self, attributions: Tensor) -> Tensor:
        """Of the vectors of an embedding, the sum over their width."""
        return attributions.flatten(2).sum(2) if attributions.ndim > 2 else attributions

    def spread(self, parts: Tensor) -> Tensor:
        """A token is a token."""
        return parts

    def show(self, values: Tensor) -> Shown:
        """The words or characters, one text for each step; padding is empty."""
        codes = values.tolist()
        if self._column is None:
            return Shown("tokens", [str(code) for code in codes])
        words = self._column.decode(values.detach().cpu().numpy()[:, None])
        special = {PAD: "", UNKNOWN: "\ufffd"}
        return Shown("tokens", [special.get(code, word) for code, word in zip(codes, words, strict=True)])
