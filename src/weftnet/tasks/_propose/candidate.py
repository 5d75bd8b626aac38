"""A network to try, and the helpers that make one out of an entry of the zoo."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from weftnet.architecture.spec import Architecture, Chain, Node
from weftnet.zoo import ZOO

#: what an encoder beside others costs
Encoder: TypeAlias = Literal["light", "rich"]


@dataclass(frozen=True)
class Candidate:
    """A network to try.

    Args:
        name: what it is called.
        architecture: without the task's head.
        recipe: fields of a `Recipe` that suit it.
        why: one sentence on why it is worth trying.
        settings: settings of the task that suit it, such as `label_smoothing`.
        encoder: whether it stands for its input beside other inputs: as the simplest encoder, or as the strongest.
        baseline: whether a network has to beat it before it is worth its cost.
        entry: the entry of the zoo that it is made of; "" for none.
        origin: where its recipe comes from, for a person; "" where it was proposed with it.
        smaller: cheaper forms of it, the dearest first, for a budget in which it would make too few steps.
    """

    name: str
    architecture: Architecture
    recipe: Mapping[str, Any]
    why: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    encoder: Encoder | None = None
    baseline: bool = False
    entry: str = ""
    origin: str = ""
    smaller: Sequence["Candidate"] = ()

    def with_settings(self, known: Collection[str]) -> "Candidate":
        """The candidate, and its cheaper forms, with only those settings that a task knows."""
        settings = {name: value for name, value in self.settings.items() if name in known}
        return replace(self, settings=settings, smaller=tuple(each.with_settings(known) for each in self.smaller))

    def cheaper(self, nodes: Sequence[Node], what: str) -> "Candidate":
        """A cheaper form: another network under this one's name, with its recipe; `what` says what was made smaller."""
        return replace(self, architecture=Architecture.of(list(nodes)), why=f"{self.why}; {what}", smaller=())


def adamw(lr: float, augment: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    """AdamW with this peak learning rate, these augmentations of the training images, and further recipe fields."""
    recipe = {"optimiser": "adamw", "lr": lr, "schedule": "one_cycle", "batch_size": 64, **more}
    # Augmented images are hard to overfit and the rate decays to zero, so that the last weights are good; the best
    # weights by a small validation split are often only lucky.
    return {**recipe, "augment": augment, "keep": "last"} if augment else recipe


def batch_of(rows: int) -> int:
    """Examples of a batch: the power of two below a 50th of the rows, within 32 to 512."""
    return 1 << int(math.log2(min(max(rows / 50, 32), 512)))


def plain(
    name: str, sizes: Mapping[str, Any], recipe: Mapping[str, Any], why: str, entry: str | None = None
) -> Candidate:
    """An entry of the zoo of these sizes; `entry` is its name there, if the candidate has another name."""
    return Candidate(name, ZOO.get(entry or name)(**sizes), recipe, why, entry=entry or name)


def smooth(
    name: str, sizes: Mapping[str, Any], recipe: Mapping[str, Any], why: str, entry: str | None = None
) -> Candidate:
    """A candidate that soon fits its training data, so that a classifier gains from softer targets."""
    return replace(plain(name, sizes, recipe, why, entry), settings={"label_smoothing": 0.05})


def light(candidate: Candidate) -> Candidate:
    """The candidate as the simplest encoder of its input, where there are several inputs."""
    return replace(candidate, encoder="light")


def rich(candidate: Candidate) -> Candidate:
    """The candidate as the strongest encoder of its input, where there are several inputs."""
    return replace(candidate, encoder="rich")


def after(nodes: list[Node], candidate: Candidate) -> Candidate:
    """The candidate's network behind these nodes; its settings for the task are dropped."""
    longer = Architecture.of([*nodes, *nodes_of(candidate)])
    return replace(candidate, architecture=longer, settings={}, smaller=())


def nodes_of(candidate: Candidate) -> tuple[Node, ...]:
    """The nodes that its network is a chain of."""
    network = candidate.architecture.parts["network"]
    return network.nodes if isinstance(network, Chain) else (network,)
