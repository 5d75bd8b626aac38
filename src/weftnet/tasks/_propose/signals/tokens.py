"""For texts, as tokens; long ones are shortened before they are read step by step, or step against step."""

from dataclasses import replace

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture
from weftnet.tasks._propose.candidate import Candidate, adamw, light, nodes_of, rich, smooth
from weftnet.tasks._propose.steps import shortened


def tokens(signal: Signal) -> list[Candidate]:
    """Classifiers of texts; [] if the vocabulary is not known."""
    if "vocabulary" not in signal.known:
        return []
    bag = smooth("text_bag", {}, adamw(1e-2), "the mean of word vectors: hard to beat where single words decide")
    lstm = smooth("text_lstm", {"dim": 64}, adamw(4e-3, clip=1.0), "reads word by word and remembers")
    return [
        light(bag),
        smooth("text_cnn", {"dim": 128}, adamw(2e-3), "convolutions find short, characteristic phrases"),
        rich(_shortened(lstm, signal.size("time"))),
        _shortened(
            smooth("text_transformer", {}, adamw(5e-3, clip=1.0), "every word attends to every other"),
            signal.size("time"),
        ),
    ]


def _shortened(candidate: Candidate, time: int) -> Candidate:
    """The candidate with strided convolutions behind its embedding, where texts are long; it says so."""
    embedding, *others = nodes_of(candidate)
    if not (before := shortened(time)):
        return candidate
    network = Architecture.of([embedding, *before, *others])
    return replace(candidate, architecture=network, why=f"{candidate.why}; long texts are shortened by convolutions")


def example() -> str:
    """A small signal."""
    return "tokens:12,vocabulary=30,padded"
