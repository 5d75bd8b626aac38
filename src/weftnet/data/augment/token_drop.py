"""Token drop: some tokens of each text are left out, and the rest moves together.

    a token is kept where uniform ≥ share;   the first and the last one always: a tokeniser may put its marks there

A text becomes shorter; behind it is padding. Source: M. Iyyer, V. Manjunatha, J. Boyd-Graber, H. Daumé III, Deep
unordered composition rivals syntactic methods for text classification, 2015, https://aclanthology.org/P15-1162 (word
dropout); as J. Wei, K. Zou, EDA, 2019, https://arxiv.org/abs/1901.11196 (random deletion).
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import share as is_share
from weftnet.data.augment._tokens import draws, inner
from weftnet.data.augment._waves import real_of


class TokenDrop:
    """Random deletion.

    Args:
        share: of the tokens that are left out.
    """

    reads = "tokens"

    def __init__(self, share: float = 0.1) -> None:
        is_share("token_drop", share=share)
        self.share = share

    def sequences(
        self, values: Tensor, mask: Tensor | None, generator: torch.Generator
    ) -> tuple[Tensor, Tensor | None]:
        """Leave tokens (batch, time) out."""
        real = real_of(values, mask)
        kept = real & ~(inner(real) & (draws(values, generator) < self.share))
        order = (~kept).to(torch.uint8).argsort(dim=1, stable=True)
        left = torch.arange(values.shape[1], device=values.device) < kept.sum(1, keepdim=True)
        return torch.where(left, values.gather(1, order), 0), None if mask is None else left
