"""For texts, as tokens."""

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import Candidate, adamw, light, rich, smooth


def tokens(signal: Signal) -> list[Candidate]:
    """Classifiers of texts; [] if the vocabulary is not known."""
    if "vocabulary" not in signal.known:
        return []
    bag = smooth("text_bag", {}, adamw(1e-2), "the mean of word vectors: hard to beat where single words decide")
    lstm = smooth("text_lstm", {"dim": 64}, adamw(4e-3, clip=1.0), "reads word by word and remembers")
    return [
        light(bag),
        smooth("text_cnn", {"dim": 128}, adamw(2e-3), "convolutions find short, characteristic phrases"),
        rich(lstm),
        smooth("text_transformer", {}, adamw(5e-3, clip=1.0), "every word attends to every other"),
    ]


def example() -> str:
    """A small signal."""
    return "tokens:12,vocabulary=30,padded"
