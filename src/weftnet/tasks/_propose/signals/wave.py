"""For waves: a long one becomes a spectrogram, a short one is read step by step."""

import math
from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.tasks._propose.candidate import FACTORS, Candidate, adamw, after, formed, light, plain, rich, smooth
from weftnet.tasks._propose.steps import STEPS, shortened, step_by_step

#: the default sampling rate
RATE = 16_000
#: frames of a spectrogram beyond which they lie further apart, up to 25 ms
FRAMES = 200
#: frames, at least, of a wave that becomes a spectrogram
_HEARD = 4
#: examples below which batches are halved, so that an epoch has some steps
FEW = 1000
#: the fewest frames and bands of a cheaper form
_LEAST = 8


def wave(signal: Signal) -> list[Candidate]:
    """Networks on a spectrogram, and one on the raw wave; a very short wave is read step by step.

    The frames of the spectrogram are 25 ms long and begin every 10 ms as usual; in recordings of more than two seconds
    they lie up to 25 ms apart. In the cheaper forms they lie further apart, and have fewer bands.
    """
    frames, sizes = _frames(signal)
    if frames < _HEARD:
        return step_by_step(signal)
    least = min(frames, sizes["bands"])
    cheaper = (factor for factor in FACTORS if least // factor >= _LEAST)
    return formed(_heard(signal, sizes, 1), (
        (_heard(signal, sizes, factor), f"with {factor} times fewer frames and bands, or samples")
        for factor in cheaper
    ))  # fmt: skip


def _heard(signal: Signal, usual: Mapping[str, int], factor: int) -> list[Candidate]:
    """Networks on a spectrogram of usual sizes, but with so many times fewer frames and bands."""
    time, bands, hop = signal.size("time"), usual["bands"] // factor, usual["hop"] * factor
    frames = 1 + (time - usual["window"]) // hop
    sizes = {**usual, "bands": bands, "hop": hop}
    spectrogram: list[Node] = [Block("spectrogram", sizes), Block("batch_norm"), Block("spec_augment")]
    pool = [Block("average_pool1d", {"size": factor})] if factor > 1 else []
    few = signal.about.rows is not None and signal.about.rows < FEW
    recipe = adamw(4e-3) | ({"batch_size": 32} if few else {})
    clipped = {**recipe, "clip": 1.0}
    halvings = int(math.log2(min(frames, bands)))
    stages = {"stages": [[16], [32], [64], [128]][: halvings + 1]}
    widths = {"widths": [width // factor for width in (128, 256, 128)]}
    cnn = plain("spectrogram_cnn", stages, recipe, "sound as an image of pitch over time", entry="vgg")
    along = plain("spectrogram_conv", widths, recipe, "convolutions along time: how pitch changes", "series_cnn")
    lstm = plain("spectrogram_lstm", {}, clipped, "pitch read frame by frame", entry="series_lstm")
    series = plain("series_cnn", {"widths": [64, 128, 64]}, recipe, "convolutions on the raw wave")
    statistics = smooth("mel_statistics", sizes, recipe, "what a spectrogram is like over time, its order left out")
    return [
        light(statistics),
        after([*spectrogram, Block("sequence_to_channels")], cnn),
        after(spectrogram, along),
        after([*spectrogram, *shortened(frames)], rich(lstm)),
        after([*pool, *shortened(time // factor, STEPS // factor)], series),
    ]


def statistics(signal: Signal) -> list[Node]:
    """What its spectrogram is like over time; a very short wave itself."""
    frames, sizes = _frames(signal)
    return [*([Block("spectrogram", sizes)] if frames >= _HEARD else []), Block("statistics_pool")]


def _frames(signal: Signal) -> tuple[int, dict[str, int]]:
    """How many frames its spectrogram has, and the block's settings."""
    rate, time = signal.known.get("rate", RATE), signal.size("time")
    window, hop = round(rate * 0.025), round(rate * 0.01)
    hop = max(hop, min(window, time // FRAMES))
    sizes = {"window": window, "hop": hop, "bands": bands_of(rate, window), "rate": rate}
    return 1 + (time - window) // hop, sizes


def bands_of(rate: int, window: int) -> int:
    """Mel bands: 64, or as many as leave the lowest band, which is the narrowest, wider than a frequency bin."""
    lowest, top = (2595 * math.log10(1 + hertz / 700) for hertz in (rate / window, rate / 2))
    return max(1, min(64, int(2 * top / lowest) - 2))


def example() -> str:
    """A small signal."""
    return "wave:4000,rate=8000"
