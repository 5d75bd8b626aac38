"""What networks that are proposed have to fulfil, whoever proposes them."""

from collections.abc import Callable, Sequence

from weftnet.contract._check import expect
from weftnet.errors import WeftnetError
from weftnet.tasks._propose.candidate import Candidate
from weftnet.train import Recipe


def valid(candidates: Sequence[Candidate], build: Callable[[Candidate], object]) -> None:
    """Raise `Broken` unless they are built, have names of their own, and valid recipes that say no length.

    Args:
        candidates: the networks.
        build: raises a `WeftnetError` where a network does not fit.
    """
    names = [candidate.name for candidate in candidates]
    expect(bool(names), "it proposes nothing for its own example")
    expect(len(set(names)) == len(names), "two proposals have one name", got=", ".join(names))
    for candidate in candidates:
        try:
            build(candidate)
            Recipe.from_dict(candidate.recipe)
        except WeftnetError as error:
            expect(False, f"the proposal {candidate.name} does not fit", got=str(error))
        lengths = candidate.recipe.keys() & {"epochs", "steps", "budget"}
        what, fix = f"{candidate.name} says how long to train", "that is the user's to say"
        expect(not lengths, what, got=", ".join(lengths), fix=fix)
