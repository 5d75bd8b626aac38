"""Token swap: some pairs of neighbouring tokens of each text change places.

    pairs (2 i + p, 2 i + p + 1), p ~ uniform{0, 1} for each text;   a pair is swapped where uniform < share

The first and the last token stay: a tokeniser may put its marks there. Source: as M. Artetxe, G. Labaka, E. Agirre, K.
Cho, Unsupervised neural machine translation, 2018, https://arxiv.org/abs/1710.11041, section 3.2: swaps of neighbours.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import below
from weftnet.data.augment._draw import share as is_share
from weftnet.data.augment._tokens import draws, inner
from weftnet.data.augment._waves import real_of


class TokenSwap:
    """Random swaps of neighbours.

    Args:
        share: of the pairs that are swapped.
    """

    reads = "tokens"

    def __init__(self, share: float = 0.1) -> None:
        is_share("token_swap", share=share)
        self.share = share

    def sequences(
        self, values: Tensor, mask: Tensor | None, generator: torch.Generator
    ) -> tuple[Tensor, Tensor | None]:
        """Swap tokens (batch, time)."""
        real, time = real_of(values, mask), values.shape[1]
        places = torch.arange(time, device=values.device).expand(len(values), -1)
        first = (places - below(values, 2, generator)[:, None]) % 2 == 0
        partner = torch.where(first, places + 1, places - 1).clamp(0, time - 1)
        leader = torch.where(first, places, partner)  # both of a pair see its draw
        movable = inner(real)
        both = movable & movable.gather(1, partner) & (partner != places)
        swapped = both & (draws(values, generator).gather(1, leader) < self.share)
        return torch.where(real, values.gather(1, torch.where(swapped, partner, places)), 0), mask
