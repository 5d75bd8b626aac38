"""An entry of the zoo as the first part of another: the setting `backbone`, and its `options`."""

from collections.abc import Mapping
from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.errors import SettingError


def entry(name: str, options: Mapping[str, Any] | None) -> Architecture:
    """The entry of that name with these settings."""
    from weftnet.zoo import ZOO

    architecture: Architecture = ZOO.get(name)(**(options or {}))
    return architecture


def backbone_of(name: str, options: Mapping[str, Any] | None, where: str) -> Architecture | None:
    """The entry that is named; None where none is.

    Args:
        name: of the entry, or "".
        options: its settings.
        where: for an error.

    Raises:
        SettingError: there are options of no backbone.
    """
    if name:
        return entry(name, options)
    if options:
        raise SettingError("options are of a backbone", where=where, expected="backbone: an entry of the zoo")
    return None
