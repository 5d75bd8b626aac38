"""The two tokens that a text has beside its own: `end` and `begin`, numbered behind the vocabulary."""

import torch
from torch import Tensor

#: the network's input that holds the target so far
TARGET = "target"


def shifted(tokens: Tensor, mask: Tensor | None, vocabulary: int) -> tuple[Tensor, Tensor, Tensor]:
    """What is read, what follows it, and which places are real, all (batch, time + 1).

    [y_1 … y_n] → read [begin, y_1 … y_n], following [y_1 … y_n, end]

    Args:
        tokens: (batch, time) padded at the end.
        mask: which of them are real; None for all.
        vocabulary: end is this number, begin the next.
    """
    end, begin = vocabulary, vocabulary + 1
    mask = torch.ones_like(tokens, dtype=torch.bool) if mask is None else mask
    tokens = tokens.masked_fill(~mask, 0)
    first = tokens.new_full((len(tokens), 1), begin)
    real = torch.cat([torch.ones_like(first, dtype=torch.bool), mask], 1)
    following = torch.cat([tokens, torch.zeros_like(first)], 1).scatter(1, mask.sum(1, keepdim=True), end)
    return torch.cat([first, tokens], 1), following, real
