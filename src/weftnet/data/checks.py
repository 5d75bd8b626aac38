"""What is noticed about a data set as a whole, once it is split: one function for each finding, each gives notes.

Nothing is changed or left out because of them. Columns are gone through in chunks, so that a set larger than memory is
looked at like any other: a row costs eight bytes for its hash, besides what its target takes.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content
from weftnet.data.kinds.category import Category, labels
from weftnet.data.kinds.number import Number, floats
from weftnet.data.order import Rows
from weftnet.data.preprocessing import Preprocessing

#: the most frequent class has so many times the rows of the rarest
UNBALANCED = 10
#: a numeric column that goes so closely with a numeric target says it
CORRELATION = 0.999


def findings(content: Content, preprocessing: Preprocessing, splits: Mapping[str, Rows]) -> list[str]:
    """All notes about a data set."""
    names = [*preprocessing.columns] + [content.target] * (content.target is not None)
    notes = unbalanced(content, preprocessing, splits) + leaking(content, preprocessing, splits)
    notes += unseen(content, preprocessing, splits)
    return notes + repeated(splits, groups(content, [str(name) for name in names]))


def groups(content: Content, names: list[str]) -> NDArray[np.int64]:
    """(rows,) a number for each row, the same where rows are equal in all these columns; by first occurrence."""
    keys = np.zeros(content.count, np.uint64)
    for name in names:
        start = 0
        for chunk in content.chunks(name):
            mixed = keys[start : start + len(chunk)]
            mixed *= np.uint64(0x9E3779B97F4A7C15)
            mixed += _hashes(chunk)
            start += len(chunk)
        keys ^= keys >> np.uint64(29)
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    numbers: NDArray[np.int64] = np.argsort(np.argsort(first, kind="stable"), kind="stable")[inverse]
    return numbers


def repeated(splits: Mapping[str, Rows], same: NDArray[np.int64]) -> list[str]:
    """Rows to be judged on that stand in the training split too."""
    notes = []
    for split in ("validation", "test"):
        count = int(np.isin(same[splits[split]], same[splits["train"]]).sum())
        if count:
            notes.append(
                f"{count} of {len(splits[split])} {split} rows stand in the training split too, so the score flatters; "
                "duplicates='group' keeps equal rows in one split"
            )
    return notes


def unbalanced(content: Content, preprocessing: Preprocessing, splits: Mapping[str, Rows]) -> list[str]:
    """Classes of very different size."""
    kind = preprocessing.target
    if not isinstance(kind, Category) or content.target is None or not len(splits["train"]):
        return []
    counts = np.bincount(kind.encode(content.columns[content.target][splits["train"]]), minlength=len(kind.labels))
    counts = counts[: len(kind.labels)]
    if len(counts) < 2 or counts.max() < UNBALANCED * counts.min():
        return []
    most, least = int(np.argmax(counts)), int(np.argmin(counts))
    total = counts.sum()
    return [
        f"the classes are unbalanced: {kind.labels[most]!r} has {counts[most] / total:.1%} of the training rows, "
        f"{kind.labels[least]!r} {counts[least] / total:.2%}; class_weights=balanced weighs them alike"
    ]


def unseen(content: Content, preprocessing: Preprocessing, splits: Mapping[str, Rows]) -> list[str]:
    """Labels of validation and test rows that training does not know."""
    notes = []
    for name, kind in preprocessing.columns.items():
        if not isinstance(kind, Category):
            continue
        for split in ("validation", "test"):
            count = sum(_unknown(kind, chunk) for chunk in content.chunks(name, splits[split]))
            if count:
                notes.append(
                    f"{name}: {count} of {len(splits[split])} {split} rows hold a label that is not among those kept "
                    "of the training rows; it is read like a rare one"
                )
    return notes


def _unknown(kind: Category, values: NDArray[Any]) -> int:
    """How many values are labels that the kind does not tell apart; a missing one is none."""
    return sum(label is not None for label in labels(values[kind.encode(values) == len(kind.labels)]))


def leaking(content: Content, preprocessing: Preprocessing, splits: Mapping[str, Rows]) -> list[str]:
    """Columns that say the target, one to one or by a correlation above `CORRELATION`."""
    target, train = preprocessing.target, splits["train"]
    if content.target is None or not isinstance(target, Category | Number) or len(train) < 3:
        return []
    wanted = content.columns[content.target][train]
    notes = []
    for name, kind in preprocessing.columns.items():
        pairs = _beside(content, name, train, wanted)
        if isinstance(target, Number) and isinstance(kind, Number):
            told = abs(_correlation(pairs, kind.mean, target.mean)) > CORRELATION
        elif isinstance(target, Category) and isinstance(kind, Category | Number):
            told = _one_to_one(pairs)
        else:
            told = False
        if told:
            notes.append(
                f"{name}: says the target {content.target!r} all but exactly; if it is not known when an answer is "
                f"wanted, leave it out by kinds={{{name!r}: None}}"
            )
    return notes


Pairs = Iterator[tuple[NDArray[Any], NDArray[Any]]]


def _beside(content: Content, name: str, rows: Rows, wanted: NDArray[Any]) -> Pairs:
    """The values of a column in some rows, chunk by chunk, and what is wanted there."""
    start = 0
    for chunk in content.chunks(name, rows):
        yield chunk, wanted[start : start + len(chunk)]
        start += len(chunk)


def _correlation(pairs: Pairs, x_mean: float, y_mean: float) -> float:
    """Pearson's, of the rows that have both; sums are of differences from about the mean, so that they are exact."""
    count, sums, squares = 0, np.zeros(2), np.zeros((2, 2))
    for values, wanted in pairs:
        both = np.stack([floats(values) - x_mean, floats(wanted) - y_mean])
        both = both[:, ~np.isnan(both).any(0)]
        count, sums, squares = count + both.shape[1], sums + both.sum(1), squares + both @ both.T
    if count < 3:
        return 0.0
    spread = squares - np.outer(sums, sums) / count
    if (spread.diagonal() <= 1e-10 * squares.diagonal()).any():  # one of them never changes
        return 0.0
    return float(spread[0, 1] / np.sqrt(spread[0, 0] * spread[1, 1]))


def _one_to_one(pairs: Pairs) -> bool:
    """Whether every value stands for one class and every class for one value."""
    classes: dict[str, str] = {}
    values_of: dict[str, str] = {}
    for values, wanted in pairs:
        for value, label in zip(map(str, values.tolist()), map(str, wanted.tolist()), strict=True):
            if classes.setdefault(value, label) != label or values_of.setdefault(label, value) != value:
                return False
    return True


def _hashes(values: NDArray[np.generic]) -> NDArray[np.uint64]:
    """(rows,) 64 bits of each value; of a file, of its bytes."""
    if values.dtype.hasobject:
        found = [hash(_plain(value)) & (2**64 - 1) for value in values.tolist()]
    else:
        flat = np.ascontiguousarray(values).reshape(len(values), -1)
        found = [hash(row.tobytes()) & (2**64 - 1) for row in flat]
    return np.array(found, np.uint64)


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return value.read_bytes()
    return value if value is None or isinstance(value, str | bytes | int | float) else repr(value)
