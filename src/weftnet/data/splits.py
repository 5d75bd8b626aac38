"""Which rows train, which choose (validation), which judge (test).

    None                                  the source's own splits if it has any; else stratified (category) or random
    "stratified" | "random" | "given"     70/15/15; "given" needs a source that comes with splits
    {"train": 0.8, "validation": 0.1, "test": 0.1, "by": "random"}
    {"folds": 10, "fold": 3, "validation": 0.1}     fold 3 (from 0) is the test split, validation comes from the rest
    {"by": "group", "column": "patient"}    no group in two splits; shares or folds are met as nearly as groups allow
    {"by": "time", "column": "date"}        the past trains, the latest rows test; ISO dates or numbers; with shares
    {"column": "split"}                   a column of the table names the split of each row

Where a source has no validation split of its own, a tenth of its training rows becomes one. All is a pure function of
the arguments: the same rows, settings and seed give the same splits on every machine.
Stratified: in every class the sizes are the shares rounded, and no split with a share above zero is empty.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.grouped import fold_of_groups, split_groups, split_times
from weftnet.data.order import Rows, permutation
from weftnet.data.ways import setting
from weftnet.errors import DataError, SettingError, closest

SPLITS = ("train", "validation", "test")
SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}
#: share of the training rows that becomes validation where the source has no validation split
VALIDATION = 0.1

_METHODS = ("given", "random", "stratified", "group", "time")

SplitSpec = str | Mapping[str, Any] | None


def split(
    count: int,
    spec: SplitSpec,
    seed: int,
    *,
    classes: NDArray[Any] | None = None,
    own: Mapping[str, Rows],
    keys: NDArray[Any] | None = None,
) -> dict[str, Rows]:
    """Sorted row numbers of each split.

    Args:
        count: rows.
        spec: as in the module's docstring.
        seed: of the shuffling.
        classes: (count,) the class of each row, for stratified splits.
        own: splits that the source comes with.
        keys: (count,) the group or the time of each row, for splits by one of them.

    Raises:
        SettingError: the spec is invalid.
        DataError: a class is too small, or a split would be empty.
    """
    settings, by = _parse(spec, classes, bool(own))
    strata = classes if by == "stratified" else None
    if by == "given":
        splits = _with_validation(own, seed, classes)
    elif by == "time" and keys is not None:
        splits = split_times(keys, _positive(settings))
    elif by == "group" and keys is not None:
        splits = _by_group(count, settings, seed, keys)
    elif "folds" in settings:
        splits = _by_fold(count, settings, seed, strata)
    else:
        splits = _by_shares(np.arange(count), settings, seed, strata)
    splits = {name: np.sort(splits.get(name, np.empty(0, np.int64))) for name in SPLITS}
    if not len(splits["train"]):
        raise DataError("no row is left to train on", got=f"{count} rows", fix="give more rows or a larger train share")
    return splits


def _with_validation(own: Mapping[str, Rows], seed: int, classes: NDArray[Any] | None) -> dict[str, Rows]:
    """The source's own splits; without validation a part of the training rows becomes it."""
    splits = {name: own.get(name, np.empty(0, np.int64)) for name in SPLITS}
    if "validation" in own:
        return splits
    return splits | _by_shares(splits["train"], _held_out(VALIDATION), seed, classes)


def _by_group(count: int, settings: Mapping[str, Any], seed: int, groups: NDArray[Any]) -> dict[str, Rows]:
    """Shares or a fold of whole groups."""
    rows = np.arange(count)
    if "folds" not in settings:
        return split_groups(rows, groups, _positive(settings), seed)
    test = fold_of_groups(groups, int(settings["folds"]), int(settings["fold"]), seed)
    shares = _positive(_held_out(settings["validation"]))
    return split_groups(np.setdiff1d(rows, test), groups, shares, seed) | {"test": test}


def _by_fold(count: int, settings: Mapping[str, Any], seed: int, classes: NDArray[Any] | None) -> dict[str, Rows]:
    """One fold to test; validation comes from the rest."""
    test = _fold(count, int(settings["folds"]), int(settings["fold"]), seed, classes)
    rest = np.setdiff1d(np.arange(count), test)
    return _by_shares(rest, _held_out(settings["validation"]), seed, classes) | {"test": test}


def _by_shares(rows: Rows, shares: Mapping[str, float], seed: int, classes: NDArray[Any] | None) -> dict[str, Rows]:
    """Split rows at random by shares, within each class if there are classes."""
    shares = _positive(shares)
    strata = [rows] if classes is None else [rows[classes[rows] == label] for label in np.unique(classes[rows])]
    chosen: dict[str, list[Rows]] = {name: [] for name in shares}
    for number, stratum in enumerate(strata):
        if len(stratum) < len(shares):
            label = "" if classes is None else f"class {str(classes[stratum[0]])!r} has "
            raise DataError(
                f"{label}{len(stratum)} row{'s' * (len(stratum) != 1)}: too few for {len(shares)} splits",
                expected=f"at least {len(shares)}",
                fix="collect more" + ("" if classes is None else f", drop the class, or {setting('splits', 'random')}"),
            )
        shuffled = stratum[permutation(len(stratum), "split", seed, number)]
        edges = _edges(len(stratum), list(shares.values()))
        for name, (start, end) in zip(shares, pairwise(edges), strict=True):
            chosen[name].append(shuffled[start:end])
    return {name: np.concatenate(rows) if rows else np.empty(0, np.int64) for name, rows in chosen.items()}


