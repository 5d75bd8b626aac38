"""The splits that the library `datasets` returns, as a content: for data sets of the Hub and for those it saved."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from weftnet.base.limits import limit as limit_of
from weftnet.data.content import Content, fingerprint
from weftnet.data.read import too_large
from weftnet.data.sources.parquet import of_table
from weftnet.data.split_names import split_named
from weftnet.errors import DataError


def of_splits(sets: Mapping[str, Any], path: Path, limit: int) -> Content:
    """The data sets one after another; they are the content's splits if each has the name of one.

    Args:
        sets: `datasets.Dataset` by name.
        path: they come from, for messages.
        limit: bytes they may have in memory.

    Raises:
        DataError: they are too large, or differ in their columns.
    """
    import pyarrow as pa

    tables, named, count, limit = [], {}, 0, limit or limit_of("bytes")
    for name, rows in sets.items():
        table: Any = rows.with_format("arrow")[:].replace_schema_metadata(rows.features.arrow_schema.metadata)
        limit -= table.nbytes
        if limit < 0:
            raise too_large(path, limit + table.nbytes)
        named[split_named(name)] = np.arange(count, count + len(table))
        count += len(table)
        tables.append(table)
    try:
        joined = pa.concat_tables(tables)
    except pa.ArrowException as fault:
        raise DataError("the splits differ in their columns", where=str(path), got=str(fault).split("\n")[0]) from None
    splits = (
        {} if None in named or len(named) < max(2, len(tables)) else {str(split): rows for split, rows in named.items()}
    )
    content = of_table(joined, path, "", splits)
    return Content(**{**vars(content), "fingerprint": fingerprint(content.columns)})
