"""The task that suits the data and the architectures.

Every task says how sure it is that data are meant for it (`suits`), and the surest is taken. Where another is at least
half as sure, it is named with the option that takes it. Architectures narrow the choice to the tasks that train the
parts they have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, cast

from weftnet.architecture.spec import Architecture
from weftnet.data import Data
from weftnet.data.describing import likely_target, looks
from weftnet.data.infer import Spec
from weftnet.data.kinds._state import name_of
from weftnet.data.ways import target
from weftnet.errors import DataError, SettingError, WeftnetError, closest
from weftnet.tasks import TASKS
from weftnet.tasks._task import Task

#: share of the surest task's confidence from which another one is named too
_PLAUSIBLE = 0.5
#: columns that are listed where a target is missing, and how wide their names may be
_LISTED, _WIDE = 40, 24


@dataclass(frozen=True)
class Choice:
    """A task that was chosen.

    Args:
        name: of the task.
        sure: how sure it is of the data, from 0 to 1; None if somebody or the architecture decided.
        others: plausible ones, each with its confidence and the option that takes it.
    """

    name: str
    sure: float | None = None
    others: tuple[tuple[str, float, str], ...] = ()

    def __str__(self) -> str:
        """classification (60 % sure); or regression (40 %): --kind score=number."""
        if self.sure is None or not self.others:
            return self.name
        others = "".join(f"; or {name} ({sure:.0%}): {option}" for name, sure, option in self.others)
        return f"{self.name} ({self.sure:.0%} sure){others}".replace("%", " %")


def choose(data: Data, architectures: Sequence[Architecture] = ()) -> Choice:
    """The task whose parts the architectures have; of several, or without any, the one that the data suit best.

    Raises:
        DataError: no task suits the data, and the message says why each does not; or they are a table without a
            target, and the message lists its columns.
    """
    names = _with_parts(architectures)
    if architectures and len(names) == 1:
        return Choice(names[0])
    sure = {name: cast(float, TASKS.get(name).suits(data)) for name in names}
    if data.may_be_targets:
        raise _asked(data, [name for name in names if sure[name]])
    best, *others = sorted(names, key=lambda name: (-sure[name], name))
    if not sure[best]:
        reasons = "".join(f"\n  {name}: {_reason(data, name)}" for name in names)
        fix = "name the target with --target, its kind with --kind, or a task with --task"
        raise DataError(f"no task suits the data{reasons}", where=data.name, fix=fix)
    plausible = [name for name in others if sure[name] >= _PLAUSIBLE * sure[best]]
    options = {name: TASKS.get(name).option(data) or f"--task {name}" for name in plausible}
    return Choice(best, sure[best], tuple((name, sure[name], options[name]) for name in plausible))


def read_by(name: str | None) -> Spec | None:
    """The kind that the target is read as, where somebody named the task; None if that decides nothing.

    Raises:
        UnknownName: there is no such task.
    """
    task: type[Task] | None = TASKS.get(name) if name else None
    if task is None or task.reads is None:
        return None
    return {name_of(task.reads): task.reads_with} if task.reads_with else name_of(task.reads)


def reads_its_way(name: str) -> bool:
    """Whether a task that was chosen for data reads their target with settings of its own: they are then read again."""
    return bool(TASKS.get(name).reads_with)


def _with_parts(architectures: Sequence[Architecture]) -> list[str]:
    """The tasks that train the parts of the architectures; all of them where none does."""
    parts = {frozenset(architecture.parts) for architecture in architectures}
    names = TASKS.names()
    return [name for name in names if {frozenset(TASKS.get(name).parts)} == parts] or names


def _asked(data: Data, without: Sequence[str]) -> DataError:
    """That a table's target has to be named, with what its columns look like; other tasks have to be, too."""
    columns = {name: look for name, look in looks(data).items() if name in data.may_be_targets}
    likely, why = likely_target(columns)
    ways = [f"{target(likely)} ({why})", *(f"--task {name}, which needs no target" for name in without)]
    width = min(max(map(len, columns)), _WIDE)
    lines = [f"\n    {name:<{width}}  {look}" for name, look in list(columns.items())[:_LISTED]]
    lines += [f"\n    and {len(columns) - _LISTED} more"] if len(columns) > _LISTED else []
    return DataError("no column is named as the target", where=data.name, expected=f"one of{''.join(lines)}",
                     fix="; or ".join(ways))  # fmt: skip


def _reason(data: Data, name: str) -> str:
    """Why the data are not taken to be meant for a task."""
    try:
        TASKS.get(name).from_data(data)
    except WeftnetError as error:
        return error.what + (f", expected {error.expected}" if error.expected else "")
    return f"possible, but nothing says that it is meant: --task {name}"


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
