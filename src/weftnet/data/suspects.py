"""Columns that a network should perhaps not read: counters, copies of the target, and columns that name splits.

    1, 2, 3 … in the order of the rows, or every whole number of a range once     a counter
    `id`, `customer_id`, `key` … of whole numbers, all different                  an identifier
    the classes lie in separate ranges of the column                              a threshold of the target
    the order of the column is the order of the target                            a bijection of the target
    `split`, `fold` …, or words that name splits                                  the split

One function each, which returns notes; nothing is left out because of them.
"""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from weftnet.data import ways
from weftnet.data.content import Content, located
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._raw import present
from weftnet.data.order import Rows
from weftnet.data.preprocessing import Preprocessing
from weftnet.data.split_names import split_named

#: rows from which a pattern is no accident
_ENOUGH = 20
#: correlation of the ranks from which one order is the other
_RANKS = 0.9999
_KEYS = re.compile(r"(.*[\W_])?(id|ids|key|uid|uuid|guid|index|idx|row|nr|no|number)", re.IGNORECASE)
_FOLDS = re.compile(r"(.*[\W_])?(folds?|kfold|cv)", re.IGNORECASE)
_SPLITS = re.compile(r"(.*[\W_])?(split|subset|partition|set)", re.IGNORECASE)
_FEW = 20


def suspects(content: Content, preprocessing: Preprocessing, splits: Mapping[str, Rows]) -> list[str]:
    """All notes on such columns."""
    notes = []
    for name, kind in preprocessing.columns.items():
        if not kind.measures:
            continue
        if kind.measures == "interval" and (values := _numbers(content, name, kind)) is not None:
            notes += counting(name, values) or telling(content, preprocessing, splits["train"], name, values)
        notes += splitting(content, name, kind)
    return notes


def counting(name: str, values: NDArray[np.float64]) -> list[str]:
    """A column that numbers the rows."""
    if len(values) < _ENOUGH or np.isnan(values).any() or (values != values.round()).any():
        return []
    steps, different = np.diff(values), len(np.unique(values))
    if (steps == 1).all() or (steps == -1).all():
        return [f"{name}: counts the rows, like an index; {ways.leave_out(name)}"]
    if different == len(values) and (np.ptp(values) == len(values) - 1 or _KEYS.fullmatch(name)):
        return [f"{name}: a number of its own for every row, like an identifier; {ways.leave_out(name)}"]
    return []


def telling(
    content: Content, preprocessing: Preprocessing, train: Rows, name: str, values: NDArray[np.float64]
) -> list[str]:
    """A column that is the target by another name: by thresholds, or in the same order."""
    target = preprocessing.target
    if target is None or content.target is None or len(train) < _ENOUGH:
        return []
    seen, truth = values[train], content.columns[content.target][train]
    if target.measures == "nominal":
        how = "by thresholds" * _separates(seen, np.unique(truth.astype(str), return_inverse=True)[1])
    elif target.measures == "interval":
        how = "in the same order" * _orders(seen, target.compared(truth).astype(np.float64))
    else:
        how = ""
    note = f"{name}: tells the target {content.target!r} {how}; if it is unknown when an answer is needed, "
    return [note + ways.leave_out(name)] * bool(how)


def splitting(content: Content, name: str, kind: Kind) -> list[str]:
    """A column that says which split or which fold a row belongs to."""
    different: set[str] = set()
    for chunk in content.chunks(name):
        different |= set(map(str, present(chunk)))
        if len(different) > _FEW:
            return []
    if len(different) < 2:
        return []
    named = {split_named(word) for word in different}
    if "train" in named and None not in named:
        spec: dict[str, str] = {"column": name}
    elif _FOLDS.fullmatch(name) or (_SPLITS.fullmatch(name) and all(word.isdecimal() for word in different)):
        spec = {"by": "group", "column": name}
    else:
        return []
    return [f"{name}: seems to say which split a row is in; to use it so: {ways.setting('splits', spec)}; "
            f"otherwise {ways.leave_out(name)}"]  # fmt: skip


def _numbers(content: Content, name: str, kind: Kind) -> NDArray[np.float64] | None:
    """(rows,) a column as numbers, NaN where missing: eight bytes a row; None where its kind compares none."""
    read: list[NDArray[np.float64]] = []
    start = 0
    for chunk in content.chunks(name):
        rows = np.arange(start, start + len(chunk))
        values = located(content, name, rows, lambda chunk=chunk: kind.compared(chunk))
        if values.dtype.kind not in "iufb":
            return None
        read.append(values.astype(np.float64))
        start += len(chunk)
    return np.concatenate(read)


def _separates(values: NDArray[np.float64], classes: NDArray[np.int64]) -> bool:
    """Whether every class has a range of its own, and enough rows for that to be no accident."""
    if np.isnan(values).any() or np.bincount(classes).min() < 3:
        return False
    order = np.argsort(values, kind="stable")
    changes = np.flatnonzero(np.diff(classes[order]))
    apart = (np.diff(values[order])[changes] > 0).all()
    return bool(len(changes) == classes.max() and apart and len(changes))


def _orders(values: NDArray[np.float64], truth: NDArray[np.float64]) -> bool:
    """Whether the ranks of both, up or down, are the same."""
    real = ~(np.isnan(values) | np.isnan(truth))
    if real.sum() < _ENOUGH:
        return False
    one, other = (np.unique(each[real], return_inverse=True)[1] for each in (values, truth))
    if one.max() < _FEW or other.max() < _FEW:
        return False
    return bool(abs(np.corrcoef(one, other)[0, 1]) > _RANKS)
