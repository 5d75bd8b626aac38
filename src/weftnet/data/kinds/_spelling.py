"""Labels however they are written.

    3.0 → 3     TRUE, true → True     "no " → no     no-break blanks → blanks     NFD → NFC

This is one spelling: labels that share it are one label, in training too, and a note says so. A word that no label of
the training rows has is then looked for by case and by value – YES for yes, 7 for 007 – and taken if only one fits.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

_WHOLE = re.compile(r"([-+]?)0*(\d+?)(\.0*)?")
_POINT = re.compile(r"(-?(?:0|[1-9]\d*))\.0*")
_TRUTHS = ("False", "True"), ("0", "1")
_TRUTH = {"true": "True", "false": "False"}


def spelling(word: str) -> str:
    """The one spelling of a label."""
    if not (word.isascii() and word.isalnum()):
        word = " ".join(unicodedata.normalize("NFC", word).split())
        if match := _POINT.fullmatch(word):
            return match[1]
    return _TRUTH.get(word.lower(), word) if len(word) in (4, 5) else word


def loosely(word: str) -> str:
    """A key that labels share which differ only in case, or only in how their number is written."""
    if match := _WHOLE.fullmatch(word):
        return match[1].replace("+", "") + match[2]
    return word.casefold()


class Places:
    """Where each label is among the known ones.

    Args:
        labels: the known ones, as a state has them.
    """

    def __init__(self, labels: Sequence[Any]) -> None:
        self.labels = [str(label) for label in labels]
        self._known = {label: place for place, label in enumerate(self.labels)}

    def __getitem__(self, word: str) -> int:
        """The place of a label; the number of labels for one that is not known."""
        if (place := self._known.get(word)) is None:
            place = self._spelt.get(spelling(word))
            if place is None:
                place = self._loose.get(loosely(spelling(word)), len(self.labels))
            self._known[word] = place
        return place

    @cached_property
    def _spelt(self) -> dict[str, int]:
        places = {spelling(label): place for place, label in reversed(list(enumerate(self.labels)))}
        for kept, other in (_TRUTHS, _TRUTHS[::-1]):  # a column of truth values alone, however a program writes them
            if set(places) <= set(kept):
                return places | {word: places[own] for own, word in zip(kept, other, strict=True) if own in places}
        return places

    @cached_property
    def _loose(self) -> dict[str, int]:
        places: dict[str, int] = {}
        for spelt, place in self._spelt.items():
            key = loosely(spelt)
            places[key] = place if places.get(key, place) == place else len(self.labels)
        return places


def merged(words: Iterable[str]) -> list[str]:
    """Notes about labels that are written in several ways."""
    spelt: dict[str, set[str]] = {}
    for word in words:
        spelt.setdefault(spelling(word), set()).add(word)
    notes = []
    several = [sorted(forms) for forms in spelt.values() if len(forms) > 1]
    if several:
        shown = "; ".join(" and ".join(map(repr, forms)) for forms in sorted(several)[:3])
        notes.append(f"{len(several)} labels are written in several ways, each read as one label: {shown}")
    apart: dict[str, list[str]] = {}
    for spelt_word in spelt:
        apart.setdefault(loosely(spelt_word), []).append(spelt_word)
    if alike := [sorted(forms) for forms in apart.values() if len(forms) > 1]:
        shown = "; ".join(" and ".join(map(repr, forms)) for forms in sorted(alike)[:3])
        notes.append(f"labels that are nearly the same are kept apart: {shown}")
    return notes
