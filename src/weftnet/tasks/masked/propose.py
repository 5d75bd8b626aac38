"""Which networks tell hidden words: a Transformer and an LSTM that read both sides, as classifiers of texts begin."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Node
from weftnet.tasks._propose.candidate import FACTORS, Candidate, adamw, formed, nodes_of, plain


def masked(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Networks that read both sides of a word; [] for inputs other than one text."""
    if [signal.kind for signal in signals.values()] != ["tokens"]:
        return []
    return formed(_sized(1), ((_sized(factor), f"{factor} times narrower") for factor in FACTORS))


def _sized(factor: int) -> list[Candidate]:
    """Both so many times narrower."""
    dim, recipe = 64 // factor, adamw(3e-3, clip=1.0)
    whole = plain("text_transformer", {"dim": dim}, recipe, "every word attends to every other")
    pooling = next(place for place, node in enumerate(nodes_of(whole)) if _pools(node))
    attention = Candidate(
        whole.name, Architecture.of(list(nodes_of(whole)[:pooling])), recipe, whole.why, entry=whole.entry
    )
    reader: list[Node] = [Block("embedding", {"dim": dim}), Block("lstm", {"dim": dim, "bidirectional": True})]
    return [attention, Candidate("text_reader", Architecture.of(reader), recipe, "reads from both ends and remembers")]


def _pools(node: object) -> bool:
    return isinstance(node, Block) and node.name == "global_average_pool1d"
