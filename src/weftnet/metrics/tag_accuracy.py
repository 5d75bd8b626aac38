"""Tag accuracy: the share of words whose tag is right."""

import torch
from torch import Tensor

from weftnet.metrics._metric import Sums


class TagAccuracy(Sums, better="max", unit="share"):
    """From tags and the true ones (n, time), whole numbers, −1 where a sentence has ended."""

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Right words, and all."""
        counts = target >= 0
        return torch.stack([((outputs == target) & counts).sum(), counts.sum()])

    def of(self, total: Tensor) -> Tensor:
        """Their share."""
        return total[0].double() / total[1]


def example(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Tags of sentences of several lengths."""
    tags, target = (torch.randint(3, (12, 6), generator=generator) for _ in range(2))
    return tags, target.masked_fill(torch.arange(6) >= torch.randint(1, 7, (12, 1), generator=generator), -1)
