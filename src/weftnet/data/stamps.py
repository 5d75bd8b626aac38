"""Time stamps: words or numbers as points in time, and the step from one to the next.

A number stays as it is, in any unit. A word is an ISO date, `2016-07-01` or `2016-07-01 13:00:00`, with or without an
offset such as +02:00, and becomes seconds since 1970 (UTC by default).
"""

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.kinds._kind import BadValue

_DAY = 86400.0
#: relative deviation from the usual step that counts as rounding
_NEAR = 1e-6


def stamps(values: Any) -> NDArray[np.float64]:
    """Raw values (ISO dates, numbers as numbers or words, datetimes) as numbers.

    Raises:
        BadValue: a value is missing or neither a date nor a number.
    """
    array = np.asarray(values)
    if array.dtype.kind in "iub":
        return array.astype(np.float64)
    if array.dtype.kind == "M":
        array = array.astype("datetime64[us]").astype(object)
    return np.array([_stamp(row, value) for row, value in enumerate(array.tolist())], np.float64)


def _stamp(row: int, value: Any) -> float:
    if isinstance(value, datetime):
        return _seconds(value)
    if isinstance(value, str):
        try:
            return _seconds(datetime.fromisoformat(value.strip()))
        except ValueError:
            pass
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise BadValue(
            row,
            "the time stamp is missing" if value is None else "this is no time stamp",
            expected="an ISO date such as 2016-07-01 13:00:00, or a number",
            got=repr(value),
        )
    return number


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def ascending(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The differences of stamps.

    Raises:
        BadValue: they don't ascend; names the row.
    """
    steps: NDArray[np.float64] = np.diff(points)
    if (steps <= 0).any():
        row = int(np.argmax(steps <= 0)) + 1
        what = "the time stamp comes twice" if steps[row - 1] == 0 else "the time stamps don't ascend"
        raise BadValue(row, what, fix="sort the rows by time; distinguish several series in one file by series=…")
    return steps


def step_of(points: NDArray[np.float64]) -> float | None:
    """The constant step between ascending stamps; None where it is one month, or several.

    Raises:
        BadValue: the stamps don't ascend, or the steps differ; names the row after the odd step.
    """
    steps = ascending(points)
    usual = float(np.median(steps))
    odd = np.abs(steps - usual) > _NEAR * usual
    if not odd.any():
        return usual
    if _monthly(points):
        return None
    row = int(np.argmax(odd)) + 1
    raise BadValue(
        row,
        "the time stamps are not evenly spaced",
        expected=f"a step of {usual:g}, as most are",
        got=f"a step of {steps[row - 1]:g}",
        fix="steps=fill inserts missing steps, steps=nearest moves stamps first; without time=… rows are the steps",
    )


def _monthly(points: NDArray[np.float64]) -> bool:
    """Whether stamps, in seconds, fall on the same day of the month and are evenly many months apart."""
    if np.diff(points).min() < 28 * _DAY:
        return False
    moments = [datetime.fromtimestamp(point, UTC) for point in points.tolist()]
    months = np.diff([moment.year * 12 + moment.month for moment in moments])
    moments_in_month = {(moment.day, moment.hour, moment.minute, moment.second) for moment in moments}
    return len(moments_in_month) == 1 and len(set(months.tolist())) == 1
