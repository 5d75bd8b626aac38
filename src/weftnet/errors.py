"""Every error weftnet raises on purpose. Each says where, what was expected, what was given and how to mend it.

WeftnetError
├── ArchitectureError      the architecture has faults; all of them are in `.faults`
├── UnknownName            a name that no registry entry has; says which come close
├── SettingError           a setting, option or command-line value that can't be used
├── DataError              the data can't be read, or don't fit the task
├── RunError               a run folder can't be written, read or resumed
│   └── DamagedCheckpoint  a checkpoint or weights file fails its checksum or its format
├── TrainingError          training can't go on (a loss that is not finite, say)
└── MissingExtra           an optional dependency is not installed; says the `pip install` line
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class WeftnetError(Exception):
    """The root of the tree.

    Args:
        what: the fault in one sentence.
        where: file, node or option it lies in.
        expected: what would have been right.
        got: what was found instead.
        fix: what the reader can do about it.
    """

    def __init__(self, what: str, *, where: str = "", expected: str = "", got: str = "", fix: str = "") -> None:
        self.what, self.where, self.expected, self.got, self.fix = what, where, expected, got, fix
        super().__init__(what)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        rest = [f"{key}: {text}" for key in ("expected", "got", "fix") if (text := getattr(self, key))]
        return "\n  ".join([head, *rest])


class ArchitectureError(WeftnetError):
    """All faults of an architecture at once."""

    def __init__(self, faults: Iterable[Any], *, where: str = "") -> None:
        self.faults = tuple(faults)
        count = f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''} in the architecture"
        super().__init__("\n".join([count, *(str(fault) for fault in self.faults)]), where=where)


class UnknownName(WeftnetError):
    """A name nobody has registered, with the closest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str = "") -> None:
        known = sorted(known)
        self.kind, self.name, self.close = kind, name, closest(name, known)
        super().__init__(
            f"no {kind} is called {name!r}",
            where=where,
            expected="" if self.close else "one of " + ", ".join(known),
            fix=f"did you mean {' or '.join(map(repr, self.close))}?" if self.close else "",
        )


class SettingError(WeftnetError):
    """A setting that can't be used."""


class DataError(WeftnetError):
    """Data that can't be read, or that don't fit the task."""


class RunError(WeftnetError):
    """A run folder that can't be written, read or resumed."""


class DamagedCheckpoint(RunError):
    """A file of a run that fails its checksum or its format."""


class TrainingError(WeftnetError):
    """Training that can't go on."""


class MissingExtra(WeftnetError):
    """An optional dependency that is not installed."""

    def __init__(self, package: str, extra: str, *, what: str) -> None:
        super().__init__(f"{what} needs {package}", fix=f"pip install 'weftnet[{extra}]'")


def closest(name: str, known: Iterable[str], count: int = 2) -> tuple[str, ...]:
    """The names most like `name`, closest first; underscores, dashes and case don't count."""
    plain = {option.lower().replace("_", "").replace("-", ""): option for option in known}
    matches = get_close_matches(name.lower().replace("_", "").replace("-", ""), list(plain), n=count, cutoff=0.6)
    return tuple(plain[match] for match in matches)
