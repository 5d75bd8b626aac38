"""What two errors on the same rows say: win, tie or loss; and the mean rank over many sets.

A tie by size: the errors differ by at most 1 % of the larger one. A tie by test: the difference of errors, paired over
seeds and test rows, is not clear at 95 % (weftnet.base.significance). Else the lower error wins.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from weftnet.base.significance import crossed

#: share of the larger error within which two errors are equal
SAME = 0.01
#: groups of neighbouring test rows, at most, over which differences are paired
GROUPS = 500


def verdict(ours: Sequence[float], theirs: Sequence[float], differences: Sequence[Sequence[float]] = ()) -> str:
    """Win, tie or loss, and by what.

    Args:
        ours: errors by seed.
        theirs: those of a peer.
        differences: by seed, how much larger the peer's error is on each group of rows; none if that isn't known.
    """
    mine, other = float(np.mean(ours)), float(np.mean(theirs))
    if abs(mine - other) <= SAME * max(mine, other):
        return "tie (1 %)"
    if len(differences) > 1 and len({len(each) for each in differences}) == 1:
        tested = crossed(np.array(differences, dtype=np.float64).T)
        if tested is not None and not tested.clear:
            return "tie (test)"
    return "win" if mine < other else "loss"


def mean_ranks(errors: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The mean rank of each entrant over the sets that all of them have; equal errors share their ranks.

    Args:
        errors: by set and entrant.
    """
    names = list(dict.fromkeys(name for row in errors.values() for name in row))
    whole = [row for row in errors.values() if len(row) == len(names)]
    if not whole:
        return {}
    ranks = {
        name: [
            1
            + sum(row[other] < row[name] for other in names)
            + (sum(row[other] == row[name] for other in names) - 1) / 2
            for row in whole
        ]
        for name in names
    }
    return {name: float(np.mean(each)) for name, each in ranks.items()}


def grouped(values: Sequence[float]) -> list[float]:
    """Means over neighbouring rows, in at most `GROUPS` groups of nearly equal size."""
    parts = np.array_split(np.asarray(values, dtype=np.float64), min(GROUPS, len(values)))
    return [round(float(part.mean()), 6) for part in parts]
