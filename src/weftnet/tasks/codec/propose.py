"""Which networks compress sound: convolutions that shorten a wave, a quantiser, and as many that lengthen it again."""

import math
from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import FACTORS, Candidate, adamw, formed, plain
from weftnet.tasks._propose.signals.wave import FEW, RATE

#: positions a second, nearly; and how often a stride may double
_FRAMES, _DOUBLINGS = 125, 9


def codec(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Networks that give a wave of codes; [] for inputs other than one wave."""
    (signal,) = signals.values() if len(signals) == 1 else (None,)
    if signal is None or signal.kind != "wave":
        return []
    return formed(_sized(signal, 1), ((_sized(signal, factor), f"{factor} times narrower") for factor in FACTORS))


def _sized(signal: Signal, factor: int) -> list[Candidate]:
    """The network so many times narrower."""
    few = signal.about.rows is not None and signal.about.rows < FEW
    recipe = adamw(2e-3, clip=1.0, batch_size=8 if few else 16)
    settings = {"stride": stride(signal.known.get("rate", RATE)), "width": 128 // factor, "dim": 64 // factor}
    return [plain("wave_codec", settings, recipe, "writes and reads codes by convolutions, at any length")]


def stride(rate: int) -> int:
    """A power of two, for some 125 positions a second: 64 at 8000 Hz."""
    return int(2 ** min(max(1, round(math.log2(rate / _FRAMES))), _DOUBLINGS))
