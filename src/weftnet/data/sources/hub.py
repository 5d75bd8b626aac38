"""Data sets of Hugging Face: `hub:OWNER/NAME[:CONFIG]`, or one in memory, by the library `datasets` (extra `hub`).

Only data are loaded, never a data set's own code. Without a connection, or with HF_HUB_OFFLINE=1, a set that was loaded
before comes from the library's cache; any other is an error at once. The splits are those of the Hub. A folder that the
library saved is opened by its path (`saved.py`), and never by `hub:`.
"""

import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from weftnet.base.extras import need
from weftnet.data.content import Content
from weftnet.data.read import LIMIT
from weftnet.data.sources._hub import of_splits
from weftnet.data.sources._place import Place
from weftnet.errors import DataError

PREFIX = "hub:"
#: why the contract of sources has nothing to try it on
no_example = "because it needs a connection to the Hub"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_SECONDS = 5


def opens(place: Place) -> float:
    """Names that begin with `hub:`, and what the library has loaded."""
    if place.values is not None:
        return float(type(place.values).__module__.partition(".")[0] == "datasets")
    return float(place.name.startswith(PREFIX))


def read(path: Path, *, limit: int = LIMIT) -> Content:
    """Load a data set of the Hub.

    Args:
        path: `hub:OWNER/NAME[:CONFIG]`.
        limit: bytes it may have in memory.

    Raises:
        DataError: there is no connection, or no such data set.
        MissingExtra: `datasets` is not installed.
    """
    name, _, config = str(path).removeprefix(PREFIX).partition(":")
    if not _NAME.fullmatch(name):
        raise DataError(
            "this is not the name of a data set of the Hub", where=str(path), expected="hub:OWNER/NAME[:CONFIG]"
        )
    if Path(name).exists():  # the library would open the folder instead
        raise DataError("a folder of this name exists here", where=str(path), fix=f"open it by its path: ./{name}")
    library = need("datasets", extra="hub", what="loading a data set of the Hub")
    online = _online()
    try:
        with _offline(library, not online):
            sets = library.load_dataset(name, config or None)
    except _faults(library) as fault:
        what = (
            "the data set can't be loaded"
            if online
            else "there is no connection to the Hub, and no cached copy of this set"
        )
        check, connect = "check the name and the configuration", "connect, or open a downloaded folder by its path"
        raise DataError(
            what, where=str(path), got=str(fault).split("\n")[0], fix=check if online else connect
        ) from None
    return of_splits(sets, path, limit)


def hold(values: Any, name: str) -> Content:
    """A `Dataset`, or a `DatasetDict`, whose data sets are the splits.

    Raises:
        DataError: it is a stream, or something else of the library.
    """
    library = need("datasets", extra="hub", what="reading a data set of Hugging Face")
    if isinstance(values, library.Dataset):
        return of_splits({"all": values}, Path(name), LIMIT)
    if isinstance(values, library.DatasetDict):
        return of_splits(values, Path(name), LIMIT)
    expected, fix = "a Dataset or a DatasetDict", "load it without streaming=True, or make one of its first rows"
    raise DataError("the data set can't be read", where=name, expected=expected, got=type(values).__name__, fix=fix)


def _faults(library: Any) -> tuple[type[Exception], ...]:
    """What loading raises: for an unknown name, configuration or version, a failing network, damaged files.

    ValueError means an unknown configuration, RuntimeError a set that would need its own code.
    """
    errors = need("huggingface_hub.errors", extra="hub", what="loading a data set of the Hub")
    return (
        library.exceptions.DatasetsError, errors.HTTPError, errors.EntryNotFoundError, OSError, ValueError, RuntimeError
    )  # fmt: skip


@contextmanager
def _offline(library: Any, wanted: bool) -> Iterator[None]:
    """The library without the network; its own setting is restored afterwards."""
    before = library.config.HF_HUB_OFFLINE
    library.config.HF_HUB_OFFLINE = before or wanted
    try:
        yield
    finally:
        library.config.HF_HUB_OFFLINE = before


def _online() -> bool:
    """Whether the Hub responds within a few seconds, with whatever status."""
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        return False
    address = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    try:
        urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=_SECONDS).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
