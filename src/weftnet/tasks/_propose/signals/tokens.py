"""For texts, as tokens; long ones are shortened before they are read step by step, or step against step."""

from collections.abc import Sequence
from dataclasses import replace

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Node
from weftnet.tasks._propose.candidate import FACTORS, Candidate, adamw, formed, light, nodes_of, rich, smooth
from weftnet.tasks._propose.steps import FEWER, STEPS, shortened


def tokens(signal: Signal) -> list[Candidate]:
    """Classifiers of texts; [] if the vocabulary is not known."""
    if "vocabulary" not in signal.known:
        return []
    time = signal.size("time")
    shorter = ((_readers(time, factor, most), f"{factor} times narrower, in at most {most} steps")
               for factor, most in zip(FACTORS, FEWER, strict=True))  # fmt: skip
    return [
        *formed(_pooled(1), ((_pooled(factor), f"{factor} times narrower") for factor in FACTORS)),
        *formed(_readers(time, 1, STEPS), shorter),
    ]


def _pooled(factor: int) -> list[Candidate]:
    """Means of words and word pairs, and maxima of phrases, of vectors so many times narrower."""
    why = "the mean of word vectors: hard to beat where single words decide"
    bag = smooth("text_bag", {"dim": 64 // factor}, adamw(1e-2), why)
    why = "the mean of the vectors of words and word pairs: short phrases count"
    ngrams = smooth("text_ngrams", {"dim": 16 // factor}, adamw(1e-2), why)
    sizes = {"dim": 128 // factor, "filters": 100 // factor}
    cnn = smooth("text_cnn", sizes, adamw(2e-3), "convolutions find short, characteristic phrases")
    return [light(bag), ngrams, cnn]


def _readers(time: int, factor: int, most: int) -> list[Candidate]:
    """Recurrence and attention, of vectors so many times narrower, over so many steps at most."""
    dim = 64 // factor
    lstm = smooth("text_lstm", {"dim": dim}, adamw(4e-3, clip=1.0), "reads word by word and remembers")
    attention = smooth("text_transformer", {"dim": dim}, adamw(5e-3, clip=1.0), "every word attends to every other")
    before = shortened(time, most, dim)
    return [rich(_shortened(lstm, before)), _shortened(attention, before)]


def _shortened(candidate: Candidate, before: Sequence[Node]) -> Candidate:
    """The candidate with strided convolutions behind its embedding, where texts are long; it says so."""
    if not before:
        return candidate
    embedding, *others = nodes_of(candidate)
    network = Architecture.of([embedding, *before, *others])
    return replace(candidate, architecture=network, why=f"{candidate.why}; long texts are shortened by convolutions")


def example() -> str:
    """A small signal."""
    return "tokens:12,vocabulary=30,padded"
