"""The form in which a column of words, or of numbers, is dates: found in its values."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.kinds._gaps import are_strays, as_gaps, is_gap, share_in_words
from weftnet.data.kinds._kind import BadValue
from weftnet.data.kinds._raw import FEW, present
from weftnet.data.moments import all_read, compact_of, epoch_of, forms, like_dates, possible, second_of, word_of
from weftnet.data.ways import as_labels, read_as

_FIRST = 16  # words that suggest a form


def form_of(chunks: Iterable[NDArray[Any]]) -> str:
    """The form of a column of words; "" if they are no dates.

    Raises:
        BadValue: a few words are no dates, or they can be read in two ways.
    """
    counts: dict[str, int] = {}
    first: dict[str, int] = {}
    start = 0
    for chunk in chunks:
        if chunk.dtype.kind not in "OU":
            return of_numbers(present(chunk))
        for row, value in enumerate(chunk.tolist(), start):
            if isinstance(value, str) and not is_gap(value):
                counts[value] = counts.get(value, 0) + 1
                first.setdefault(value, row)
        start += len(chunk)
    if form := of_numbers(list(counts)):
        return form
    found = forms(counts)
    if len(found) > 1:
        example = next(word for word in counts if len({second_of(word, each) for each in found}) > 1)
        readings = [f"{word_of(second_of(example, each), 'iso')} ({each})" for each in found]

        def which(name: str) -> str:
            return "say which: " + " or ".join(read_as(name, {"date": {"form": each}}) for each in found)

        what = "the dates can be read in two ways"
        raise BadValue(first[example], what, expected=" or ".join(readings), got=repr(example), fix=which)
    return found[0] if found else _mostly(counts, first)


def _mostly(counts: dict[str, int], first: dict[str, int]) -> str:
    """Refuse a column of dates with a few other words in it; "" if there are many."""
    if len(counts) <= FEW:
        return ""
    tried = Counter(form for word in list(counts)[:_FIRST] for form in possible([word]))
    form = next((form for form, times in tried.most_common(1) if times > _FIRST / 2), "")
    strays = [word for word in counts if not all_read([word], form)] if form else []
    count = sum(map(counts.__getitem__, strays))
    if not form or not count or not are_strays(strays, count, sum(counts.values())):
        return _refuse_months(counts, first)
    strays.sort(key=first.__getitem__)
    raise BadValue(
        first[strays[0]],
        f"{share_in_words(count, sum(counts.values()))} is a date, but {count} {'is' if count == 1 else 'are'} not",
        expected=f"such as {word_of(0.0, form)}, or nothing",
        got=", ".join(map(repr, strays[:3])),
        fix=as_gaps("date", strays),
    )


def _refuse_months(counts: dict[str, int], first: dict[str, int]) -> str:
    """Refuse words like dates, of which no form is known: "" for others."""
    if not like_dates(counts):
        return ""
    raise BadValue(
        min(first.values()),
        "the values look like dates, in no form that is known",
        expected="numbers, or months in one of many languages, without weekdays: see docs/data.md",
        got=repr(min(first, key=first.__getitem__)),
        fix=lambda name: f"write dates as 2020-01-05; or read labels: {as_labels(name)}",
    )


def of_numbers(values: list[Any]) -> str:
    """The form in which numbers, also as words, are moments; "" if they are none, or few."""
    try:
        numbers = np.array([float(value) for value in values], np.float64)
    except (ValueError, TypeError):
        return ""
    distinct = np.unique(numbers)
    return (compact_of(distinct) or epoch_of(distinct)) if len(distinct) > FEW else ""
