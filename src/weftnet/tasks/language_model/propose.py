"""Which language models suit a text: char_transformer, char_lstm."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import FACTORS, Candidate, adamw, formed, plain


def language_model(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Language models; [] for inputs other than one text."""
    if [signal.kind for signal in signals.values()] != ["tokens"]:
        return []
    return formed(_sized(1), ((_sized(factor), f"{factor} times narrower") for factor in FACTORS))


def _sized(factor: int) -> list[Candidate]:
    """Both so many times narrower, with as many times fewer layers of attention."""
    attention = adamw(2e-3, clip=1.0, optimiser_settings={"weight_decay": 0.1, "betas": [0.9, 0.99]})
    deep, wide = {"dim": 128 // factor, "depth": 4 // factor}, {"dim": 128 // factor, "hidden": 240 // factor}
    return [
        plain("char_transformer", deep, attention, "attention to all earlier tokens"),
        plain("char_lstm", wide, adamw(4e-3, clip=1.0), "a memory of all earlier tokens, fast at each step"),
    ]
