"""A network to try, and the helpers that make one out of an entry of the zoo."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, TypeAlias

from weftnet.architecture.spec import Architecture, Chain, Node
from weftnet.zoo import ZOO

#: what an encoder beside others costs
Encoder: TypeAlias = Literal["light", "rich"]
#: by how much the cheaper forms of a network are shorter, coarser or narrower
FACTORS = (2, 4)


class Form(NamedTuple):
    """A cheaper network of the same family: `what` says what was made smaller."""

    architecture: Architecture
    what: str


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
        rows: of training, up to which it is a baseline worth its time; None for any number.
        entry: the entry of the zoo that it is made of; "" for none.
        origin: where its recipe comes from, for a person; "" where it was proposed with it.
        smaller: cheaper forms of it, the dearest first, for a budget in which it would make too few steps.
        fresh: whether it is trained from nothing where others start from a run.
    """

    name: str
    architecture: Architecture
    recipe: Mapping[str, Any]
    why: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    encoder: Encoder | None = None
    baseline: bool = False
    rows: int | None = None
    entry: str = ""
    origin: str = ""
    smaller: Sequence[Form] = ()
    fresh: bool = False

    def with_settings(self, known: Collection[str]) -> "Candidate":
        """The candidate with only those settings that a task knows."""
        return replace(self, settings={name: value for name, value in self.settings.items() if name in known})

    @property
    def forms(self) -> list["Candidate"]:
        """The candidate, then its cheaper forms: other networks under its name, with its recipe and settings."""
        return [self, *(
            replace(self, architecture=form.architecture, why=f"{self.why}; {form.what}", smaller=())
            for form in self.smaller
        )]  # fmt: skip


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


def formed(candidates: Sequence[Candidate], cheaper: Iterable[tuple[Sequence[Candidate], str]]) -> list[Candidate]:
    """The candidates, each with the networks of its name among cheaper ones as its cheaper forms.

    Args:
        candidates: of their usual size.
        cheaper: the same in smaller sizes, and what was made smaller; the dearest first.
    """
    forms = [({each.name: each.architecture for each in networks}, what) for networks, what in cheaper]

    def smaller(candidate: Candidate) -> list[Form]:
        found, last = [], candidate.architecture
        for networks, what in forms:
            if (own := networks.get(candidate.name, last)) != last:
                found.append(Form(own, what))
                last = own
        return found

    return [replace(each, smaller=smaller(each)) for each in candidates]


def after(nodes: Sequence[Node], candidate: Candidate) -> Candidate:
    """The candidate's network behind these nodes, and so its cheaper forms."""

    def behind(architecture: Architecture) -> Architecture:
        return Architecture.of([*nodes, *_chained(architecture)])

    smaller = [Form(behind(form.architecture), form.what) for form in candidate.smaller]
    return replace(candidate, architecture=behind(candidate.architecture), smaller=smaller)


def nodes_of(candidate: Candidate) -> tuple[Node, ...]:
    """The nodes that its network is a chain of."""
    return _chained(candidate.architecture)


def _chained(architecture: Architecture) -> tuple[Node, ...]:
    network = architecture.parts["network"]
    return network.nodes if isinstance(network, Chain) else (network,)
