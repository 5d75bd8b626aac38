"""Which networks suit sentences: a reader from both ends, and attention between all words."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Node
from weftnet.tasks._propose.candidate import FACTORS, Candidate, adamw, formed, plain


def tagging(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Networks that keep every word; [] for inputs other than one list of words."""
    kinds = [signal.kind for signal in signals.values()]
    if kinds not in (["words"], ["tokens"]):
        return []
    letters = kinds == ["words"]
    return formed(_sized(1, letters), ((_sized(factor, letters), f"{factor} times narrower") for factor in FACTORS))


def _sized(factor: int, letters: bool) -> list[Candidate]:
    """Both so many times narrower; without letters from plain word vectors."""
    why = ("reads from both ends and remembers", "every word attends to every other")
    if not letters:
        words, dim = Block("embedding", {"dim": 128 // factor, "std": 0.1}), 128 // factor
        reader: list[Node] = [
            words,
            Block("dropout", {"rate": 0.3}),
            Block("lstm", {"dim": dim, "bidirectional": True}),
        ]
        return [Candidate("tagger_lstm", Architecture.of(reader), _recipe(4e-3), why[0])]
    lstm = {"dim": 100 // factor, "hidden": 128 // factor, "dropout": 0.4}
    return [
        plain("tagger_lstm", lstm, _recipe(4e-3), why[0]),
        plain("tagger_bert", {"dim": 128 // factor, "filters": 32 // factor}, _recipe(2e-3), why[1]),
    ]


def _recipe(lr: float) -> Mapping[str, object]:
    """Small batches: every sentence has many targets."""
    return adamw(lr, batch_size=32, clip=1.0)
