"""manifest.json of an exported folder: what was exported, from which run, and the checksum of every file it names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self

from weftnet.base.files import inside, read_json, sha256
from weftnet.base.foreign import reading
from weftnet.base.typed import Measured, read
from weftnet.data.cells import Cells
from weftnet.data.grid import Steps
from weftnet.data.quotes import Quote
from weftnet.errors import DamagedCheckpoint, RunError
from weftnet.run.facts import Predicted, TaskFacts

FORMAT = 1
NAME = "manifest.json"
#: before the names of states in a program of steps, as inputs and as outputs
STATE, NEXT = "state.", "next."


@dataclass(frozen=True)
class StateFacts:
    """A state between steps: zeros before the first.

    Args:
        dtype: of its values.
        shape: before the first step, without the batch axis, which is the first.
    """

    dtype: Literal["float32", "int64"]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class StepFacts:
    """A network as a program of its next steps: inputs and states in, outputs and the states after them out.

    Args:
        file: the model.
        inputs, outputs: their names in the file without the states, which are `state.NAME` and `next.NAME`.
        states: by name.
        alone: whether the program takes one step at a time.
    """

    file: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    states: dict[str, StateFacts]
    alone: bool = False

    @property
    def arguments(self) -> tuple[str, ...]:
        """All that the program reads."""
        return (*self.inputs, *(STATE + name for name in self.states))

    @property
    def results(self) -> tuple[str, ...]:
        """All that it gives."""
        return (*self.outputs, *(NEXT + name for name in self.states))


@dataclass(frozen=True)
class PartFacts:
    """One network of an export.

    Args:
        file: the model.
        inputs, outputs: their names in the file; masks are inputs too.
        signals: the inputs in their written form.
        time: for each input with a time axis, whether its length is free.
        step: the same network step by step, if it was written.
    """

    file: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    signals: dict[str, str]
    time: dict[str, Literal["free", "fixed"]]
    step: StepFacts | None = None


@dataclass(frozen=True)
class Parity:
    """How far the model's outputs are from the run's.

    Args:
        compared: batches.
        largest: the comparison that came closest to what is allowed.
        absolute, relative: tolerances.
    """

    compared: int
    largest: dict[str, Any]
    absolute: Measured
    relative: Measured


@dataclass(frozen=True)
class Origin:
    """The run that was exported: nothing of the machine that trained or exported it.

    Args:
        name: of its folder.
        seed: of its recipe.
        versions: of what trained it.
        fingerprint: of its data.
        weights: their checksum.
    """

    name: str = ""
    seed: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    fingerprint: str | None = None
    weights: str | None = None


@dataclass(frozen=True)
class SeriesFacts:
    """How the rows of a table are the steps of series.

    Args:
        time: the column of time stamps; None where the rows are the steps.
        series: the column that distinguishes several series.
        steps: how uneven and missing steps are read.
    """

    time: str | None = None
    series: str | None = None
    steps: Steps = "even"

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """As the options of the data say."""
        return cls(options.get("time"), options.get("series"), options.get("steps", "even"))


@dataclass(frozen=True)
class TableFacts:
    """How a table in text is read: the options of the run's own table, as `data/sources/table.py` has them."""

    delimiter: str | None = None
    columns: tuple[str, ...] = ()
    quote: Quote | None = None
    decimal: str | None = None
    thousands: str | None = None
    missing: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    encoding: str = "utf-8"
    token: int = 0
    """Of a file with a word a line, the column of the word, counted from 1; 0 for the usual one."""

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """As the options of the data say."""
        names = {each.name for each in fields(cls)}
        own = {name: value for name, value in options.items() if name in names and value is not None}
        return read(
            cls, {name: list(value) if isinstance(value, tuple) else value for name, value in own.items()}, "options"
        )

    @property
    def cells(self) -> Cells:
        """How its cells are read."""
        return Cells(self.decimal, self.thousands, self.missing, self.present)


@dataclass(frozen=True)
class ExportFacts:
    """The content of manifest.json.

    Args:
        format: of the folder.
        target: the format of its models.
        task: that was trained.
        parts: the networks by name.
        answers: whether the folder answers raw inputs.
        files: sha256 of every file.
        because: why it doesn't answer.
        alone: whether it does so without torch.
        preprocessing: its state; None if the run reads no columns.
        predicts: what its answers are about.
        series: of a table of series, how its rows are read.
        table: how a table in text is read.
        parity: how far the outputs are from the run's.
        run: where it comes from.
    """

    format: int
    target: str
    task: TaskFacts
    parts: dict[str, PartFacts]
    answers: bool
    files: dict[str, str]
    because: str = ""
    alone: bool = True
    preprocessing: dict[str, Any] | None = None
    predicts: Predicted | None = None
    series: SeriesFacts | None = None
    table: TableFacts = field(default_factory=TableFacts)
    parity: Parity | None = None
    run: Origin = field(default_factory=Origin)


def read_manifest(folder: Path) -> ExportFacts:
    """The manifest of an exported folder.

    Raises:
        RunError: there is none, or it was written by a newer weftnet.
        DamagedCheckpoint: it is not what `export` writes.
    """
    path = folder / NAME
    with reading(folder, error=RunError):
        there = path.is_file()
    if not there:
        raise RunError("is no exported folder: it has no manifest.json", where=str(folder))
    document: Mapping[str, Any] = read_json(path)
    if isinstance(version := document.get("format"), int) and version > FORMAT:
        got = f"format {version}"
        raise RunError("was written by a newer weftnet", where=str(path), expected=f"format {FORMAT}", got=got)
    return read(ExportFacts, document, str(path))


class Manifest:
    """The manifest of an exported folder, each of whose files is the one that was exported.

    Args:
        folder: with a manifest.json in it.

    Raises:
        RunError: there is none, it is of a newer weftnet, or a file it names is missing or outside the folder.
        DamagedCheckpoint: it is not what `export` writes, or a file has another checksum.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self._where = folder, str(folder / NAME)
        self.facts = read_manifest(folder)
        for name, checksum in self.facts.files.items():
            path = inside(folder, name)
            if not path.is_file():
                raise RunError("is missing", where=str(path))
            if (actual := sha256(path)) != checksum:
                what, expected = "is not the file that was exported", f"sha256 {checksum[:80]}"
                raise DamagedCheckpoint(what, where=str(path), expected=expected, got=actual)

    def part(self, name: str = "network") -> PartFacts:
        """One of its networks.

        Raises:
            RunError: there is no such part.
        """
        if name not in self.facts.parts:
            raise RunError(f"has no part {name!r}", where=self._where, expected=", ".join(self.facts.parts))
        return self.facts.parts[name]

    def file(self, part: PartFacts | StepFacts) -> Path:
        """The model of a part, one of the files that were checked.

        Raises:
            DamagedCheckpoint: it is not among them.
        """
        if part.file not in self.facts.files:
            raise DamagedCheckpoint("names a file without its checksum", where=self._where, got=part.file[:80])
        return inside(self.folder, part.file)
