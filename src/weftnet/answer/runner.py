"""Raw examples in, answers out, without torch: the run's preprocessing, its passes' graphs, the task's decoding.

    open_export("mine-onnx").predict({"size": [4.2, None], "colour": ["red", "violet"]})

ONNX Runtime computes an export's graphs; what computes another format is given to `open_export`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from numpy.typing import NDArray

from weftnet.answer.graphs import Graph, Graphs, Stepped
from weftnet.answer.manifest import ExportFacts, Manifest, SeriesFacts, TableFacts
from weftnet.base.foreign import reading
from weftnet.data.encoded import Encoded
from weftnet.data.fields import Field
from weftnet.data.preprocessing import Preprocessing
from weftnet.data.unfamiliar import of_values
from weftnet.errors import DamagedCheckpoint, RunError
from weftnet.execution.session import Session
from weftnet.run.facts import TaskFacts
from weftnet.tasks import ANSWERS, INFERENCES
from weftnet.tasks._inference import NO_OPTIONS, Arrays, Options, infer
from weftnet.tasks._own_pixels import in_own_pixels

BATCH = 256

#: a file, the names of its inputs and outputs, and how many threads it may use → its graph
Opens: TypeAlias = Callable[[Path, tuple[str, ...], tuple[str, ...], int | None], Graph]


@dataclass(frozen=True)
class Runner:
    """A run, ready to answer.

    Args:
        preprocessing: fitted; raw columns → inputs.
        task: its name, and the settings that answers are decoded by.
        graphs: of its passes.
        series: how the rows of a table of series are read.
        table: how a table in text is read.
    """

    preprocessing: Preprocessing
    task: TaskFacts
    graphs: Graphs
    series: SeriesFacts | None = None
    table: TableFacts = field(default_factory=TableFacts)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The input schema: a field for each raw column."""
        return self.preprocessing.fields

    def unfamiliar(self, raw: Mapping[str, Any]) -> list[str]:
        """Notes on what the run does not know of raw values by column."""
        return of_values(self.preprocessing.columns, raw)

    def encode(self, raw: Mapping[str, Any]) -> Encoded:
        """The model's inputs from raw values by column.

        Raises:
            DataError: a column is missing, or a value can't be used.
        """
        return self.preprocessing.encode(raw)

    def outputs(self, encoded: Encoded, options: Options = NO_OPTIONS) -> NDArray[Any] | Arrays:
        """What answers are made of, row by row.

        Raises:
            DataError: there are no such options.
        """
        return infer(self.task.name, self.graphs, encoded.inputs, encoded.masks, self.task.settings, options)

    def predict(self, raw: Mapping[str, Any], options: Options = NO_OPTIONS) -> list[dict[str, Any]]:
        """An answer for each raw example; the raw values come by column.

        Raises:
            DataError: a column is missing, a value can't be used, or there are no such options.
        """
        encoded, decode, answers = self.encode(raw), ANSWERS.get(self.task.name), []
        for start in range(0, encoded.size, BATCH):
            outputs = self.outputs(encoded.slice(start, start + BATCH), options)
            with reading("manifest.json: task", "its settings don't fit the network's outputs", error=RunError):
                answers += decode(outputs, self.task.settings)
        return in_own_pixels(self.task.name, answers, self.preprocessing.columns, raw)


def open_onnx(path: Path, inputs: tuple[str, ...], outputs: tuple[str, ...], threads: int | None) -> Graph:
    """A file for ONNX Runtime.

    Raises:
        MissingExtra: onnxruntime is not installed.
        DamagedCheckpoint: it holds no ONNX model, or one of other inputs and outputs than the manifest says.
    """
    session = Session(path, threads)
    if (session.inputs, session.outputs) != (inputs, outputs):
        expected, got = str(inputs), str(session.inputs)
        raise DamagedCheckpoint("the model reads other inputs", where=str(path), expected=expected, got=got)
    return session.run


def open_export(folder: str | Path, threads: int | None = None, opens: Opens = open_onnx) -> Runner:
    """An exported run, ready to answer.

    Args:
        folder: written by `weftnet export`.
        threads: number of cores it may use; None for all.
        opens: a file of its format.

    Raises:
        MissingExtra: what computes it is not installed.
        RunError: the folder is no export, or doesn't answer raw inputs.
        DamagedCheckpoint: a file is not the one that was exported.
    """
    with reading(folder, "can't be opened", error=RunError):
        return _opened(Path(folder), threads, opens)


def _opened(folder: Path, threads: int | None, opens: Opens) -> Runner:
    manifest = Manifest(folder)
    facts = manifest.facts
    require_answers(facts, folder)
    if opens is open_onnx and not facts.alone:
        raise RunError(f"a file of {facts.target} needs torch", where=str(folder), fix="export the run to onnx")
    parts = facts.parts if INFERENCES.find(facts.task.name) is not None else {"network": manifest.part()}
    preprocessing = Preprocessing.from_state(facts.preprocessing or {})
    signals = {name: signal.text() for name, signal in preprocessing.signals.items()}
    if signals not in [part.signals for part in parts.values()]:
        what, expected = "preprocessing and signals are not of one run", str([each.signals for each in parts.values()])
        raise DamagedCheckpoint(what, where=str(folder), expected=expected, got=str(signals))
    graphs = {name: opens(manifest.file(part), part.inputs, part.outputs, threads) for name, part in parts.items()}
    stepped = {name: part.step for name, part in parts.items() if part.step is not None}
    steps = {
        name: Stepped(opens(manifest.file(step), step.arguments, step.results, threads), step)
        for name, step in stepped.items()
    }
    return Runner(preprocessing, facts.task, Graphs(graphs, steps), facts.series, facts.table)


def require_answers(facts: ExportFacts, folder: Path) -> None:
    """Refuse an export that doesn't answer raw inputs.

    Raises:
        RunError: it doesn't.
    """
    if not facts.answers:
        raise RunError("does not answer by itself", where=str(folder), got=facts.because)
