"""Frames in memory: pandas, polars, pyarrow, duckdb, ibis and whatever else hands its columns over as one of them does.

    __arrow_c_stream__      the Arrow PyCapsule interface, https://arrow.apache.org/docs/format/CDataInterface
    __dataframe__           the protocol of data frames, https://data-apis.org/dataframe-protocol

No library of frames is imported: pyarrow takes the columns. What pandas calls its index is left out, as of a file.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from weftnet.base.foreign import reading
from weftnet.data.content import Content, fingerprint
from weftnet.data.read import LIMIT
from weftnet.data.sources._place import Frame, Place
from weftnet.data.sources.parquet import of_table
from weftnet.errors import DataError

#: why the contract of sources has nothing to try it on
no_example = "because a frame is no file"


def opens(place: Place) -> float:
    """Whatever hands its columns over."""
    return 0.9 * any(hasattr(place.frame, name) for name in ("__arrow_c_stream__", "__dataframe__"))


def read(path: Path, *, limit: int = LIMIT) -> Content:
    """A frame is in memory.

    Raises:
        DataError: always.
    """
    raise DataError("a frame is no file", where=str(path))


def hold(values: Frame, name: str) -> Content:
    """The columns of a frame; equal ones have an equal fingerprint, whatever library they come from."""
    with reading(name, "the frame can't be read"):
        content = of_table(_table(values), Path(name), "", {})
    return replace(content, first=0, fingerprint=fingerprint(content.columns))


def _table(values: Any) -> Any:
    """The frame as a table of Arrow."""
    import pyarrow as pa
    from pyarrow import interchange

    return pa.table(values) if hasattr(values, "__arrow_c_stream__") else interchange.from_dataframe(values)
