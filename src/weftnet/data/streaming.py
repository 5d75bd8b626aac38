"""Sources larger than the memory allowed: their columns stay on disk, their rows are encoded to disk once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from weftnet.data import cache, stored
from weftnet.data.beside import kinds_of, names_files, resolve_files
from weftnet.data.columns import Columns
from weftnet.data.content import Content, short_name
from weftnet.data.request import Request
from weftnet.data.rows import RowData, from_stored, open_rows
from weftnet.data.targets import with_target
from weftnet.errors import DataError


@dataclass(frozen=True)
class Streamed:
    """A source that is read chunk by chunk.

    Args:
        reader: the module of `sources/` that reads it.
        path: of the source.
        name: as the person wrote it.
        request: its kinds, splits, state and options.
        memory: bytes allowed.
    """

    reader: Any
    path: Path
    name: str
    request: Request
    memory: int

    def open(self) -> RowData:
        """The data: from the cache if the source has not changed, otherwise encoded into it."""
        try:
            return self._open()
        except cache.Unwritable as fault:  # in the middle of it
            if not cache.elsewhere(fault):
                raise
            return self._open()

    def _open(self) -> RowData:
        damaged: list[str] = []
        if (fingerprint := cache.recall(self.path, self.request.options)) is not None:
            encoded, damaged = stored.find(self.request.key(fingerprint))
            if encoded is not None:
                return from_stored(self._unread(fingerprint, encoded.state["target"]), encoded)
        with cache.scratch() as folder:
            content, own = self._read(folder)
            state = self.request.state
            if content.asked and state is not None and state["target"] is None:
                fix = f"name the table to be answered: {content.asked[0]}"
                raise DataError("the folder holds its training table too", where=self.name, fix=fix)
            if content.fingerprint == own:  # files beside a table may change while it does not
                cache.remember(self.path, self.request.options, own)
            data = open_rows(with_target(content, self.request.target, self.request.state), self.request)
        data.notes += damaged
        return data

    @contextmanager
    def content(self) -> Iterator[Content]:
        """The raw columns, on disk until the end of the `with`."""
        with cache.scratch() as folder:
            yield self._read(folder, digest=False)[0]

    def _read(self, folder: Path, digest: bool = True) -> tuple[Content, str]:
        """The content, with everything on disk in `folder`, and the fingerprint of the source by itself."""
        options = dict(self.request.options)
        beside = {key: options.pop(key) for key in ("files",) if key in options}
        own = self.reader.stream(self.path, folder, memory=self.memory, **options)
        content = replace(
            own,
            source=self.name,
            name=short_name(self.name),
            chunk=_rows_at_a_time(own),
            memory=self.memory,
            reopen=self.content,
        )
        if names_files(self.reader, self.path):
            state = self.request.state
            kinds = self.request.kinds if state is None else kinds_of(state, content)
            content = resolve_files(content, self.path.parent, kinds, digest, **beside)
        return content, own.fingerprint

    def _unread(self, fingerprint: str, target: str | None) -> Content:
        """What is known of a source that was not read again."""
        return Content(
            short_name(self.name),
            self.name,
            Columns({}),
            fingerprint,
            target=target,
            memory=self.memory,
            reopen=self.content,
        )


def _rows_at_a_time(content: Content) -> int:
    """The largest number of rows that every column comes in."""
    columns = content.columns
    if not isinstance(columns, Columns):
        return content.count
    lengths = [len(next(columns.blocks(name))) for name in columns if columns.is_on_disk(name)]
    return max(1, min(lengths, default=content.count))
