"""Dense layers on what a log-mel spectrogram is like over time: mean, deviation, maximum, and its changes.

    s = statistics of log-mel spectrogram(x),  h₀ = norm(s),  hᵢ = dropout(relu(Wᵢ · hᵢ₋₁ + bᵢ)),  y = W · hₙ + b

Source: G. Tzanetakis, P. Cook, Musical genre classification of audio signals, 2002, who describe a recording by means
and variances of its features, https://doi.org/10.1109/TSA.2002.800560
Differs from the paper: mel bands and a perceptron, instead of spectral features and Gaussian mixtures.
Parameters: widths 256, 128, 64 bands, 10 classes: 5 · 64 statistics, 2 · 320 of the norm, 117,002 in all.
"""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, dense_stack, network


def mel_statistics(
    window: int = 400, hop: int = 160, bands: int = 64, rate: int = 16000, widths: Sequence[int] = (256, 128),
    dropout: float = 0.3, classes: int | None = None,
) -> Architecture:  # fmt: skip
    """A spectrogram, its statistics over time, and dense layers.

    Args:
        window: length of a frame, in samples.
        hop: samples from one frame to the next.
        bands: number of mel bands.
        rate: samples a second.
        widths: sizes of the hidden layers.
        dropout: rate after each of them, in training.
        classes: outputs; without it the last hidden layer is the output.
    """
    heard = block("spectrogram", window=window, hop=hop, bands=bands, rate=rate)
    described = [heard, block("statistics_pool"), block("batch_norm")]
    return network(described, dense_stack(widths, rate=dropout), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"window": 20, "hop": 10, "bands": 3, "rate": 200, "widths": [8]}, "wave:100,rate=200,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters, counted by hand."""
    return [({"classes": 10}, "wave:16000", 2 * 320 + 321 * 256 + 257 * 128 + 129 * 10)]
