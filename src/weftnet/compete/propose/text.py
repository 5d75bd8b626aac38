"""For texts, as tokens: what tells their kind, and what writes them on."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.compete.propose.candidate import Candidate, adamw, plain, smooth


def texts(signal: Signal) -> list[Candidate]:
    """None for texts whose vocabulary is not known."""
    if "vocabulary" not in signal.known:
        return []
    return [
        smooth("text_bag", {}, adamw(1e-2), "the mean of word vectors: hard to beat when words tell all"),
        smooth("text_cnn", {"dim": 128}, adamw(2e-3), "convolutions find short telling phrases"),
        smooth("text_lstm", {"dim": 64}, adamw(4e-3, clip=1.0), "reads words in order and remembers"),
        smooth("text_transformer", {}, adamw(5e-3, clip=1.0), "every word looks at every other"),
    ]


def language_models(signals: Mapping[str, Signal]) -> list[Candidate]:
    """None for what is not text."""
    if [signal.kind for signal in signals.values()] != ["tokens"]:
        return []
    attention = adamw(2e-3, clip=1.0, optimiser_settings={"weight_decay": 0.1, "betas": [0.9, 0.99]})
    return [
        plain("char_transformer", {}, attention, "attention to all that came before"),
        plain("char_lstm", {}, adamw(4e-3, clip=1.0), "a memory of all that came before, quick at each step"),
    ]
