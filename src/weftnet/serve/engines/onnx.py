"""ONNX Runtime: an export to ONNX, or a run whose network is an ONNX file already, as one of eight bits is."""

from pathlib import Path
from typing import ClassVar

from weftnet.answer.graphs import Graphs
from weftnet.answer.runner import Runner, open_export
from weftnet.base.extras import need
from weftnet.data.preprocessing import Preprocessing
from weftnet.errors import RunError
from weftnet.execution.session import Session
from weftnet.run.folder import Run
from weftnet.serve.engines._engine import Stored
from weftnet.serve.model import Model


class Onnx:
    """Runs what needs no torch."""

    preference: ClassVar[int] = 2
    needs_torch: ClassVar[bool] = False

    def source(self, stored: Stored) -> Path:
        """The export, the export to ONNX in a run's folder, or the run itself if it is computed by ONNX Runtime."""
        if stored.export is not None and not stored.export.alone:
            raise RunError(f"a file of {stored.export.target} needs torch", where=str(stored.folder))
        whole = stored.export is not None or (stored.run is not None and stored.run.facts.engine is not None)
        source = stored.folder if whole else stored.exported_to("onnx")
        need("onnxruntime", extra="export", what="running an exported model")
        return source

    def load(self, stored: Stored, source: Path, threads: int) -> Model:
        """The model, in an ONNX session."""
        own = stored.run is not None and source == stored.folder
        runner = _of_run(stored.run, threads) if own and stored.run else open_export(source, threads)
        known = runner.preprocessing
        return Model(stored.folder, "onnx", known.fields, runner.predict, runner.task, known.columns)


def _of_run(run: Run, threads: int) -> Runner:
    """A run that was compressed into an ONNX file."""
    if run.facts.engine is None:
        raise RunError("is computed by torch", where=str(run.folder))
    session, fitted = Session(run.file(run.facts.engine.file), threads), run.json("data.json").get("preprocessing", {})
    return Runner(Preprocessing.from_state(fitted), run.facts.task, Graphs({"network": session.run}))
