"""One Parquet, Feather or Arrow file: its columns, in batches, counted while they are decoded."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from weftnet.base.foreign import reading
from weftnet.data.read import budget, suffixes, too_large
from weftnet.data.sources._ipc_size import largest_message
from weftnet.data.sources._spool import block_bytes
from weftnet.errors import DataError, closest

_BATCH = 8192  # rows
_OBJECT = 57  # bytes of a word in Python, and of its place
#: the first bytes of an arrow file, and the last bytes of an arrow stream
_FILE, _END = b"ARROW1", b"\xff\xff\xff\xff\0\0\0\0"


def batches_of(file: Path, name: str | None, memory: int, schema: bool = False) -> Iterator[Any]:
    """A column's batches of rows from an uncompressed file; or only the file's schema."""
    import pyarrow as pa
    from pyarrow import parquet

    with pa.memory_map(str(file)) as source:
        if suffixes(file)[0] == ".parquet":
            with parquet.ParquetFile(source, buffer_size=2**16) as opened:
                if schema:
                    yield opened.schema_arrow
                    return
                row = max(1, _uncompressed(opened.metadata) // max(1, opened.metadata.num_rows))
                size = max(1, min(_BATCH, block_bytes(memory) // row))
                yield from opened.iter_batches(size, columns=[name], use_threads=False)
            return
        with _ipc(file, source, max(source.size(), budget(0, source.size()))) as (known, batches):
            if schema:
                yield known
                return
            for batch in batches:
                for start in range(0, len(batch), _BATCH):
                    yield batch.select([name]).slice(start, _BATCH)


@contextmanager
def _ipc(file: Path, source: Any, limit: int) -> Iterator[tuple[Any, Iterator[Any]]]:
    """Schema and batches of an arrow file, or of a stream; a stream without its end marker is truncated.

    A file is a stream between its own first and last bytes, and is read so.
    """
    import pyarrow as pa

    begins = len(_FILE) + 2 if source.read(len(_FILE)) == _FILE else 0
    if begins:
        pa.ipc.open_file(source)  # refuses one without its end
    else:
        source.seek(max(0, source.size() - len(_END)))
        if source.read() != _END:
            raise pa.ArrowInvalid("the stream has no end")
    source.seek(begins)
    if largest_message(source) > limit:
        raise too_large(file, limit)
    source.seek(begins)
    with pa.ipc.open_stream(source) as opened:
        yield opened.schema, map(_checked, opened)


def _checked(batch: Any) -> Any:
    """A batch whose offsets and indices lie where they may: arrow itself follows them out of its memory."""
    batch.validate(full=True)
    return batch


def table_of(file: Path, raw: bytearray, columns: Sequence[str] | None, limit: int) -> Any:
    """The table of a file's bytes, read batch by batch: a few bytes of Parquet can expand to terabytes."""
    import pyarrow as pa
    from pyarrow import parquet

    source, batches, size = pa.BufferReader(raw), [], 0
    with damaged(file), ExitStack() as stack:
        if suffixes(file)[0] == ".parquet":
            schema = parquet.read_schema(source)
            opened = parquet.ParquetFile(source, read_dictionary=_words_of(schema))
            stream = opened.iter_batches(_BATCH, columns=columns_of(file, columns, schema.names), use_threads=False)
        else:
            schema, stream = stack.enter_context(_ipc(file, source, limit))
            names = columns_of(file, columns, schema.names)
            stream = (batch.select(names) for batch in stream) if names else stream
        for batch in stream:
            size += sum(map(_decoded_size, batch.columns))
            if size > limit:
                raise too_large(file, limit)
            batches.append(_plain(batch))
    chosen = pa.schema([schema.field(name) for name in columns], schema.metadata) if columns is not None else schema
    return pa.Table.from_batches(batches, batches[0].schema if batches else chosen).replace_schema_metadata(
        schema.metadata
    )


def _words_of(schema: Any) -> list[str]:
    """Columns of words: read with their dictionary, of which a few bytes of a file can repeat a word without end."""
    return [field.name for field in schema if _is_word(field.type)]


def _is_word(type_: Any) -> bool:
    from pyarrow import types

    tests = (types.is_string, types.is_binary, types.is_large_string, types.is_large_binary)
    return any(test(type_) for test in tests)


def _decoded_size(array: Any) -> int:
    """Bytes of a column once its words are written out, and an object is made of each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(array.type):
        return int(array.nbytes) + len(array) * (1 if pa.types.is_boolean(array.type) else 8)
    if not _is_word(array.type.value_type):
        return len(array) * 8
    long = pc.binary_length(array.dictionary).cast(pa.int64())
    return int(pc.sum(pc.take(long, array.indices)).as_py() or 0) + len(array) * _OBJECT


def _plain(batch: Any) -> Any:
    """A batch without dictionaries of words."""
    import pyarrow as pa

    columns = [
        column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def columns_of(file: Path, columns: Sequence[str] | None, names: Sequence[str]) -> list[str] | None:
    """The columns to read, all of which must be there."""
    for name in columns or ():
        if name not in names:
            close = closest(name, names)
            fix = f"did you mean {close[0]!r}?" if close else ""
            raise DataError(f"there is no column {name!r}", where=str(file), expected=", ".join(names), fix=fix)
    return None if columns is None else list(columns)


def _uncompressed(footer: Any) -> int:
    """Bytes of all row groups, as the file declares them."""
    return sum(footer.row_group(number).total_byte_size for number in range(footer.num_row_groups))


def damaged(file: Path) -> AbstractContextManager[None]:
    return reading(file, "the file is damaged or cut short")
