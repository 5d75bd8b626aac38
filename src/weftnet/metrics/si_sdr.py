"""Scale-invariant signal-to-distortion ratio: how much louder a signal is than what is wrong with it, in decibels.

    α = ⟨y, s⟩ / ⟨s, s⟩,   SI-SDR = 10 log₁₀(‖α s‖² / ‖α s − y‖²),   the mean over the examples

y is the answer, s the truth: neither loudness nor sign of y counts. ε, the least number above 0 that 1 + ε tells, is
added to each sum. Source: J. Le Roux and others, SDR – half-baked or well done?, 2019,
https://arxiv.org/abs/1811.02508. As torchmetrics' `ScaleInvariantSignalDistortionRatio`, without taking the mean away.
"""

import torch
from torch import Tensor

from weftnet.metrics._metric import Sums


class SiSdr(Sums, better="max"):
    """From waves (batch, …) and true waves of the same shape, both zero at padding."""

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Σ decibels, and how many."""
        decibels = si_sdr(outputs, target)
        return torch.stack([decibels.sum(), decibels.new_tensor(len(decibels))])

    def of(self, total: Tensor) -> Tensor:
        """The mean."""
        return total[0] / total[1]


def si_sdr(outputs: Tensor, target: Tensor) -> Tensor:
    """(batch) decibels in float64."""
    y, s = outputs.double().flatten(1), target.double().flatten(1)
    eps = torch.finfo(torch.float64).eps
    alpha = ((y * s).sum(1, keepdim=True) + eps) / (s.square().sum(1, keepdim=True) + eps)
    wrong = (alpha * s - y).square().sum(1)
    return 10 * (((alpha * s).square().sum(1) + eps) / (wrong + eps)).log10()


def example(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Waves, and the same with a little noise."""
    clean = torch.randn(12, 40, 1, generator=generator, dtype=torch.float64)
    return clean + 0.3 * torch.randn(12, 40, 1, generator=generator, dtype=torch.float64), clean
