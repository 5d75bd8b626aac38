"""For texts, as tokens: classifiers and language models."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.compete.propose.candidate import Candidate, adamw, plain, smooth


def texts(signal: Signal) -> list[Candidate]:
    """Classifiers of texts; [] if the vocabulary is not known."""
    if "vocabulary" not in signal.known:
        return []
    return [
        smooth("text_bag", {}, adamw(1e-2), "the mean of word vectors: hard to beat where single words decide"),
        smooth("text_cnn", {"dim": 128}, adamw(2e-3), "convolutions find short, characteristic phrases"),
        smooth("text_lstm", {"dim": 64}, adamw(4e-3, clip=1.0), "reads word by word and remembers"),
        smooth("text_transformer", {}, adamw(5e-3, clip=1.0), "every word attends to every other"),
    ]


def language_models(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Language models; [] for inputs other than one text."""
    if [signal.kind for signal in signals.values()] != ["tokens"]:
        return []
    attention = adamw(2e-3, clip=1.0, optimiser_settings={"weight_decay": 0.1, "betas": [0.9, 0.99]})
    return [
        plain("char_transformer", {}, attention, "attention to all earlier tokens"),
        plain("char_lstm", {}, adamw(4e-3, clip=1.0), "a memory of all earlier tokens, fast at each step"),
    ]