def _edges(count: int, shares: list[float]) -> list[int]:
    """Where each split starts: shares rounded, every split at least one row. The first split takes what is left."""
    sizes = [max(1, int(share * count + 0.5)) for share in shares[1:]]
    while sum(sizes) > count - 1:
        sizes[int(np.argmax(sizes))] -= 1
    return [0, *np.cumsum([count - sum(sizes), *sizes]).tolist()]


def _fold(count: int, folds: int, fold: int, seed: int, classes: NDArray[Any] | None) -> Rows:
    """The rows of one fold: each class is shuffled and dealt out, continuing where the class before stopped."""
    order = permutation(count, "folds", seed)
    if classes is not None:
        labels, sizes = np.unique(classes, return_counts=True)
        if sizes.min() < folds:
            rare = labels[np.argmin(sizes)]
            raise DataError(
                f"class {str(rare)!r} has {sizes.min()} rows: too few for {folds} folds",
                fix="fewer folds, or add 'by': 'random'",
            )
        order = order[np.argsort(classes[order], kind="stable")]
    elif count < folds:
        raise DataError(f"{count} rows are too few for {folds} folds")
    chosen: Rows = order[np.arange(count) % folds == fold]
    return chosen


def _positive(shares: Mapping[str, Any]) -> dict[str, float]:
    """The shares above 0, in the order of the splits."""
    return {name: shares[name] for name in SPLITS if shares.get(name, 0) > 0}


def _held_out(validation: float) -> dict[str, float]:
    return {"train": 1 - validation, "validation": validation}


def _parse(spec: SplitSpec, classes: NDArray[Any] | None, has_own: bool) -> tuple[dict[str, Any], str]:
    """Shares or fold numbers, and the method: one of `_METHODS`."""
    settings: dict[str, Any] = {"by": spec} if isinstance(spec, str) else dict(spec or {})
    default = "stratified" if classes is not None else "random"
    by: str = settings.pop("by", None) or ("given" if has_own and not settings else default)
    _check_method(by, settings, spec, classes, has_own)
    settings.pop("column", None)
    if "folds" in settings:
        return _checked_folds(settings, spec), by if by != "given" else default
    if by == "given" and settings:
        raise SettingError("the source's own splits take no shares", where="splits", got=repr(spec))
    shares = settings or SHARES
    if by != "given":
        _check_shares(shares, spec)
    return dict(shares), by


def _check_method(
    by: str, settings: Mapping[str, Any], spec: SplitSpec, classes: NDArray[Any] | None, has_own: bool
) -> None:
    if by not in _METHODS:
        close = closest(str(by), _METHODS)
        raise SettingError(
            f"rows can't be split by {by!r}",
            where="splits",
            expected=", ".join(_METHODS),
            fix=f"did you mean {close[0]!r}?" if close else "",
        )
    if by == "given" and not has_own:
        raise SettingError(
            "the source has no splits of its own", where="splits", fix="split 'stratified' or 'random'"
        )  # fmt: skip
    if by == "stratified" and classes is None:
        raise SettingError("only a category target can be stratified", where="splits", fix="split 'random'")
    if (by in ("group", "time")) != ("column" in settings) or not isinstance(settings.get("column", ""), str):
        raise SettingError(
            "a split by group or time names its column",
            where="splits",
            expected="{'by': 'group', 'column': 'patient'}",
            got=repr(spec),
        )
    if by == "time" and "folds" in settings:
        raise SettingError("a split by time has no folds", where="splits", got=repr(spec), fix="give shares")


def _checked_folds(settings: Mapping[str, Any], spec: SplitSpec) -> dict[str, Any]:
    """The three settings of folds, defaults filled in."""
    settings = {"fold": 0, "validation": VALIDATION, **settings}
    folds, fold = settings["folds"], settings["fold"]
    whole = all(isinstance(number, int) for number in (folds, fold))
    if set(settings) != {"folds", "fold", "validation"} or not whole or not (folds >= 2 and 0 <= fold < folds):
        raise SettingError(
            "folds are written as {'folds': n, 'fold': k, 'validation': share} with 0 ≤ k < n",
            where="splits",
            got=repr(spec),
        )
    _check_shares(_held_out(settings["validation"]), spec)
    return settings


def _check_shares(shares: Mapping[str, Any], spec: SplitSpec) -> None:
    numbers = all(isinstance(share, int | float) and 0 <= share <= 1 for share in shares.values())
    if set(shares) - set(SPLITS) or not numbers or abs(sum(shares.values()) - 1) > 1e-9:
        raise SettingError(
            "the shares of train, validation and test must be numbers that add up to 1", where="splits", got=repr(spec)
        )
