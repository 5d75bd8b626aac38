"""Which language models suit a text: char_transformer, char_lstm."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import Candidate, adamw, plain


def language_model(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Language models; [] for inputs other than one text."""
    if [signal.kind for signal in signals.values()] != ["tokens"]:
        return []
    attention = adamw(2e-3, clip=1.0, optimiser_settings={"weight_decay": 0.1, "betas": [0.9, 0.99]})
    return [
        plain("char_transformer", {}, attention, "attention to all earlier tokens"),
        plain("char_lstm", {}, adamw(4e-3, clip=1.0), "a memory of all earlier tokens, fast at each step"),
    ]
