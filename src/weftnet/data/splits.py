"""Which rows train, which choose, which judge.

    None                                  given parts if the source has them; else stratified (category) or random
    "stratified" | "random" | "given"     70/15/15; "given" needs parts
    {"train": 0.8, "validation": 0.1, "test": 0.1, "by": "random"}
    {"folds": 10, "fold": 3, "validation": 0.1}     fold 3 (from 0) is the test part, validation is cut from the rest
    {"by": "group", "column": "patient"}    no group in two parts; with shares or folds, met as nearly as groups allow
    {"by": "time", "column": "date"}        the past trains, the latest rows test; ISO dates or numbers; with shares
    {"column": "split"}                   a column of the table names the part of each row

Where parts are given without validation, a tenth of the training part becomes it. All is a pure function of the
arguments: the same rows, settings and seed give the same parts on every machine.
Stratified: in every class the parts' sizes are the shares rounded, and no part with a share above zero goes empty.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.grouped import cut_groups, cut_times, fold_of_groups
from weftnet.data.order import Rows, permutation
from weftnet.errors import DataError, SettingError, closest

PARTS = ("train", "validation", "test")
SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}
#: share of the training part that becomes validation where the source gives none
VALIDATION = 0.1

_WAYS = ("given", "random", "stratified", "group", "time")

Splits = str | Mapping[str, Any] | None


def split(
    count: int,
    settings: Splits,
    seed: int,
    *,
    classes: NDArray[Any] | None = None,
    given: Mapping[str, Rows],
    along: NDArray[Any] | None = None,
) -> dict[str, Rows]:
    """Sorted row numbers of each part.

    Args:
        count: rows.
        settings: as in the module's docstring.
        seed: of the cut.
        classes: (count,) the class of each row, for stratified cuts.
        given: parts that the source came in.
        along: (count,) the group or the time of each row, for cuts by one of them.

    Raises:
        SettingError: the settings can't be read.
        DataError: a class is too small, or a part would be empty.
    """
    wanted, by = _read(settings, classes, bool(given))
    if by == "given":
        parts = {part: given.get(part, np.empty(0, np.int64)) for part in PARTS}
        if "validation" not in given:
            held = {"train": 1 - VALIDATION, "validation": VALIDATION}
            parts |= _cut(parts["train"], held, seed, classes)
    elif by == "time" and along is not None:
        parts = cut_times(along, {part: wanted[part] for part in PARTS if wanted.get(part, 0) > 0})
    elif by == "group" and along is not None:
        parts = _by_group(count, wanted, seed, along)
    elif "folds" in wanted:
        classes = classes if by == "stratified" else None
        test = _fold(count, int(wanted["folds"]), int(wanted["fold"]), seed, classes)
        rest = np.setdiff1d(np.arange(count), test)
        held = {"train": 1 - wanted["validation"], "validation": wanted["validation"]}
        parts = _cut(rest, held, seed, classes) | {"test": test}
    else:
        parts = _cut(np.arange(count), wanted, seed, classes if by == "stratified" else None)
    parts = {part: np.sort(parts.get(part, np.empty(0, np.int64))) for part in PARTS}
    if not len(parts["train"]):
        raise DataError("no row is left to train on", got=f"{count} rows", fix="give more rows or a larger train share")
    return parts


def _by_group(count: int, wanted: Mapping[str, Any], seed: int, groups: NDArray[Any]) -> dict[str, Rows]:
    """Shares or a fold of whole groups."""
    rows = np.arange(count)
    if "folds" not in wanted:
        return cut_groups(rows, groups, {part: wanted[part] for part in PARTS if wanted.get(part, 0) > 0}, seed)
    test = fold_of_groups(groups, int(wanted["folds"]), int(wanted["fold"]), seed)
    held = {"train": 1 - wanted["validation"], "validation": wanted["validation"]}
    held = {part: share for part, share in held.items() if share > 0}
    return cut_groups(np.setdiff1d(rows, test), groups, held, seed) | {"test": test}


def _read(settings: Splits, classes: NDArray[Any] | None, has_given: bool) -> tuple[dict[str, Any], str]:
    """Shares or fold numbers, and the way to cut."""
    fair = "stratified" if classes is not None else "random"
    wanted: dict[str, Any] = {"by": settings} if isinstance(settings, str) else dict(settings or {})
    by: str = wanted.pop("by", None) or ("given" if has_given and not wanted else fair)
    if by not in _WAYS:
        close = closest(str(by), _WAYS)
        raise SettingError(
            f"rows can't be split by {by!r}",
            where="splits",
            expected=", ".join(_WAYS),
            fix=f"did you mean {close[0]!r}?" if close else "",
        )
    if by == "given" and not has_given:
        raise SettingError("the source does not come in parts", where="splits", fix="split 'stratified' or 'random'")
    if by == "stratified" and classes is None:
        raise SettingError("only a category target can be stratified", where="splits", fix="split 'random'")
    if (by in ("group", "time")) != ("column" in wanted) or not isinstance(wanted.pop("column", ""), str):
        raise SettingError(
            "a split by group or time names its column",
            where="splits",
            expected="{'by': 'group', 'column': 'patient'}",
            got=repr(settings),
        )
    if by == "time" and "folds" in wanted:
        raise SettingError("a split by time has no folds", where="splits", got=repr(settings), fix="give shares")
    if "folds" in wanted:
        wanted = {"fold": 0, "validation": VALIDATION, **wanted}
        folds, fold = wanted["folds"], wanted["fold"]
        whole = all(isinstance(number, int) for number in (folds, fold))
        if set(wanted) != {"folds", "fold", "validation"} or not whole or not (folds >= 2 and 0 <= fold < folds):
            raise SettingError(
                "folds are given as {'folds': n, 'fold': k, 'validation': share} with 0 ≤ k < n",
                where="splits",
                got=repr(settings),
            )
        _check_shares({"train": 1 - wanted["validation"], "validation": wanted["validation"]}, settings)
        return wanted, by if by != "given" else fair
    shares = wanted or SHARES
    if by != "given":
        _check_shares(shares, settings)
    elif wanted:
        raise SettingError("given parts take no shares", where="splits", got=repr(settings))
    return dict(shares), by


def _check_shares(shares: Mapping[str, Any], settings: Splits) -> None:
    numbers = all(isinstance(share, int | float) and 0 <= share <= 1 for share in shares.values())
    if set(shares) - set(PARTS) or not numbers or abs(sum(shares.values()) - 1) > 1e-9:
        raise SettingError(
            "the shares of train, validation and test are numbers that add up to 1", where="splits", got=repr(settings)
        )


def _cut(rows: Rows, shares: Mapping[str, float], seed: int, classes: NDArray[Any] | None) -> dict[str, Rows]:
    """Cut rows by shares, within each class if there are classes."""
    used = {part: shares[part] for part in PARTS if shares.get(part, 0) > 0}
    groups = [rows] if classes is None else [rows[classes[rows] == label] for label in np.unique(classes[rows])]
    pieces: dict[str, list[Rows]] = {part: [] for part in used}
    for number, group in enumerate(groups):
        if len(group) < len(used):
            label = "" if classes is None else f"class {str(classes[group[0]])!r} has "
            raise DataError(
                f"{label}{len(group)} row{'s' * (len(group) != 1)}: too few for {len(used)} parts",
                expected=f"at least {len(used)}",
                fix="collect more" + ("" if classes is None else ", drop the class, or splits='random'"),
            )
        shuffled = group[permutation(len(group), "split", seed, number)]
        edges = _edges(len(group), list(used.values()))
        for part, (start, end) in zip(used, pairwise(edges), strict=True):
            pieces[part].append(shuffled[start:end])
    return {part: np.concatenate(found) if found else np.empty(0, np.int64) for part, found in pieces.items()}


def _edges(count: int, shares: list[float]) -> list[int]:
    """Where each part starts: shares rounded, every part at least one row. The first part takes what is left."""
    sizes = [max(1, int(share * count + 0.5)) for share in shares[1:]]
    while sum(sizes) > count - 1:
        sizes[int(np.argmax(sizes))] -= 1
    return [0, *np.cumsum([count - sum(sizes), *sizes]).tolist()]


def _fold(count: int, folds: int, fold: int, seed: int, classes: NDArray[Any] | None) -> Rows:
    """The rows of one fold: each class is shuffled and dealt out, one dealing going on where the last one stopped."""
    order = permutation(count, "folds", seed)
    if classes is not None:
        found, sizes = np.unique(classes, return_counts=True)
        if sizes.min() < folds:
            rare = found[np.argmin(sizes)]
            raise DataError(
                f"class {str(rare)!r} has {sizes.min()} rows: too few for {folds} folds",
                fix="fewer folds, or add 'by': 'random'",
            )
        order = order[np.argsort(classes[order], kind="stable")]
    elif count < folds:
        raise DataError(f"{count} rows are too few for {folds} folds")
    chosen: Rows = order[np.arange(count) % folds == fold]
    return chosen
