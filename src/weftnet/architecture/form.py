"""The faults of a file's form, and the readings of keys and names that every combinator shares."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from weftnet.architecture.faults import Edit, Fault, written
from weftnet.architecture.spec import MERGES
from weftnet.architecture.synonyms import MERGES as MERGE_SYNONYMS
from weftnet.architecture.synonyms import suggestions
from weftnet.errors import closest

Path: TypeAlias = tuple[str, ...]
#: Fix of what can't be read at all: it is removed.
IGNORED = "ignored"
_LONGEST = 77  # characters of a value that a fault shows


class Form:
    """Reads what combinators have in common, and collects the faults."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def keys(self, value: Any, path: Path, block: str, known: Iterable[str]) -> dict[str, Any]:
        """A combinator's mapping with every known key, None where it is missing; misspelt keys are corrected."""
        result: dict[str, Any] = dict.fromkeys(known)
        if not isinstance(value, dict):
            if value is not None:
                self.fault(path, block, "is not a mapping", expected=either(known), got=value)
            return result
        result |= {key: item for key, item in value.items() if key in result}
        for key, item in value.items():
            if key in known:
                continue
            close = closest(str(key), [name for name in known if name not in value], 1)
            if close:
                self.misspelt(path, block, str(key), close[0])
                result[close[0]] = item
            else:
                self.fault(path, block, f"has no setting {str(key)!r}", expected=either(known), fix=IGNORED)
        return result

    def merge(self, merge: Any, path: Path, block: str) -> str:
        """The name of a merge."""
        if merge in MERGES:
            return str(merge)
        close = suggestions(str(merge), MERGES, MERGE_SYNONYMS, 1)
        name = close[0] if close else "concat"
        what = f"no merge is called {written(merge)!r}"
        self.fault(path, block, what, expected=either(MERGES), close=close, fix=f"read as merge: {name}")
        return name

    def misspelt(self, path: Path, block: str, word: str, intended: str) -> None:
        """Record a word that was read as another."""
        self.fault(path, block, f"unknown key {word!r}", close=(intended,), fix=f"read as {intended}")

    def fault(
        self, path: Path, block: str, what: str, *,
        expected: str = "", got: Any = None, close: tuple[str, ...] = (), fix: str = "",
    ) -> None:  # fmt: skip
        """Record a fault; `fix` says what was read instead."""
        received = "" if got is None else written(got)[:_LONGEST]
        edit = Edit(path, "spelling", fix) if fix else None
        if fix == IGNORED and path:
            edit = Edit(path, "remove")
        self.faults.append(Fault(path or ("architecture",), block, what, expected, received, close=close, fix=edit))


def either(names: Iterable[str] | Mapping[str, Any]) -> str:
    """`concat | add | multiply | gate`."""
    return " | ".join(names)
