"""The recipe that a network of one's own is trained by: that of the proposed network which is most like it.

    alike(a, b) = |blocks(a) ∩ blocks(b)| / |blocks(a) ∪ blocks(b)|      over the names of blocks and combinators

(Jaccard 1901). What is said by name in the command holds; `Candidate.origin` says where the rest comes from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from weftnet.architecture.spec import Architecture, Block, Node, children
from weftnet.tasks import Candidate

#: below this, no proposal is of the same family
LEAST = 0.25


def alike(first: Architecture, second: Architecture) -> float:
    """From 0, nothing in common, to 1, the same blocks."""
    one, other = _names(first), _names(second)
    return len(one & other) / len(one | other) if one | other else 0.0


def of_family(candidate: Candidate, offers: Mapping[str, Candidate]) -> Candidate:
    """The candidate with the recipe and the task's settings of the most similar proposal, and with its reason.

    Args:
        candidate: without a recipe of its own.
        offers: what is proposed for the data and the task, by name.
    """
    parts = set(candidate.architecture.parts)
    same = [each for each in offers.values() if set(each.architecture.parts) == parts and not each.baseline]
    near = max(same, key=lambda each: alike(candidate.architecture, each.architecture), default=None)
    if near is None or alike(candidate.architecture, near.architecture) < LEAST:
        return candidate
    why, origin = f"{candidate.why}; trained like {near.name}", f"as for {near.name}, which is most alike"
    return replace(candidate, recipe=near.recipe, settings=near.settings, why=why, origin=origin)


def offered_as(name: str, offers: Iterable[Candidate]) -> Candidate | None:
    """The proposal of that name, or else one that is made of the zoo's entry of that name; None if there is none."""
    offers = list(offers)
    named = [each for each in offers if each.name == name] or [each for each in offers if each.entry == name]
    return named[0] if named else None


def _names(architecture: Architecture) -> set[str]:
    return set().union(*map(_of, architecture.parts.values()))


def _of(node: Node) -> set[str]:
    own = node.name if isinstance(node, Block) else type(node).__name__.lower()
    inner = set().union(*(_of(child) for _, child in children(node)))
    return inner if own in ("chain", "graph") else {own} | inner
