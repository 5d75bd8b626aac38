"""Where caches lie: `$XDG_CACHE_HOME/weftnet`. A cache only saves time: one that can't be written is said, once."""

import logging
import os
import tempfile
from pathlib import Path

_said: set[str] = set()


def cache_home() -> Path:
    """The folder of all caches; below the folder of temporary files for a user without a home."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weftnet"
    except RuntimeError:  # nobody knows this user
        return Path(tempfile.gettempdir()) / f"weftnet-{os.getuid()}"


def say_unkept(what: str, reason: str, then: str) -> None:
    """Say once in this process that something is not kept, why, and what follows; by the logger `weftnet`."""
    if what not in _said:
        _said.add(what)
        logging.getLogger("weftnet").warning("%s can't be kept in %s: %s; %s", what, cache_home(), reason, then)
