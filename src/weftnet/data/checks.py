"""Findings about a data set as a whole, once it is split: one function each, which returns notes.

Nothing is changed or left out because of them. Columns are read in chunks, so that a set larger than memory is checked
like any other: a row costs eight bytes for its hash, besides its target.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content
from weftnet.data.kinds._kind import Kind, Written
from weftnet.data.kinds._tokens import UNKNOWN
from weftnet.data.media import content_of
from weftnet.data.order import Rows
from weftnet.data.preprocessing import Preprocessing
from weftnet.data.ways import leave_out, read_as, setting, task_setting

#: ratio of the most frequent class to the rarest from which classes count as unbalanced
UNBALANCED = 10
#: correlation from which a numeric column determines a numeric target
CORRELATION = 0.999
#: validation rows whose texts are looked at
_TEXTS = 1000


def findings(content: Content, preprocessing: Preprocessing, splits: Mapping[str, Rows]) -> list[str]:
    """All notes about a data set."""
    names = [*preprocessing.columns] + [content.target] * (content.target is not None)
    notes = unbalanced(content, preprocessing, splits) + leaking(content, preprocessing, splits)
    notes += unseen(content, preprocessing, splits) + unreadable(content, preprocessing, splits)
    return notes + repeated(splits, groups(content, [str(name) for name in names]))


def groups(content: Content, names: list[str]) -> NDArray[np.int64]:
    """(rows,) a number for each row, the same for rows equal in all these columns; in the order of first occurrence."""
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
    """Validation and test rows that are in the training split too."""
    notes = []
    for split in ("validation", "test"):
        count = int(np.isin(same[splits[split]], same[splits["train"]]).sum())
        if count:
            notes.append(
                f"{count} of {len(splits[split])} {split} rows are in the training split too, so the score is too "
                f"good; to keep equal rows in one split: {setting('duplicates', 'group')}"
            )
    return notes


def unbalanced(content: Content, preprocessing: Preprocessing, splits: Mapping[str, Rows]) -> list[str]:
    """Classes of very different size."""
    kind = preprocessing.target
    if kind is None or kind.measures != "nominal" or content.target is None or not len(splits["train"]):
        return []
    codes = kind.encode(content.columns[content.target][splits["train"]])
    counts = np.bincount(codes[codes >= 0])
    known = [label is not None for label in kind.decode(np.arange(len(counts)))]
    counts = np.where(known, counts, 0)[: int(np.flatnonzero(known).max(initial=-1)) + 1]
    if len(counts) < 2 or counts.max() < UNBALANCED * counts.min():
        return []
    most, least = int(np.argmax(counts)), int(np.argmin(counts))
    most_label, least_label = kind.decode(np.array([most, least]))
    total = counts.sum()
    return [
        f"the classes are unbalanced: {most_label!r} has {counts[most] / total:.1%} of the training rows, "
        f"{least_label!r} {counts[least] / total:.2%}; to weight them equally: "
        + task_setting("class_weights", "balanced")
    ]


def unseen(content: Content, preprocessing: Preprocessing, splits: Mapping[str, Rows]) -> list[str]:
    """Labels of validation and test rows that no training row has."""
    notes = []
    for name, kind in preprocessing.columns.items():
        for split in ("validation", "test"):
            if kind.measures != "nominal":
                continue
            count = sum(kind.unknown(chunk).total() for chunk in content.chunks(name, splits[split]))
            if count:
                notes.append(
                    f"{name}: {count} of {len(splits[split])} {split} rows hold a label that is not among those kept "
                    "of the training rows; it is read like a rare one"
                )
    return notes


def unreadable(content: Content, preprocessing: Preprocessing, splits: Mapping[str, Rows]) -> list[str]:
    """Texts of which most tokens are unknown in the validation rows."""
    notes = []
    for name, kind in preprocessing.columns.items():
        rows = splits["validation"][:_TEXTS]
        if not isinstance(kind, Written) or not len(rows):
            continue
        codes = kind.encode(content.rows(name, rows))
        known, unknown = int((codes > UNKNOWN).sum()), int((codes == UNKNOWN).sum())
        if unknown > known:
            note = f"{name}: {unknown} of {known + unknown} tokens of the validation rows are unknown"
            notes.append(f"{note}; to read smaller ones: {read_as(name, kind.finer)}" if kind.finer else note)
    return notes


def leaking(content: Content, preprocessing: Preprocessing, splits: Mapping[str, Rows]) -> list[str]:
    """Columns that determine the target, one to one or by a correlation above `CORRELATION`."""
    target, train = preprocessing.target, splits["train"]
    if content.target is None or target is None or not target.measures or len(train) < 3:
        return []
    truth = content.columns[content.target][train]
    notes = []
    for name, kind in preprocessing.columns.items():
        pairs = _with_target(content, name, train, truth)
        if target.measures == kind.measures == "interval":
            leaks = abs(_correlation(pairs, kind, target)) > CORRELATION
        elif target.measures == "nominal" and kind.measures:
            leaks = _one_to_one(pairs)
        else:
            leaks = False
        if leaks:
            notes.append(
                f"{name}: determines the target {content.target!r} almost exactly; if it is unknown when an answer is "
                f"needed, {leave_out(name)}"
            )
    return notes


Pairs = Iterator[tuple[NDArray[Any], NDArray[Any]]]


def _with_target(content: Content, name: str, rows: Rows, truth: NDArray[Any]) -> Pairs:
    """The values of a column in some rows, in chunks, each with the target's values."""
    start = 0
    for chunk in content.chunks(name, rows):
        yield chunk, truth[start : start + len(chunk)]
        start += len(chunk)


def _correlation(pairs: Pairs, x: Kind, y: Kind) -> float:
    """Pearson's, of the rows that have both; encoded values are centred, so that the sums do not cancel."""
    count, sums, squares = 0, np.zeros(2), np.zeros((2, 2))
    for values, truth in pairs:
        both = np.stack([x.encode(values), y.encode(truth)]).astype(np.float64)
        both = both[:, ~np.isnan(both).any(0)]
        count, sums, squares = count + both.shape[1], sums + both.sum(1), squares + both @ both.T
    if count < 3:
        return 0.0
    spread = squares - np.outer(sums, sums) / count
    if (spread.diagonal() <= 1e-10 * squares.diagonal()).any():  # one of them never changes
        return 0.0
    return float(spread[0, 1] / np.sqrt(spread[0, 0] * spread[1, 1]))


def _one_to_one(pairs: Pairs) -> bool:
    """Whether each value occurs with one class only, and each class with one value only."""
    classes: dict[str, str] = {}
    values_of: dict[str, str] = {}
    for values, truth in pairs:
        for value, label in zip(map(str, values.tolist()), map(str, truth.tolist()), strict=True):
            if classes.setdefault(value, label) != label or values_of.setdefault(label, value) != value:
                return False
    return True


def _hashes(values: NDArray[np.generic]) -> NDArray[np.uint64]:
    """(rows,) 64 bits of each value; of a file, of its bytes."""
    if values.dtype.hasobject:
        hashes = [hash(_plain(value)) & (2**64 - 1) for value in values.tolist()]
    else:
        flat = np.ascontiguousarray(values).reshape(len(values), -1)
        hashes = [hash(row.tobytes()) & (2**64 - 1) for row in flat]
    return np.array(hashes, np.uint64)


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return content_of(value)
    return value if value is None or isinstance(value, str | bytes | int | float) else repr(value)
