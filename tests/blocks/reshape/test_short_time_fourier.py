"""The short-time Fourier transform and its back against sums written out, and against one another."""

import numpy as np
import pytest
import torch
from oracles import gradients_match, normal, padding_neutral, same, unchecked
from torch import Tensor

from weftnet.blocks.reshape.inverse_short_time_fourier import InverseShortTimeFourier
from weftnet.blocks.reshape.log_magnitude import LogMagnitude
from weftnet.blocks.reshape.pad_time import PadTime
from weftnet.blocks.reshape.short_time_fourier import ShortTimeFourier

SIZES = [(8, 4), (12, 3), (6, 2)]


def transformed(x: Tensor, window: int, hop: int) -> Tensor:
    """Frames by NumPy's own transform."""
    hann = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window))
    before = window - hop
    frames = -(-(len(x) + before) // hop)
    wave = np.zeros((frames - 1) * hop + window)
    wave[before : before + len(x)] = x[:, 0].numpy()
    rows = np.fft.rfft(np.stack([wave[t * hop : t * hop + window] * hann for t in range(frames)]))
    return torch.from_numpy(np.concatenate([rows.real, rows.imag], 1))


def summed(x: Tensor, hop: int) -> Tensor:
    """Frames back to a wave by NumPy's inverse transform, windowed and added."""
    window = x.shape[1] - 2
    hann = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window))
    real, imaginary = x.numpy()[:, : window // 2 + 1], x.numpy()[:, window // 2 + 1 :]
    wave = np.zeros((len(x) - 1) * hop + window)
    for t, frame in enumerate(np.fft.irfft(real + 1j * imaginary, window)):
        wave[t * hop : t * hop + window] += 2 * hop / window * hann * frame
    before = window - hop
    return torch.from_numpy(wave[before : before + len(x) * hop - before, None])


@pytest.mark.parametrize(("window", "hop"), SIZES)
def test_they_are_their_sums(window: int, hop: int) -> None:
    there, back = ShortTimeFourier(window, hop), InverseShortTimeFourier(window + 2, hop)
    waves, frames = normal(2, 29, 1), normal(3, 7, window + 2)
    same(there(waves), torch.stack([transformed(x, window, hop) for x in waves]))
    same(back(frames), torch.stack([summed(x, hop) for x in frames]))


@pytest.mark.parametrize(("window", "hop"), SIZES)
def test_the_wave_comes_back(window: int, hop: int) -> None:
    """And so do its gradients: both together are the identity."""
    there, back = ShortTimeFourier(window, hop), InverseShortTimeFourier(window + 2, hop)
    gradients_match(lambda x: back(there(x))[:, :29], lambda x: 1.0 * x, [normal(2, 29, 1)])


def test_padding_is_neutral() -> None:
    window, hop = 8, 4
    padding_neutral(ShortTimeFourier(window, hop), normal(3, 21, 1), [21, 14, 5], lambda n: -(-(n + 4) // 4))
    padding_neutral(InverseShortTimeFourier(10, 4), normal(3, 6, 10), [6, 4, 2], lambda n: 4 * n - 4)
    padding_neutral(LogMagnitude(), normal(2, 6, 4), [6, 3], lambda n: n)
    padding_neutral(PadTime(4), normal(2, 7, 3), [7, 3], lambda n: -(-n // 4) * 4)


def test_magnitudes() -> None:
    x = normal(2, 3, 10)
    gradients_match(LogMagnitude(), lambda x: torch.log(torch.hypot(x[..., :5], x[..., 5:]) ** 2 + 1e-6) / 2, [x])


def test_wrong_settings_are_refused() -> None:
    with unchecked(), pytest.raises(ValueError, match="short_time_fourier: window: expected an even number, got 7"):
        ShortTimeFourier(7)
    with unchecked(), pytest.raises(ValueError, match=r"hop: expected a half, a third, … of the window 8, got 8"):
        ShortTimeFourier(8, 8)
    with unchecked(), pytest.raises(ValueError, match="log_magnitude: x: expected real and imaginary parts"):
        LogMagnitude()(normal(1, 2, 3))
    with unchecked(), pytest.raises(ValueError, match="expected more than 1 frames"):
        InverseShortTimeFourier(10, 4)(normal(1, 1, 10))
