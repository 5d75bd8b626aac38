"""What there is to explain: one step ahead of one column, in its own unit."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from weftnet.errors import SettingError, UnknownName
from weftnet.tasks._targets import Targets, number


def forecasting(settings: Mapping[str, Any], outputs: Tensor, target: str | int | None) -> Targets:
    """`3` is the third step of the first column, `temperature:3` that of another, `temperature` its first.

    Raises:
        UnknownName: there is no such column.
        SettingError: there is no such step.
    """
    columns, horizon = list(settings["targets"]), int(settings["horizon"])
    column, _, step = ("" if target is None else str(target)).rpartition(":")
    if not column and step in columns:
        column, step = step, "1"
    column, step = column or columns[0], step or "1"
    if column not in columns:
        raise UnknownName("forecast", column, columns, where="target")
    if not (step.isdecimal() and 1 <= int(step) <= horizon):
        expected = f"a step from 1 to {horizon}, or COLUMN:STEP"
        raise SettingError("there is no such step", where="target", expected=expected, got=repr(target))
    which = columns.index(column)
    place = (int(step) - 1) * len(columns) + which
    return number(outputs, f"{column}, step {step}", place, settings["scale"][which], settings["mean"][which])
