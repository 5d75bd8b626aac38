"""The spectrogram against the transform and the filters written out."""

import cmath
import math
import re

import pytest
import torch
from oracles import exports, gradients_match, padding_neutral, same
from torch import Tensor

from weftnet.blocks.reshape.spectrogram import Spectrogram

WINDOW, HOP, BANDS, RATE = 11, 4, 3, 160


def mel(frequency: float) -> float:
    return 2595 * math.log10(1 + frequency / 700)


def hertz(mels: float) -> float:
    return 700 * (10 ** (mels / 2595) - 1)


def log_mel(x: Tensor) -> Tensor:
    """Frame by frame, frequency by frequency; x (batch, time, 1)."""
    corners = [hertz(mel(RATE / 2) * m / (BANDS + 1)) for m in range(BANDS + 2)]
    batch, time, _ = x.shape
    frames = []
    for first in range(0, time - WINDOW + 1, HOP):
        hann = torch.tensor([0.5 - 0.5 * math.cos(2 * math.pi * n / WINDOW) for n in range(WINDOW)], dtype=x.dtype)
        frame = x[:, first : first + WINDOW, 0] * hann
        bands = torch.zeros(batch, BANDS, dtype=x.dtype)
        for k in range(WINDOW // 2 + 1):
            turns = [cmath.exp(-2j * math.pi * k * n / WINDOW) for n in range(WINDOW)]
            power = (frame.to(torch.complex128) @ torch.tensor(turns, dtype=torch.complex128)).abs() ** 2
            frequency = k * RATE / WINDOW
            for m, (low, peak, high) in enumerate(zip(corners, corners[1:], corners[2:], strict=False)):
                if low < frequency <= peak:
                    bands[:, m] = bands[:, m] + power * (frequency - low) / (peak - low)
                elif peak < frequency < high:
                    bands[:, m] = bands[:, m] + power * (high - frequency) / (high - peak)
        frames.append(torch.log(bands + 1e-6))
    return torch.stack(frames, dim=1)


def block() -> Spectrogram:
    return Spectrogram(WINDOW, HOP, BANDS, RATE)


@pytest.mark.parametrize("time", [11, 14, 27])
def test_equals_the_loop(time: int) -> None:
    gradients_match(block(), log_mel, [torch.randn(2, time, 1, dtype=torch.float64)])


def test_a_tone_is_loudest_in_its_band() -> None:
    time = torch.arange(1600) / 16000
    tone = torch.sin(2 * math.pi * 1000 * time).reshape(1, -1, 1)
    corners = [hertz(mel(8000) * m / 65) for m in range(66)]
    nearest = min(range(64), key=lambda m: abs(corners[m + 1] - 1000))
    assert set(Spectrogram()(tone).argmax(dim=-1).flatten().tolist()) == {nearest}


def test_padding_changes_nothing() -> None:
    x = torch.randn(4, 27, 1, dtype=torch.float64)
    padding_neutral(block(), x, [27, 18, 11, 5], lambda steps: 1 + (steps - WINDOW) // HOP if steps >= WINDOW else 0)


def test_low_precision() -> None:
    x = torch.randn(2, 27, 1)
    y = block()(x.bfloat16())
    assert y.dtype is torch.bfloat16
    same(y.float(), block()(x.bfloat16().float()), 0.05)


def test_exports() -> None:
    x, mask = torch.randn(2, 27, 1), torch.arange(27) < torch.tensor([[27], [15]])
    exports(block(), x)
    exports(block(), x, mask)


def test_runs_on_meta() -> None:
    assert Spectrogram()(torch.randn(2, 16000, 1, device="meta")).shape == (2, 98, 64)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"hop": 0}, "spectrogram: hop: expected a positive integer, got 0"),
        (
            {"bands": 128},
            "spectrogram: bands: expected fewer, or a longer window than 400, so that every band holds a frequency, "
            "got 128",
        ),
    ],
)
def test_settings_are_checked(settings: dict[str, int], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        Spectrogram(**settings)


def test_misfits_are_rejected() -> None:
    with pytest.raises(ValueError, match="spectrogram: x: expected a wave, one value a step, got 2 values"):
        block()(torch.randn(1, 27, 2))
    with pytest.raises(ValueError, match="spectrogram: window: expected at most the wave's 9 steps, got 11"):
        block()(torch.randn(1, 9, 1))
