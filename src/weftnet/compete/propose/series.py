"""For series and waves: long series are shortened first, and a long wave becomes a spectrogram."""

import math

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.compete.propose.candidate import Candidate, adamw, after, plain, smooth

#: The most steps for recurrence and attention; longer series are shortened by strided convolutions.
STEPS = 256
#: A single value over at least this many steps (23 frames of sound) is taken for a wave; its default sampling rate.
WAVE, RATE = 4000, 16_000


def series_or_wave(signal: Signal) -> list[Candidate]:
    """For a single value over very many steps the networks for sound, for others those that read step by step."""
    if signal.size("dim") == 1 and signal.size("time") >= WAVE:
        return waves(signal)
    return _steps(signal)


def _steps(signal: Signal) -> list[Candidate]:
    short = _shortened(signal.size("time"))
    lstm, attention = adamw(4e-3, clip=1.0), adamw(2e-3, clip=1.0)
    return [
        plain("series_cnn", {"widths": [64, 128, 64]}, adamw(4e-3), "convolutions along time, a strong baseline"),
        after(short, plain("series_lstm", {}, lstm, "reads step by step and remembers")),
        after(short, plain("series_transformer", {}, attention, "every step attends to every other")),
    ]


def waves(signal: Signal) -> list[Candidate]:
    """Networks on a spectrogram, and one on the raw wave; a very short wave is read step by step.

    The frames of the spectrogram are the usual 25 ms every 10 ms.
    """
    rate, time = signal.known.get("rate", RATE), signal.size("time")
    window, hop = round(rate * 0.025), round(rate * 0.01)
    frames, bands = 1 + (time - window) // hop, _bands(rate, window)
    if frames < 4:
        return _steps(signal)
    sizes = {"window": window, "hop": hop, "bands": bands, "rate": rate}
    spectrogram: list[Node] = [Block("spectrogram", sizes), Block("batch_norm")]
    halvings = int(math.log2(min(frames, bands)))
    stages = {"stages": [[16], [32], [64], [128]][: halvings + 1]}
    cnn = smooth("spectrogram_cnn", stages, adamw(4e-3), "sound as an image of pitch over time", entry="vgg")
    along = smooth("spectrogram_conv", {}, adamw(4e-3), "convolutions along time: how pitch changes", "series_cnn")
    lstm = plain("spectrogram_lstm", {}, adamw(4e-3, clip=1.0), "pitch read frame by frame", entry="series_lstm")
    series = plain("series_cnn", {"widths": [64, 128, 64]}, adamw(4e-3), "convolutions on the raw wave")
    return [
        after([*spectrogram, Block("sequence_to_channels")], cnn),
        after(spectrogram, along),
        after([*spectrogram, *_shortened(frames)], lstm),
        after(_shortened(time), series),
    ]


def _bands(rate: int, window: int) -> int:
    """Mel bands: 64, or as many as leave the lowest band, which is the narrowest, wider than a frequency bin."""
    lowest, top = (2595 * math.log10(1 + hertz / 700) for hertz in (rate / window, rate / 2))
    return max(1, min(64, int(2 * top / lowest) - 2))


def _shortened(time: int) -> list[Node]:
    """Strided convolutions until a series has at most STEPS steps."""
    nodes: list[Node] = []
    while time > STEPS:
        nodes += [Block("conv1d", {"dim": 64, "kernel": 9, "stride": 4}), Block("batch_norm"), Block("relu")]
        time = -(-time // 4)
    return nodes
