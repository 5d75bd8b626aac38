"""A network to try, and the helpers that make one out of an entry of the zoo."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from weftnet.architecture.spec import Architecture, Chain, Node
from weftnet.zoo import ZOO


@dataclass(frozen=True)
class Candidate:
    """A network to try.

    Args:
        name: how to call it.
        architecture: without the task's head.
        recipe: fields of a `Recipe` that suit it.
        why: one sentence on why it is worth trying.
        settings: settings of the task that suit it, such as `label_smoothing`.
    """

    name: str
    architecture: Architecture
    recipe: Mapping[str, Any]
    why: str
    settings: Mapping[str, Any] = field(default_factory=dict)


def adamw(lr: float, augment: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    """A recipe at this highest rate of learning, with these changes of the training images, and with what is more."""
    recipe = {"optimiser": "adamw", "lr": lr, "schedule": "one_cycle", "batch_size": 64, **more}
    # Changed images are hard to overfit and the rate ends at nothing, so that the last weights are good; the best by a
    # small validation split are often only lucky.
    return {**recipe, "augment": augment, "keep": "last"} if augment else recipe


def plain(
    name: str, sizes: Mapping[str, Any], recipe: Mapping[str, Any], why: str, entry: str | None = None
) -> Candidate:
    """An entry of the zoo of these sizes; `entry` is its name there, if the candidate is called otherwise."""
    return Candidate(name, ZOO.get(entry or name)(**sizes), recipe, why)


def smooth(
    name: str, sizes: Mapping[str, Any], recipe: Mapping[str, Any], why: str, entry: str | None = None
) -> Candidate:
    """Candidates that soon fit their training data, so that a classifier gains from softer targets."""
    found = plain(name, sizes, recipe, why, entry)
    return Candidate(found.name, found.architecture, found.recipe, found.why, {"label_smoothing": 0.05})


def after(nodes: list[Node], candidate: Candidate) -> Candidate:
    """The candidate, reading what the nodes give."""
    longer = Architecture.of([*nodes, *nodes_of(candidate)])
    return Candidate(candidate.name, longer, candidate.recipe, candidate.why)


def nodes_of(candidate: Candidate) -> tuple[Node, ...]:
    """What its network is a chain of."""
    network = candidate.architecture.parts["network"]
    return network.nodes if isinstance(network, Chain) else (network,)
