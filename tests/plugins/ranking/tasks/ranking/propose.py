"""Which networks suit a list of items: the same layers for each of them."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block
from weftnet.tasks import Candidate


def ranking(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Two networks for one series of items; [] for other inputs."""
    if [signal.axes for signal in signals.values()] != [("time", "dim")]:
        return []
    recipe = {"optimiser": "adamw", "lr": 0.02, "batch_size": 16, "augment": ["shuffle_items"]}
    layers = (Block("dense", {"dim": 16}), Block("relu"))
    return [
        Candidate("linear", Architecture.of([Block("dense", {"dim": 1})]), recipe, "The least that can rank."),
        Candidate("two_layers", Architecture.of([*layers]), recipe, "Features of each item, then its score."),
    ]
