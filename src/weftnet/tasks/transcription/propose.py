"""Which networks write down what is said: a Conformer and a CRNN on a spectrogram; a CRNN on a picture of a line.

The frames of a spectrogram are 25 ms long and begin every 10 ms; two of them become one step, as usual for characters
(D. Amodei and others, Deep Speech 2, 2016, https://arxiv.org/abs/1512.02595), where that leaves enough steps for the
longest text. A picture's columns are joined likewise, up to four.
"""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.tasks._propose.candidate import FACTORS, Candidate, adamw, after, formed, plain
from weftnet.tasks._propose.signals.wave import FEW, RATE, bands_of
from weftnet.tasks.transcription.task import Transcription

#: steps for each token of the longest text, and how often time is halved at most: of pictures, of sound
_ROOM, _HALVED, _HEARD = 1.5, 2, 1


def transcription(signals: Mapping[str, Signal], task: Transcription) -> list[Candidate]:
    """Networks that keep time; [] for inputs other than one recording or picture."""
    (signal,) = signals.values() if len(signals) == 1 else (None,)
    if signal is None or signal.kind not in ("wave", "image", "series"):
        return []
    return formed(
        _sized(signal, task, 1), ((_sized(signal, task, factor), f"{factor} times narrower") for factor in FACTORS)
    )


def _sized(signal: Signal, task: Transcription, factor: int) -> list[Candidate]:
    """The networks so many times narrower."""
    few = signal.about.rows is not None and signal.about.rows < FEW
    recipe = adamw(2e-3, clip=1.0, batch_size=16 if few else 32)
    picture = {"widths": [width // factor for width in (32, 64, 64)], "hidden": 128 // factor}
    if signal.kind == "image":
        sizes = {**picture, "halvings": _halvings(signal.size("width"), task.longest, _HALVED)}
        return [plain("crnn", sizes, recipe, "convolutions over the line, then memory along it from both ends")]
    heard, frames = _heard(signal)
    halvings = _halvings(frames, task.longest, _HEARD)
    narrow = {"dim": 96 // factor, "depth": 4, "halvings": halvings}
    conformer = plain("conformer_ctc", narrow, recipe, "attention for what is far apart, convolutions for what is near")
    whole = plain(
        "crnn", {**picture, "along": "height", "halvings": halvings}, recipe,
        "sound as an image of pitch over time, then memory along it from both ends",
    )  # fmt: skip
    return [after(heard, conformer), after([*heard, Block("sequence_to_channels")], whole)]


def _heard(signal: Signal) -> tuple[list[Node], int]:
    """A wave's spectrogram, normalised and partly hidden in training; a series as it is. And the steps."""
    time, hidden = signal.size("time"), Block("spec_augment", {"share": 0.1})
    if signal.kind == "series":
        return [Block("batch_norm"), hidden], time
    rate = signal.known.get("rate", RATE)
    window, hop = max(2, round(rate * 0.025)), max(1, round(rate * 0.01))
    sizes = {"window": window, "hop": hop, "bands": bands_of(rate, window), "rate": rate}
    return [Block("spectrogram", sizes), Block("batch_norm"), hidden], 1 + (time - window) // hop


def _halvings(steps: int, longest: int, most: int) -> int:
    """How often so many steps can be halved, at most so often, before they are too few for the longest text."""
    halvings = 0
    while halvings < most and steps // 2 ** (halvings + 1) >= _ROOM * longest:
        halvings += 1
    return halvings
