"""The first lines of a table in text: the delimiter that one may name, and columns without a name."""

import re
from collections.abc import Sequence


def named_delimiter(text: str) -> tuple[str, int]:
    """The delimiter that a first line `sep=;` names, and how many lines it takes; "" and 0 without such a line."""
    found = re.match(r"sep=(.)\r?\n", text)
    return (found[1], 1) if found else ("", 0)


def called(names: Sequence[str]) -> list[str]:
    """The names of a header; a column without one is called by its place."""
    if not any(name.strip() for name in names):
        return list(names)
    return [name if name.strip() else f"Unnamed: {place}" for place, name in enumerate(names)]
