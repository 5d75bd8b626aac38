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
    cheaper = zip(FACTORS, FEWER, strict=True)
    return formed(_sized(signal, 1, STEPS), (
        (_sized(signal, factor, most), f"{factor} times narrower, and what reads word by word in at most {most} steps")
        for factor, most in cheaper
    ))  # fmt: skip


def _sized(signal: Signal, factor: int, most: int) -> list[Candidate]:
    """Of word vectors so many times narrower, and of so many steps at most where words are read one after another."""
    dim = 64 // factor
    phrases = {"dim": 2 * dim, "filters": 100 // factor}
    bag = smooth("text_bag", {"dim": dim}, adamw(1e-2),
                 "the mean of word vectors: hard to beat where single words decide")  # fmt: skip
    cnn = smooth("text_cnn", phrases, adamw(2e-3), "convolutions find short, characteristic phrases")
    lstm = smooth("text_lstm", {"dim": dim}, adamw(4e-3, clip=1.0), "reads word by word and remembers")
    attention = smooth("text_transformer", {"dim": dim}, adamw(5e-3, clip=1.0), "every word attends to every other")
    before = shortened(signal.size("time"), most, dim)
    return [light(bag), cnn, rich(_shortened(lstm, before)), _shortened(attention, before)]


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
