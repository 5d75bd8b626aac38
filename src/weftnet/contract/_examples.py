"""Outputs and targets that losses and metrics are tried on.

An entry may bring its own: `example(generator) → (outputs, target)`, as an attribute or beside it in its file.
Otherwise the first of these that it takes is used.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import torch
from torch import Tensor

from weftnet.contract._check import Broken

Pair: TypeAlias = tuple[Tensor, Tensor]
ROWS = 12


def usual(generator: torch.Generator) -> Iterator[Pair]:
    """Logits and classes of vectors, of steps and of pixels; numbers; shares; a number an example."""

    def logits(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    def classes(*shape: int) -> Tensor:
        return torch.randint(4, shape, generator=generator)

    yield logits(ROWS, 4), classes(ROWS)
    yield logits(ROWS, 5, 4), classes(ROWS, 5)
    yield logits(ROWS, 4, 3, 5), classes(ROWS, 3, 5)
    yield logits(ROWS, 3), logits(ROWS, 3)
    yield logits(ROWS, 3), classes(ROWS, 3).remainder(2).double()
    yield logits(ROWS, 1), logits(ROWS)
    yield logits(ROWS, 2, 3), logits(ROWS, 2, 3)


def example(entry: Any, takes: Callable[[Pair], None]) -> Pair:
    """The entry's own outputs and target, or the first usual ones that it takes.

    Args:
        entry: a class or function.
        takes: raises if the entry does not take them.

    Raises:
        Broken: it takes none.
    """
    module = inspect.getmodule(entry)
    own = getattr(entry, "example", None) or getattr(module, "example", None)
    if own is not None:
        pair: Pair = own(torch.Generator().manual_seed(0))
        return pair
    errors = []
    for pair in usual(torch.Generator().manual_seed(0)):
        try:
            takes(pair)
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}".splitlines()[0])
        else:
            return pair
    fix = "put `example(generator) → (outputs, target)` beside it, values that it takes"
    raise Broken("it takes none of the usual outputs and targets", got=errors[0], fix=fix)
