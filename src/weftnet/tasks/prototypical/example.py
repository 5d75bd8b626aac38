"""Images with a bright field each, in one of eight places: a few of each tell the places apart."""

from pathlib import Path

from weftnet.tasks._example import Example
from weftnet.tasks._places import places


def prototypical(folder: Path) -> Example:
    """The eight classes of `places`, in episodes of two examples to learn from and two to be judged by."""
    nodes = ["flatten", {"dense": {"dim": 24}}, "relu"]
    recipe = {"steps": 60, "batch_size": 80, "lr": 0.01, "evaluate_every": "20 steps"}
    learnt = {"accuracy": (0.85, 1.0), "loss": (0.0, 0.6)}
    return Example(places(folder), nodes, recipe, learnt, settings={"shots": 2, "queries": 2})
