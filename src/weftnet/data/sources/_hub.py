"""The splits that the library `datasets` gives, as a content: for data sets of the Hub and for those it saved."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from weftnet.data.content import Content, fingerprint, part_named
from weftnet.data.read import too_large
from weftnet.data.sources.parquet import of_table
from weftnet.errors import DataError


def of_splits(found: Mapping[str, Any], path: Path, limit: int) -> Content:
    """Splits one behind the other; they are the parts if each is called like one.

    Args:
        found: `datasets.Dataset` by split.
        path: they come from, for messages.
        limit: bytes they may have in memory.

    Raises:
        DataError: they are too large, or differ in their columns.
    """
    import pyarrow as pa

    tables, given, count = [], {}, 0
    for split, rows in found.items():
        table: Any = rows.with_format("arrow")[:].replace_schema_metadata(rows.features.arrow_schema.metadata)
        limit -= table.nbytes
        if limit < 0:
            raise too_large(path, limit + table.nbytes)
        given[part_named(split)] = np.arange(count, count + len(table))
        count += len(table)
        tables.append(table)
    try:
        joined = pa.concat_tables(tables)
    except pa.ArrowException as fault:
        raise DataError("the splits differ in their columns", where=str(path), got=str(fault).split("\n")[0]) from None
    parts = (
        {} if None in given or len(given) < max(2, len(tables)) else {str(part): rows for part, rows in given.items()}
    )
    content = of_table(joined, path, "", parts)
    return Content(**{**vars(content), "fingerprint": fingerprint(content.columns)})
