"""Raw columns written once to a file on disk, to be read column by column: for sources that come row by row."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from weftnet.data.columns import Column


class Spool:
    """Writes batches of rows to an arrow file, and reads its columns.

    Args:
        file: to write.
        names: of the columns, all of them words.
    """

    def __init__(self, file: Path, names: list[str]) -> None:
        import pyarrow as pa

        self.file, self.names, self.count = file, names, 0
        self._schema = pa.schema([(name, pa.string()) for name in names])
        self._writer = pa.ipc.new_file(str(file), self._schema)

    def add(self, columns: list[Any]) -> None:
        """Write some rows, an arrow array or a list for each column."""
        import pyarrow as pa

        arrays = [values if isinstance(values, pa.Array) else pa.array(values, pa.string()) for values in columns]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
        self.count += len(arrays[0])

    def add_batches(self, batches: list[Any]) -> None:
        """Write the rows of several arrow batches as one."""
        import pyarrow as pa

        if batches:
            table = pa.Table.from_batches(batches)
            self.add([pa.concat_arrays(column.chunks) for column in table.columns])

    def columns(self, finish: Callable[[str, Any], NDArray[Any]]) -> dict[str, Column]:
        """The columns, whose values `finish(name, array)` makes; nothing more can be written afterwards."""
        self._writer.close()
        return {name: Column(self._blocks(place, name, finish), self.count) for place, name in enumerate(self.names)}

    def _blocks(
        self, place: int, name: str, finish: Callable[[str, Any], NDArray[Any]]
    ) -> Callable[[], Iterator[NDArray[Any]]]:
        import pyarrow as pa

        only = pa.ipc.IpcReadOptions(included_fields=[place])

        def blocks() -> Iterator[NDArray[Any]]:
            with pa.memory_map(str(self.file)) as source, pa.ipc.open_file(source, options=only) as reader:
                for number in range(reader.num_record_batches):
                    yield finish(name, reader.get_batch(number).column(0))

        return blocks


def block_bytes(memory: int) -> int:
    """Bytes of a source to process at a time, so that the results stay well below the memory allowed."""
    return max(2**16, min(memory // 64, 2**24))
