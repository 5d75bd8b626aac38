"""The files of a run's folder that run.json lists, each with its checksum and its size."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from weftnet.base.files import inside, read_json, read_text, replace, sha256
from weftnet.errors import DamagedCheckpoint, RunError
from weftnet.run.facts import RunFacts


class Listed(ABC):
    """A folder whose files are listed.

    Args:
        folder: its path.
        facts: what run.json says.
    """

    folder: Path
    facts: RunFacts

    @abstractmethod
    def record(self, **fields: Any) -> None:
        """Set fields of run.json."""

    def sign(self, *names: str) -> None:
        """Put the checksums and sizes of files into run.json."""
        self._sign({name: self.folder / name for name in names})

    def put(self, name: str, write: Callable[[Path], object]) -> None:
        """Write a file, whose checksum is in run.json before it has its name: after a kill it is known as own."""

        def signed(new: Path) -> None:
            write(new)
            self._sign({name: new})

        replace(self.folder / name, signed)

    def put_text(self, name: str, text: str) -> None:
        """The same for a text file."""
        self.put(name, lambda new: new.write_text(text, encoding="utf-8"))

    def _sign(self, paths: Mapping[str, Path]) -> None:
        self.record(
            files=self.facts.files | {name: sha256(path) for name, path in paths.items()},
            sizes=self.facts.sizes | {name: path.stat().st_size for name, path in paths.items()},
        )

    def verify(self) -> None:
        """Compare every file of the manifest with its checksum.

        Raises:
            RunError: one is missing.
            DamagedCheckpoint: one is not the file that was written.
        """
        for name in self.facts.files:
            self.file(name)

    def file(self, name: str) -> Path:
        """The path of one of its files, which exists and is the one that was written.

        Raises:
            RunError: it is missing, or the name leads out of the folder.
            DamagedCheckpoint: its checksum is another.
        """
        path = inside(self.folder, name)
        if not path.is_file():
            raise RunError("is missing", where=str(path), got=f"the run's status is {self.facts.status!r}")
        if (checksum := self.facts.files.get(name)) is None:
            return path
        what = "is not the file that was written"
        size, actual_size = self.facts.sizes.get(name), path.stat().st_size
        if size is not None and actual_size != size:  # before gigabytes are read for a checksum
            raise DamagedCheckpoint(what, where=str(path), expected=f"{size} bytes", got=f"{actual_size}")
        if (actual := sha256(path)) != checksum:
            raise DamagedCheckpoint(what, where=str(path), expected=f"sha256 {checksum[:80]}", got=actual)
        return path

    def json(self, name: str) -> dict[str, Any]:
        """The content of one of its JSON files."""
        return read_json(self.file(name))

    def text(self, name: str) -> str:
        """The content of one of its text files."""
        return read_text(self.file(name))
