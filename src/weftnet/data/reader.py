"""A source as a person names it, and the module of `sources/` that reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from weftnet.data.beside import kinds_of, names_files, resolve_files
from weftnet.data.content import Content, short_name
from weftnet.data.memory import too_large
from weftnet.data.options import Taker, assign
from weftnet.data.request import Request, Source, name_of
from weftnet.data.sources import source_of
from weftnet.data.sources._layout import unwrapped
from weftnet.data.sources._place import Place


@dataclass(frozen=True)
class Reader:
    """A source, and the module that reads it.

    Args:
        name: as the person wrote it.
        path: of the file or folder.
        module: of `sources/`, which reads it.
        values: in memory.
    """

    name: str
    path: Path
    module: Any
    values: Any = None

    def is_large(self, allowed: int) -> bool:
        """Whether it takes more memory than allowed, once read."""
        weight = getattr(self.module, "WEIGHT", None) if self.values is None else None
        return weight is not None and too_large(self.path, weight, allowed)

    def assigned(self, request: Request, **takers: Taker) -> tuple[Request, dict[str, dict[str, Any]]]:
        """The request with the state's options too, and the options of the reader and of each other function."""
        previous = {} if request.state is None else request.state["options"]
        takers = {"reader": self.module.read if self.values is None else None, **takers}
        options, of = assign(takers, request.options, previous, self.name)
        return replace(request, options=options), of

    @property
    def names_files(self) -> bool:
        """Whether it is a table on disk, whose columns may name files beside it."""
        return self.values is None and names_files(self.module, self.path)

    def assigned_rows(self, request: Request) -> tuple[Request, dict[str, dict[str, Any]]]:
        """As `assigned`, of rows: a table may name files."""
        return self.assigned(request, files=resolve_files if self.names_files else None)

    def read(self, **options: Any) -> Content:
        """All of it."""
        if self.values is not None:
            held: Content = self.module.hold(self.values, self.name)
            return held
        content: Content = self.module.read(self.path, **options)
        inner = [f"the folder inside it is read: {self.path}"] * (self.path != Path(self.name).expanduser())
        notes = (*(note for note in inner if self.path.is_dir()), *content.notes)
        return replace(content, source=self.name, name=short_name(self.name), notes=notes)

    def with_files(self, content: Content, request: Request, options: Mapping[str, Any]) -> Content:
        """What was read, with the files that a table names."""
        if not self.names_files:
            return content
        kinds = request.kinds if request.state is None else kinds_of(request.state, content)
        return resolve_files(content, self.path.parent, kinds, **options["files"])


def reader_of(source: Source) -> Reader:
    """The source that somebody names, with the module that opens it.

    Raises:
        DataError: there is nothing, no source opens it, or two would.
    """
    values = None if isinstance(source, str | Path) else source
    name = name_of(source)
    path = Path(name).expanduser()
    if values is None and path.is_dir():
        path = unwrapped(path)
    place = Place(name, path, values)
    return Reader(name, place.path, source_of(place), values)
