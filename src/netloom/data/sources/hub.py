"""Data sets of the Hugging Face Hub: `hub:OWNER/NAME[:CONFIG]`, by the library `datasets` (extra `hub`).

Only data are loaded, never a data set's own code. Without a connection, or with HF_HUB_OFFLINE=1, a set that was loaded
before is found in the library's cache; any other is an error at once. The parts are those of the Hub.
"""

import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np

from netloom.data.content import Content, fingerprint, part_named
from netloom.data.read import LIMIT, too_large
from netloom.data.sources.parquet import of_table
from netloom.errors import DataError
from netloom.extras import need

PREFIX = "hub:"
_SECONDS = 5


def read(path: Path, *, limit: int = LIMIT) -> Content:
    """Load a data set of the Hub.

    Args:
        path: `hub:OWNER/NAME[:CONFIG]`.
        limit: bytes it may have in memory.

    Raises:
        DataError: there is no connection, or no such data set.
        MissingExtra: `datasets` is not installed.
    """
    import pyarrow as pa

    name, _, config = str(path).removeprefix(PREFIX).partition(":")
    library = need("datasets", extra="hub", what="loading a data set of the Hub")
    online = _online()
    library.config.HF_HUB_OFFLINE = library.config.HF_HUB_OFFLINE or not online
    try:
        found = library.load_dataset(name, config or None)
    except Exception as fault:  # the library raises what its many parts raise
        raise DataError(
            "the data set can't be loaded" if online else "there is no connection to the Hub, and no copy of this set",
            where=str(path),
            got=str(fault).split("\n")[0],
            fix="check the name and the configuration"
            if online
            else "connect, or open a downloaded folder by its path",
        ) from None
    tables, given, count = [], {}, 0
    for split, rows in found.items():
        table: Any = rows.with_format("arrow")[:].replace_schema_metadata(rows.features.arrow_schema.metadata)
        limit -= table.nbytes
        if limit < 0:
            raise too_large(path, limit)
        given[part_named(split)] = np.arange(count, count + len(table))
        count += len(table)
        tables.append(table)
    content = of_table(
        pa.concat_tables(tables), path, "", {} if None in given else {str(p): r for p, r in given.items()}
    )
    return Content(**{**vars(content), "fingerprint": fingerprint(content.columns)})


def _online() -> bool:
    """Whether the Hub answers, within a few seconds; anything it says is an answer."""
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
