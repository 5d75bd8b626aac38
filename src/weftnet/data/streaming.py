"""Sources larger than the memory allowed: their columns stay on the disk, their rows are encoded to the disk once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from weftnet.data import cache, stored
from weftnet.data.beside import kinds_of, names_files, resolve_files
from weftnet.data.columns import Columns
from weftnet.data.content import Content, short_name
from weftnet.data.rows import RowData, Wanted, of_stored, open_rows
from weftnet.data.targets import with_target


@dataclass(frozen=True)
class Streamed:
    """A source that is read piece by piece.

    Args:
        reader: the file of `sources/` that reads it.
        path: where it lies.
        name: what it was called.
        wanted: what is asked of it.
        memory: bytes allowed.
    """

    reader: ModuleType
    path: Path
    name: str
    wanted: Wanted
    memory: int

    def open(self) -> RowData:
        """The data: from the cache if the source has not changed, otherwise encoded to it."""
        damaged: list[str] = []
        if (fingerprint := cache.recall(self.path, self.wanted.options)) is not None:
            found, damaged = stored.find(self.wanted.key(fingerprint))
            if found is not None:
                return of_stored(self._known(fingerprint, found.state["target"]), found)
        with cache.scratch() as folder:
            content, own = self._read(folder)
            if content.fingerprint == own:  # files beside a table may change while it does not
                cache.remember(self.path, self.wanted.options, own)
            data = open_rows(with_target(content, self.wanted.target, self.wanted.state), self.wanted)
        data.notes += damaged
        return data

    @contextmanager
    def content(self) -> Iterator[Content]:
        """The raw columns, on the disk until the end of the `with`."""
        with cache.scratch() as folder:
            yield self._read(folder, digest=False)[0]

    def _read(self, folder: Path, digest: bool = True) -> tuple[Content, str]:
        """The content, with all that lies on the disk in `folder`, and the fingerprint of the source by itself."""
        options = dict(self.wanted.options)
        beside = {key: options.pop(key) for key in ("files",) if key in options}
        own = self.reader.stream(self.path, folder, memory=self.memory, **options)
        content = replace(
            own,
            source=self.name,
            name=short_name(self.name),
            piece=_piece(own),
            memory=self.memory,
            again=self.content,
        )
        if names_files(self.reader, self.path):
            state = self.wanted.state
            kinds = self.wanted.kinds if state is None else kinds_of(state, content)
            content = resolve_files(content, self.path.parent, kinds, digest, **beside)
        return content, own.fingerprint

    def _known(self, fingerprint: str, target: str | None) -> Content:
        """What is known of a source that was not read again."""
        return Content(
            short_name(self.name),
            self.name,
            Columns({}),
            fingerprint,
            target=target,
            memory=self.memory,
            again=self.content,
        )


def _piece(content: Content) -> int:
    """Rows at a time: as many as the source reads in one go."""
    columns = content.columns
    if not isinstance(columns, Columns):
        return content.count
    lengths = [len(next(columns.blocks(name))) for name in columns if columns.is_on_disk(name)]
    return max(1, min(lengths, default=content.count))
