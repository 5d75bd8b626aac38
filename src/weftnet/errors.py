"""Every error weftnet raises on purpose. Each says where, what was expected, what it got instead and how to fix it.

WeftnetError
├── ArchitectureError      the architecture has faults; all of them are in `.faults`
├── UnknownName            a name that is not in the registry; suggests the closest ones
├── SettingError           a setting, option or command-line value that cannot be used
├── DataError              the data cannot be read, or do not fit the task
├── RunError               a run folder cannot be written, read or resumed
│   └── DamagedCheckpoint  a checkpoint or weights file fails its checksum or its format
├── TrainingError          training cannot continue (the loss is not finite, say)
└── MissingExtra           an optional dependency is not installed; names the `pip install` command
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class WeftnetError(Exception):
    """The root of the tree.

    >>> try:
    ...     weftnet.open_data("nowhere.csv")
    ... except weftnet.WeftnetError as error:
    ...     print(error.what)
    there is no such file or folder

    Args:
        what: what is wrong, in one sentence.
        where: the file, node or option at fault.
        expected: what would have been valid.
        got: the actual value.
        fix: what the user can do about it.
    """

    def __init__(self, what: str, *, where: str = "", expected: str = "", got: str = "", fix: str = "") -> None:
        self.what, self.where, self.expected, self.got, self.fix = what, where, expected, got, fix
        super().__init__(what)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        rest = [f"{key}: {text}" for key in ("expected", "got", "fix") if (text := getattr(self, key))]
        return "\n  ".join([head, *rest])

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it: the message, without the calls that led to it."""
        return [f"\x1b[31m{type(self).__name__}\x1b[0m: {self}"]


class ArchitectureError(WeftnetError):
    """All faults of an architecture at once."""

    def __init__(self, faults: Iterable[Any], *, where: str = "") -> None:
        self.faults = tuple(faults)
        count = f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''} in the architecture"
        super().__init__("\n".join([count, *(str(fault) for fault in self.faults)]), where=where)


class UnknownName(WeftnetError):
    """A name that is not registered, with the closest ones that are."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str = "", fix: str = "") -> None:
        known = sorted(known)
        self.kind, self.name, self.close = kind, name, closest(name, known)
        super().__init__(
            f"no {kind} is called {name!r}",
            where=where,
            expected="" if self.close or fix else "one of " + ", ".join(known),
            fix=fix or meant(name, known),
        )


class SettingError(WeftnetError):
    """A setting that cannot be used."""


class DataError(WeftnetError):
    """Data that cannot be read, or that do not fit the task."""


class RunError(WeftnetError):
    """A run folder that cannot be written, read or resumed."""


class DamagedCheckpoint(RunError):
    """A file of a run that fails its checksum or its format."""


class TrainingError(WeftnetError):
    """Training that cannot continue."""


class MissingExtra(WeftnetError):
    """An optional dependency that is not installed."""

    def __init__(self, package: str, extra: str, *, what: str) -> None:
        super().__init__(f"{what} needs {package}", fix=f"pip install 'weftnet[{extra}]'")


def meant(name: str, known: Iterable[str], count: int = 2) -> str:
    """Advice that names what is most like `name`: did you mean 'test'? Empty where nothing is like it."""
    close = closest(name, known, count)
    return f"did you mean {' or '.join(map(repr, close))}?" if close else ""


def closest(name: str, known: Iterable[str], count: int = 2) -> tuple[str, ...]:
    """The names most like `name`, closest first; underscores, dashes and case are ignored."""
    plain = {option.lower().replace("_", "").replace("-", ""): option for option in known}
    matches = get_close_matches(name.lower().replace("_", "").replace("-", ""), list(plain), n=count, cutoff=0.6)
    return tuple(plain[match] for match in matches)
