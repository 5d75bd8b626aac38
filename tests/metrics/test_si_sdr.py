"""Scale-invariant signal-to-distortion ratio against its formula in plain numbers, and against torchmetrics."""

import math

import pytest
import torch
from torchmetrics.audio import ScaleInvariantSignalDistortionRatio

from weftnet.metrics.si_sdr import SiSdr, si_sdr


def waves() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    clean = torch.randn(5, 30, 1, generator=generator, dtype=torch.float64)
    return clean + torch.randn(5, 30, 1, generator=generator, dtype=torch.float64) * 0.4, clean


def test_it_is_its_formula() -> None:
    y, s = waves()
    for row, value in enumerate(si_sdr(y, s).tolist()):
        a, b = y[row, :, 0].tolist(), s[row, :, 0].tolist()
        alpha = sum(p * q for p, q in zip(a, b, strict=True)) / sum(q * q for q in b)
        wrong = sum((alpha * q - p) ** 2 for p, q in zip(a, b, strict=True))
        assert value == pytest.approx(10 * math.log10(sum((alpha * q) ** 2 for q in b) / wrong))


def test_it_is_torchmetrics_own() -> None:
    y, s = waves()
    mine, theirs = SiSdr(), ScaleInvariantSignalDistortionRatio()
    for rows in (slice(0, 2), slice(2, 5)):
        mine.update(y[rows], s[rows])
        theirs.update(y[rows, :, 0], s[rows, :, 0])
    assert float(mine.compute()) == pytest.approx(float(theirs.compute()))


def test_neither_loudness_nor_padding_counts() -> None:
    y, s = waves()
    longer = [torch.cat((each, torch.zeros(5, 7, 1, dtype=torch.float64)), 1) for each in (3.5 * y, s)]
    torch.testing.assert_close(si_sdr(*longer), si_sdr(y, s))
    assert torch.isfinite(si_sdr(0 * y, s)).all()
    assert torch.isfinite(si_sdr(y, 0 * s)).all()
