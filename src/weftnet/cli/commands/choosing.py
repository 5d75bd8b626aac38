"""The task that suits the data and the architectures."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, cast

from weftnet.architecture.spec import Architecture
from weftnet.data import Data
from weftnet.errors import SettingError, closest
from weftnet.tasks import TASKS
from weftnet.tasks._task import Task


def task_name(data: Data, architectures: Sequence[Architecture] = ()) -> str:
    """The task whose parts the architectures have; otherwise the one that the data suit best."""
    parts = {frozenset(architecture.parts) for architecture in architectures}
    if len(parts) == 1:
        (wanted,) = parts
        fitting = [name for name in TASKS.names() if frozenset(TASKS.get(name).parts) == wanted]
        if len(fitting) == 1:
            return fitting[0]
    return max(TASKS.names(), key=lambda name: cast(float, TASKS.get(name).suits(data)))


def task_for(data: Data, name: str, settings: Mapping[str, Any]) -> Task:
    """The task, made for the data.

    Raises:
        UnknownName: there is no such task.
        SettingError: the task does not take a setting.
        DataError: the data don't fit the task.
    """
    cls = TASKS.get(name)
    known = [field.name for field in fields(cls) if (field.default, field.default_factory) != (MISSING, MISSING)]
    for setting in settings:
        if setting not in known:
            close = closest(setting, known)
            fix = f"did you mean {close[0]!r}?" if close else ""
            where, takes = f"task {name}", ", ".join(known) or "no settings"
            raise SettingError(f"there is no setting {setting!r}", where=where, expected=takes, fix=fix)
    try:
        return cast(Task, cls.from_data(data, **settings))
    except TypeError as error:
        raise SettingError(str(error), where=f"task {name}", got=str(dict(settings))) from error
