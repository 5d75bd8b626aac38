"""Values of settings as people read them: no braces, quotes or brackets of a programming language."""

from collections.abc import Mapping
from typing import Any

from weftnet.base.numbers import number

#: elements of a list that are shown before the rest is counted
_SHOWN = 8


def plain(value: Any) -> str:
    """A value of a recipe or of a column's facts in words.

    >>> plain({"name": "adamw", "decay": 0.05}), plain([{"flip": {"vertical": True}}, "crop"]), plain(None)
    ('name adamw, decay 0.05', 'flip (vertical yes), crop', 'none')
    """
    if isinstance(value, Mapping):
        return ", ".join(_setting(name, each) for name, each in value.items()) or "none"
    if isinstance(value, list | tuple):
        more = f" … ({len(value)})" if len(value) > _SHOWN else ""
        return ", ".join(map(plain, value[:_SHOWN])) + more if value else "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    return "none" if value is None else str(value)


def _setting(name: object, value: Any) -> str:
    """A name and its value; what has parts of its own stands in brackets."""
    if isinstance(value, Mapping | list | tuple):
        return f"{name} ({plain(value)})" if value else str(name)
    return f"{name} {plain(value)}"
