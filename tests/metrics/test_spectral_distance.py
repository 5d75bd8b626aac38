"""The log-spectral distance against NumPy's transform, frame by frame."""

import numpy as np
import pytest
import torch

from weftnet.metrics.spectral_distance import SpectralDistance


def by_loop(y: np.ndarray, s: np.ndarray, window: int = 256, hop: int = 64) -> float:
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    starts = [0]
    while starts[-1] + window < len(s):
        starts.append(starts[-1] + hop)
    padded = [np.concatenate([each, np.zeros(window)]) for each in (y, s)]
    frames = [[abs(np.fft.rfft(each[at : at + window] * hann)) ** 2 for at in starts] for each in padded]
    heard = [(mine, true) for mine, true in zip(*frames, strict=True) if true.any()]
    quiet = 1e-5 * np.mean([true for _, true in heard])
    return float(
        np.mean([np.sqrt(np.mean((10 * np.log10((mine + quiet) / (true + quiet))) ** 2)) for mine, true in heard])
    )


def test_it_is_that_of_numpy() -> None:
    draw = np.random.default_rng(0)
    true, mine = draw.normal(size=(3, 500)), draw.normal(size=(3, 500))
    true[1, 300:], mine[1, 300:] = 0, 0  # padding
    metric = SpectralDistance()
    metric.update(torch.from_numpy(mine)[:2, :, None], torch.from_numpy(true)[:2, :, None])
    metric.update(torch.from_numpy(mine)[2:, :, None], torch.from_numpy(true)[2:, :, None])
    assert float(metric.compute()) == pytest.approx(np.mean([by_loop(y, s) for y, s in zip(mine, true, strict=True)]))


def test_loudness_is_heard_and_silence_does_not_count() -> None:
    wave = torch.randn(2, 600, 1, dtype=torch.float64)
    metric = SpectralDistance()
    metric.update(2 * wave, wave)
    assert float(metric.compute()) == pytest.approx(20 * np.log10(2), rel=1e-3)
    metric.update(torch.zeros(1, 100, 1), torch.zeros(1, 100, 1))
    assert float(metric.compute()) == pytest.approx(20 * np.log10(2), rel=1e-3)


def test_a_wave_shorter_than_a_frame() -> None:
    wave = np.random.default_rng(1).normal(size=70)
    metric = SpectralDistance()
    metric.update(torch.from_numpy(wave[None, :, None] * 0.5 + 0.1), torch.from_numpy(wave[None, :, None]))
    assert float(metric.compute()) == pytest.approx(by_loop(wave * 0.5 + 0.1, wave))
