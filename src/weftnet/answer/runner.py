"""Raw examples in, answers out, from an exported folder: the run's preprocessing, ONNX Runtime, the task's decoding."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.answer.manifest import Manifest
from weftnet.data.encoded import Encoded
from weftnet.data.fields import Field
from weftnet.data.preprocessing import Preprocessing
from weftnet.errors import DamagedCheckpoint, RunError
from weftnet.execution.session import MASK, Session
from weftnet.tasks import ANSWERS

BATCH = 256


class Runner:
    """An exported run, ready to answer.

    Args:
        folder: written by `weftnet export`.
        threads: number of cores it may use; None for all.

    Raises:
        MissingExtra: onnxruntime is not installed.
        RunError: the folder is no export, or doesn't answer by itself.
        DamagedCheckpoint: a file is not the one that was exported.
    """

    def __init__(self, folder: str | Path, threads: int | None = None) -> None:
        self.manifest = Manifest(Path(folder))
        facts = self.manifest.facts
        if not facts.answers:
            raise RunError("does not answer by itself", where=str(folder), got=facts.because)
        part = self.manifest.part()
        self.preprocessing = Preprocessing.from_state(facts.preprocessing or {})
        self.signals = self.manifest.signals(part)
        if {name: signal.text() for name, signal in self.preprocessing.signals.items()} != part.signals:
            got = ", ".join(signal.text() for signal in self.preprocessing.signals.values())
            raise self._mixed("preprocessing and signals are not of one run", str(part.signals), got)
        self.session = Session(self.manifest.file(part), threads)
        if (self.session.inputs, self.session.outputs) != (part.inputs, part.outputs):
            raise self._mixed("the model reads other inputs", str(part.inputs), str(self.session.inputs))
        self._decode, self._settings = ANSWERS.get(facts.task.name), facts.task.settings

    @property
    def fields(self) -> tuple[Field, ...]:
        """The input schema: a field for each raw column."""
        return self.preprocessing.fields

    def encode(self, raw: Mapping[str, Any]) -> Encoded:
        """The model's inputs from raw values by column.

        Raises:
            DataError: a column is missing, or a value can't be used.
        """
        return self.preprocessing.encode(raw)

    def outputs(self, encoded: Encoded) -> NDArray[Any]:
        """The model's outputs, row by row."""
        values = encoded.inputs | {name + MASK: mask for name, mask in encoded.masks.items()}
        if encoded.size <= BATCH:  # slicing and joining would copy, which is noticeable for a single example
            return next(iter(self.session.run(values).values()))
        starts = range(0, encoded.size, BATCH)
        chunks = [{name: value[start : start + BATCH] for name, value in values.items()} for start in starts]
        return np.concatenate([next(iter(self.session.run(chunk).values())) for chunk in chunks])

    def predict(self, raw: Mapping[str, Any]) -> list[dict[str, Any]]:
        """An answer for each raw example; the raw values come by column.

        Raises:
            DataError: a column is missing, or a value can't be used.
        """
        answers: list[dict[str, Any]] = self._decode(self.outputs(self.encode(raw)), self._settings)
        return answers

    def _mixed(self, what: str, expected: str, got: str) -> DamagedCheckpoint:
        return DamagedCheckpoint(what, where=str(self.manifest.folder), expected=expected, got=got)
