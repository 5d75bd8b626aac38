"""For sentences as lists of words: their mean, a reader from both ends, and attention; letters count in all three."""

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.tasks._propose.candidate import FACTORS, Candidate, adamw, formed, light, nodes_of, plain, rich


def words(signal: Signal) -> list[Candidate]:
    """Classifiers of sentences; [] if vocabulary and alphabet are not known."""
    if not {"vocabulary", "alphabet"} <= signal.known.keys():
        return []
    return formed(_sized(1), ((_sized(factor), f"{factor} times narrower") for factor in FACTORS))


def _sized(factor: int) -> list[Candidate]:
    """All so many times narrower."""
    bag = Architecture.of([Block("word_embedding", {"dim": 64 // factor}), Block("global_average_pool1d")])
    mean = Candidate(
        "words_bag", bag, adamw(1e-2), "the mean of the words' vectors: hard to beat where single words decide"
    )
    sizes = {"dim": 64 // factor, "hidden": 64 // factor, "dropout": 0.3}
    reader = plain("tagger_lstm", sizes, adamw(4e-3, clip=1.0), "reads word by word from both ends and remembers")
    whole = {"dim": 64 // factor, "filters": 16 // factor}
    attention = plain("tagger_bert", whole, adamw(2e-3, clip=1.0), "every word attends to every other")
    return [light(mean), rich(_pooled("words_lstm", reader)), _pooled("words_transformer", attention)]


def _pooled(name: str, candidate: Candidate) -> Candidate:
    """A network of features of every word, as one of the whole sentence."""
    network = Architecture({"network": Chain((*nodes_of(candidate), Block("global_average_pool1d")))})
    return Candidate(name, network, candidate.recipe, candidate.why, entry=candidate.entry)


def example() -> str:
    """A small signal."""
    return "words:12x6,vocabulary=30,alphabet=20,padded"
