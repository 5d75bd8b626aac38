"""A check: a sentence about an entry, and the function that finds out whether it holds."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

import torch
from torch import Tensor

from weftnet.errors import WeftnetError

Verdict: TypeAlias = Literal["kept", "broken", "not applicable"]
Subject = TypeVar("Subject")
Function = TypeVar("Function", bound=Callable[..., None])


class Broken(WeftnetError):
    """An entry does not keep its contract."""


class NotApplicable(WeftnetError):
    """A check that does not concern this entry; the text is the reason."""


@dataclass(frozen=True)
class Outcome:
    """What came of a check.

    Args:
        entry: its name.
        sentence: that was checked.
        verdict: kept, broken or not applicable.
        why: what is broken, with what was expected, got, and the fix; or why it is not applicable.
    """

    entry: str
    sentence: str
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True)
class Check:
    """A sentence about an entry that can be found true or false.

    Args:
        entry: its name.
        sentence: in the present tense.
        holds: raises `Broken` where the sentence is false, `NotApplicable` where it does not concern the entry.
        long: whether it takes seconds, as a training and an export do.
    """

    entry: str
    sentence: str
    holds: Callable[[], None]
    long: bool = False

    def __str__(self) -> str:
        return f"{self.entry}: {self.sentence}"

    def outcome(self) -> Outcome:
        """Whether the sentence holds. An error of the entry's own code breaks it too."""
        try:
            self.holds()
        except NotApplicable as reason:
            return Outcome(self.entry, self.sentence, "not applicable", str(reason))
        except Broken as fault:
            return Outcome(self.entry, self.sentence, "broken", str(fault))
        except Exception as error:
            return Outcome(self.entry, self.sentence, "broken", f"it fails: {type(error).__name__}: {error}")
        return Outcome(self.entry, self.sentence, "kept")


def checks(name: str, make: Callable[[str], Subject], functions: Sequence[Callable[[Subject], None]]) -> list[Check]:
    """One check for each function, whose docstring is the sentence.

    Args:
        name: of the entry.
        make: the subject of the functions, made when a check runs.
        functions: raise where their sentence is false.
    """

    def bound(function: Callable[[Subject], None]) -> Callable[[], None]:
        return lambda: function(make(name))

    return [Check(name, _sentence(each), bound(each), each in _LONG) for each in functions]


_LONG: set[Callable[..., None]] = set()


def long(function: Function) -> Function:
    """Mark a check that takes seconds."""
    _LONG.add(function)
    return function


def expect(condition: bool, what: str, *, expected: str = "", got: str = "", fix: str = "") -> None:
    """Raise `Broken` unless the condition holds.

    Raises:
        TypeError: the condition is no bool: a text in its place would always hold.
    """
    if not isinstance(condition, bool):
        raise TypeError(f"expect: condition: expected True or False, got {condition!r}")
    if not condition:
        raise Broken(what, expected=expected, got=got, fix=fix)


def same(got: Tensor, expected: Tensor, tolerance: float, what: str, fix: str = "") -> None:
    """Raise `Broken` unless two tensors have one shape and the same values."""
    if got.shape != expected.shape:
        raise Broken(what, expected=f"shape {tuple(expected.shape)}", got=f"shape {tuple(got.shape)}", fix=fix)
    if not torch.allclose(got, expected, rtol=tolerance, atol=tolerance, equal_nan=True):
        apart = float((got.detach().double() - expected.detach().double()).abs().max())
        raise Broken(what, expected="the same values", got=f"values up to {apart:.3g} apart", fix=fix)


def page(entry: object) -> str:
    """What an entry says of itself: its own docstring, and that of its file."""
    module = inspect.getmodule(entry)
    texts = [entry.__doc__, module.__doc__ if module else None]
    return "\n\n".join(inspect.cleandoc(text) for text in texts if text)


def documented(entry: object, *parts: str) -> None:
    """Raise `Broken` unless an entry says something of itself that has these parts."""
    expect(bool(page(entry)), "it has no docstring", fix="say what it computes, and whose idea it is")
    for part in parts:
        expect(part in page(entry), f"its docstring has no {part!r}")


def _sentence(function: Callable[..., None]) -> str:
    return (function.__doc__ or function.__name__).strip().splitlines()[0].removesuffix(".")
