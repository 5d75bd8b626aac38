"""Splits that keep things together: rows of one group in one split, and the past before the future.

Groups (patients, speakers, recordings …) stay whole, so the shares are met only as nearly as the groups' sizes allow.
In an order drawn from the seed each group goes to the split that lacks most rows; then single groups are moved as long
as that brings the splits nearer to their shares. Folds: the largest group first, each to the smallest fold.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.order import Rows, permutation
from weftnet.errors import DataError

_MOVES = 1000


def split_groups(rows: Rows, groups: NDArray[Any], shares: Mapping[str, float], seed: int) -> dict[str, Rows]:
    """Splits of some rows, no group in two of them.

    Args:
        rows: to be split.
        groups: (count,) the group of every row of the source.
        shares: of each split, more than 0, in all 1.
        seed: of the order.

    Raises:
        DataError: there are fewer groups than splits.
    """
    names, index, sizes = np.unique(groups[rows], return_inverse=True, return_counts=True)
    _require(len(names), len(shares), "splits")
    wanted = np.array(list(shares.values())) * len(rows)
    home = np.full(len(names), -1)  # the split of each group
    lacking = wanted.copy()
    for number, group in enumerate(permutation(len(names), "groups", seed)):
        left = len(names) - number
        empty = [each for each in range(len(wanted)) if not (home == each).any()] if left <= len(wanted) else []
        chosen = empty[0] if left <= len(empty) else int(np.argmax(lacking))
        home[group] = chosen
        lacking[chosen] -= sizes[group]
    _improve(home, sizes, lacking)
    return {name: rows[home[index] == number] for number, name in enumerate(shares)}


def _improve(home: NDArray[np.int64], sizes: NDArray[np.int64], lacking: NDArray[np.float64]) -> None:
    """Move single groups, the best move first, while the splits come nearer to their shares; none is emptied."""
    for _ in range(min(len(home), _MOVES)):
        own = lacking[home]
        alone = np.bincount(home, minlength=len(lacking))[home] == 1
        gain = (
            np.abs(own)[:, None] + np.abs(lacking) - np.abs(own + sizes)[:, None] - np.abs(lacking - sizes[:, None])
        )  # by how much moving a group (row) into a split (column) reduces the distance
        gain[np.arange(len(home)), home] = gain[alone] = -np.inf
        group, to = np.unravel_index(int(np.argmax(gain)), gain.shape)
        if gain[group, to] <= 1e-9:
            return
        lacking[home[group]] += sizes[group]
        lacking[to] -= sizes[group]
        home[group] = to


def fold_of_groups(groups: NDArray[Any], folds: int, fold: int, seed: int) -> Rows:
    """The rows of one fold, the folds as even as the groups allow.

    Raises:
        DataError: there are fewer groups than folds.
    """
    names, index, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    _require(len(names), folds, "folds")
    order = permutation(len(names), "folds", seed)
    weight, home = np.zeros(folds, np.int64), np.empty(len(names), np.int64)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        home[group] = int(np.argmin(weight))
        weight[home[group]] += sizes[group]
    return np.flatnonzero(home[index] == fold)


def _require(count: int, needed: int, what: str) -> None:
    """Refuse fewer groups than there are splits or folds."""
    if count < needed:
        raise DataError(
            f"{count} group{'s' * (count != 1)}: too few for {needed} {what}",
            expected=f"at least {needed} different values in the column",
            fix=f"fewer {what}, or another column",
        )


def split_times(times: NDArray[np.float64], shares: Mapping[str, float]) -> dict[str, Rows]:
    """Splits one after another in time; rows of the same time stay together.

    Each boundary is moved to the nearest place where the time changes.

    Raises:
        DataError: there are fewer different times than splits.
    """
    order = np.argsort(times, kind="stable")
    changes = np.flatnonzero(np.diff(times[order]) > 0) + 1
    if len(changes) < len(shares) - 1:
        raise DataError(f"{len(changes) + 1} different times: too few for {len(shares)} splits", fix="fewer splits")
    ends = np.cumsum(list(shares.values()))[:-1] * len(times)
    edges = [0]
    for number, end in enumerate(ends):
        left = len(ends) - 1 - number  # boundaries that still need a place after this one
        free = changes[(changes > edges[-1])]
        free = free[: len(free) - left]
        edges.append(int(free[np.argmin(np.abs(free - end))]))
    edges.append(len(times))
    return {name: order[start:stop] for name, (start, stop) in zip(shares, pairwise(edges), strict=True)}


def summary(splits: Mapping[str, Rows], groups: NDArray[Any], column: str) -> str:
    """A note on a split by groups: the shares and the number of groups that resulted."""
    total = sum(map(len, splits.values()))
    each = [
        f"{name} {len(rows) / total:.1%} ({len(np.unique(groups[rows]))} groups)"
        for name, rows in splits.items()
        if len(rows)
    ]
    return f"split by {column}: {', '.join(each)}"
