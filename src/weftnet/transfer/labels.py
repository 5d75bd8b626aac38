"""The names of a published network's classes: of a file, or of its configuration."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from weftnet.base.files import parse_json, read_text
from weftnet.errors import SettingError

_LIMIT = 2**24


def labels_of(classes: int, config: Mapping[str, Any], file: Path | None = None) -> list[str]:
    """As many names as there are classes, all different; numbers, where nothing is known of them.

    Args:
        classes: of the network.
        config: a config.json, which may have `id2label`.
        file: with a name in each line; or JSON, a list, or a mapping from numbers to names or lists of names.

    Raises:
        SettingError: the file has another number of names, or is unreadable.
    """
    named = _listed(config.get("id2label"), classes)
    if file is not None:
        named = _read(file, classes)
        if named is None:
            expected = f"{classes} names: one in each line, a JSON list, or {{number: name}}"
            raise SettingError("are not the names of the classes", where=str(file), expected=expected)
    names = named or [str(number) for number in range(classes)]
    counts = Counter(names)
    return [name if counts[name] == 1 else f"{name} ({number})" for number, name in enumerate(names)]


def _read(file: Path, classes: int) -> list[str] | None:
    text = read_text(file)
    if text.lstrip()[:1] in ("[", "{"):
        return _listed(parse_json(text, str(file)), classes)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines if len(lines) == classes else None


def _listed(value: Any, classes: int) -> list[str] | None:
    """Names in order, from a list or from {number: name}; None where they are not as many."""
    if isinstance(value, Mapping):
        value = (
            [value.get(str(number), value.get(number)) for number in range(classes)] if len(value) == classes else None
        )
    if not isinstance(value, list) or len(value) != classes:
        return None
    names = [each[-1] if isinstance(each, list) and each else each for each in value]
    return [str(name) for name in names] if all(isinstance(name, str | int) for name in names) else None
