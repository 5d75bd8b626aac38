"""Architectures by the names that people give: a file, or an entry of the zoo with its settings."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from weftnet.architecture.reading import load
from weftnet.architecture.spec import Architecture, to_yaml
from weftnet.errors import SettingError, UnknownName, closest
from weftnet.zoo import ZOO


def is_file(name: str) -> bool:
    """Whether a name is meant as a file."""
    return Path(name).suffix in (".yaml", ".yml", ".json") or Path(name).is_file()


def is_written(name: str) -> bool:
    """Whether a name is an architecture by itself: a file, a run, or an entry of the zoo; others only data propose."""
    return is_file(name) or Path(name).is_dir() or name in ZOO


def architecture_of(name: str) -> Architecture:
    """An architecture file, or a zoo entry with its own defaults.

    Raises:
        ArchitectureError: the file has faults.
        SettingError: there is neither a file nor an entry of that name.
    """
    if is_file(name):
        return load(name)
    return zoo_entry(name, {})


def zoo_entry(name: str, settings: Mapping[str, Any]) -> Architecture:
    """A zoo entry made with these arguments."""
    try:
        function = ZOO.get(name)
    except UnknownName as error:
        raise UnknownName("architecture file or zoo entry", name, ZOO.names()) from error
    known = inspect.signature(function).parameters
    for setting in settings:
        if setting not in known:
            close = closest(setting, known)
            fix = f"did you mean {close[0]!r}?" if close else ""
            raise SettingError(f"{name} takes no {setting!r}", expected=", ".join(known), fix=fix)
    try:
        made: Architecture = function(**settings)
    except (TypeError, ValueError) as error:
        raise SettingError(str(error), where=f"zoo entry {name}", got=str(dict(settings))) from error
    return made


def zoo_yaml(name: str, settings: Mapping[str, Any]) -> str:
    """A zoo entry as YAML, to start from."""
    return to_yaml(zoo_entry(name, settings))
