"""Cuts that keep things together: rows of one group in one part, and the past before the future.

Groups (patients, speakers, recordings …) are handed out whole, so the shares are met only as nearly as the groups'
sizes let them. In an order drawn by the seed each group goes to the part that lacks most rows; then single groups are
moved as long as that brings the parts nearer to their shares. Folds: the largest group first, each to the lightest.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.order import Rows, permutation
from weftnet.errors import DataError

_MOVES = 1000


def cut_groups(rows: Rows, groups: NDArray[Any], shares: Mapping[str, float], seed: int) -> dict[str, Rows]:
    """Parts of some rows, no group in two of them.

    Args:
        rows: to be cut.
        groups: (count,) the group of every row of the source.
        shares: of each part, more than 0, in all 1.
        seed: of the order.

    Raises:
        DataError: there are fewer groups than parts.
    """
    found, place, sizes = np.unique(groups[rows], return_inverse=True, return_counts=True)
    enough(len(found), len(shares), "parts")
    wanted = np.array(list(shares.values())) * len(rows)
    part = np.full(len(found), -1)
    lacking = wanted.copy()
    for number, group in enumerate(permutation(len(found), "groups", seed)):
        left = len(found) - number
        empty = [one for one in range(len(wanted)) if not (part == one).any()] if left <= len(wanted) else []
        chosen = empty[0] if left <= len(empty) else int(np.argmax(lacking))
        part[group] = chosen
        lacking[chosen] -= sizes[group]
    _improve(part, sizes, lacking)
    return {name: rows[part[place] == number] for number, name in enumerate(shares)}


def _improve(part: NDArray[np.int64], sizes: NDArray[np.int64], lacking: NDArray[np.float64]) -> None:
    """Move single groups, the best move first, while the parts come nearer to their shares; none is emptied."""
    for _ in range(min(len(part), _MOVES)):
        own = lacking[part]
        alone = np.bincount(part, minlength=len(lacking))[part] == 1
        gain = (
            np.abs(own)[:, None] + np.abs(lacking) - np.abs(own + sizes)[:, None] - np.abs(lacking - sizes[:, None])
        )  # what the move of a group (row) into a part (column) takes off the distance
        gain[np.arange(len(part)), part] = gain[alone] = -np.inf
        group, to = np.unravel_index(int(np.argmax(gain)), gain.shape)
        if gain[group, to] <= 1e-9:
            return
        lacking[part[group]] += sizes[group]
        lacking[to] -= sizes[group]
        part[group] = to


def fold_of_groups(groups: NDArray[Any], folds: int, fold: int, seed: int) -> Rows:
    """The rows of one fold, the folds as even as groups let them be.

    Raises:
        DataError: there are fewer groups than folds.
    """
    found, place, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    enough(len(found), folds, "folds")
    order = permutation(len(found), "folds", seed)
    weight, home = np.zeros(folds, np.int64), np.empty(len(found), np.int64)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        home[group] = int(np.argmin(weight))
        weight[home[group]] += sizes[group]
    return np.flatnonzero(home[place] == fold)


def enough(count: int, needed: int, what: str) -> None:
    """Refuse fewer groups than there are parts or folds."""
    if count < needed:
        raise DataError(
            f"{count} group{'s' * (count != 1)}: too few for {needed} {what}",
            expected=f"at least {needed} different values in the column",
            fix="fewer parts, or another column",
        )


def cut_times(times: NDArray[np.float64], shares: Mapping[str, float]) -> dict[str, Rows]:
    """Parts one after another in time; rows of the same time stay together.

    Each edge is moved to the nearest place where the time changes.

    Raises:
        DataError: there are fewer different times than parts.
    """
    order = np.argsort(times, kind="stable")
    changes = np.flatnonzero(np.diff(times[order]) > 0) + 1
    if len(changes) < len(shares) - 1:
        raise DataError(f"{len(changes) + 1} different times: too few for {len(shares)} parts", fix="fewer parts")
    ends = np.cumsum(list(shares.values()))[:-1] * len(times)
    edges = [0]
    for number, end in enumerate(ends):
        left = len(ends) - 1 - number  # edges that must still find a place behind this one
        free = changes[(changes > edges[-1])]
        free = free[: len(free) - left]
        edges.append(int(free[np.argmin(np.abs(free - end))]))
    edges.append(len(times))
    return {name: order[start:stop] for name, (start, stop) in zip(shares, pairwise(edges), strict=True)}


def told(parts: Mapping[str, Rows], groups: NDArray[Any], column: str) -> str:
    """A grouped cut in words, with the shares that came of it."""
    total = sum(map(len, parts.values()))
    each = [
        f"{name} {len(rows) / total:.1%} ({len(np.unique(groups[rows]))} groups)"
        for name, rows in parts.items()
        if len(rows)
    ]
    return f"split by {column}: {', '.join(each)}"
