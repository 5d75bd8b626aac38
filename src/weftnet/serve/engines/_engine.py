"""The interface of every entry of the registry `ENGINES`, and the folders that engines are asked about."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from weftnet.answer.manifest import NAME, ExportFacts, read_manifest
from weftnet.errors import RunError
from weftnet.run.folder import Run
from weftnet.serve.model import Model


@dataclass(frozen=True)
class Stored:
    """A folder to be served: a run, or an export.

    Args:
        folder: its path.
        run: None if the folder is an export.
        export: what its manifest says; None if the folder is a run.
    """

    folder: Path
    run: Run | None = None
    export: ExportFacts | None = None

    @classmethod
    def read(cls, folder: Path) -> "Stored":
        """What is in a folder; only the description is read.

        Raises:
            RunError: it is neither, or of a newer weftnet.
            DamagedCheckpoint: its description is not what was written.
        """
        if not (folder / "run.json").is_file() and (folder / NAME).is_file():
            return cls(folder, export=read_manifest(folder))
        return cls(folder, run=Run.open(folder))

    def exported_to(self, target: str) -> Path:
        """The export to a target: the folder itself, or the one of a run's present weights inside the run.

        Raises:
            RunError: there is none.
        """
        if self.export is not None:
            if self.export.target != target:
                what, got = f"is no export to {target}", f"one to {self.export.target}"
                raise RunError(what, where=str(self.folder), got=got)
            return self.folder
        folder = self.folder / "export" / target
        command = f"weftnet export {self.folder} --to {target}"
        if not (folder / NAME).is_file():
            raise RunError(f"has no export to {target}", where=str(self.folder), fix=command)
        weights = self.run.checksum if self.run else ""
        if not weights or read_manifest(folder).run.weights != weights:
            fix = f"remove {folder}, then {command}"
            raise RunError("the export is of other weights than the run has", where=str(folder), fix=fix)
        return folder


class Engine(Protocol):
    """Computes the answers of runs or exports of some form."""

    preference: ClassVar[int]
    """Of the engines that can run a folder, that of the highest is taken; one of 0 only where it is named."""
    needs_torch: ClassVar[bool]
    """Whether it imports torch."""

    def source(self, stored: Stored) -> Path:
        """The folder that it would load: the one it is asked about, or an export inside.

        Raises:
            RunError: it can run none of them; the fix is the command that makes one, if there is one.
            MissingExtra: its package is not installed.
        """
        ...

    def load(self, stored: Stored, source: Path, threads: int) -> Model:
        """A folder of `source`, ready to answer.

        Raises:
            WeftnetError: it can't be loaded.
        """
        ...
