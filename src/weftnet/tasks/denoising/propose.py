"""Which networks clean a wave: a filter of its frequencies by LSTMs, a U-Net over its samples, and a WaveNet."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import FACTORS, Candidate, adamw, formed, plain
from weftnet.tasks._propose.signals.wave import FEW, RATE


def denoising(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Networks that give a wave; [] for inputs other than one wave."""
    (signal,) = signals.values() if len(signals) == 1 else (None,)
    if signal is None or signal.kind != "wave":
        return []
    return formed(_sized(signal, 1), ((_sized(signal, factor), f"{factor} times narrower") for factor in FACTORS))


def _sized(signal: Signal, factor: int) -> list[Candidate]:
    """The networks so many times narrower; frames of 32 ms, in an even number of samples."""
    window = max(4, 2 * round(signal.known.get("rate", RATE) * 0.016))
    few = signal.about.rows is not None and signal.about.rows < FEW
    recipe = adamw(2e-3, clip=1.0, batch_size=8 if few else 16)
    heard = "hears which frequencies are noise, and keeps the others: by far the fastest"
    filtered = "filters the samples themselves, near and far"
    live = "from earlier samples alone, so that it can run live"
    return [
        plain("lstm_denoiser", {"window": min(window, 512), "hidden": 128 // factor}, recipe, heard),
        plain("wave_unet", {"width": 24 // factor, "widest": 96 // factor}, recipe, filtered),
        plain("wavenet_denoiser", {"dim": 24 // factor, "skips": 48 // factor}, recipe, live),
    ]
