"""What a person wrote for an entry of a registry, against that registry and the entry's signature."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from weftnet.errors import SettingError, closest
from weftnet.registry import Registry


def known(registry: Registry[Any], name: Any, where: str) -> None:
    """Raise SettingError if a registry has no such name."""
    if name not in registry:
        near = nearest(str(name), registry.names())
        raise SettingError(f"no {registry.kind} is called {name!r}", where=where, **near)


def check_settings(function: Callable[..., Any], settings: Mapping[str, Any], taken: Sequence[str], where: str) -> None:
    """Raise SettingError if a function has no such arguments.

    Args:
        function: an entry of a registry.
        settings: for it, as a person wrote them.
        taken: arguments that no setting may have.
        where: they were written.
    """
    names = [name for name in inspect.signature(function).parameters if name not in taken]
    for name in settings:
        if name not in names:
            raise SettingError(f"{function.__name__} has no setting {name!r}", where=where, **nearest(name, names))


def nearest(name: str, names: Sequence[str]) -> dict[str, str]:
    """What an error about an unknown name adds: the names most like it, or all of them."""
    close = closest(name, names)
    if close:
        return {"fix": "did you mean " + " or ".join(map(repr, close)) + "?"}
    return {"expected": "one of " + ", ".join(names) if names else "none"}
