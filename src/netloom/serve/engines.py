"""How a folder becomes a model: by torch, or by ONNX Runtime from an export that was checked against the run.

A folder that `netloom export` wrote is served as it is, and torch is not imported at all. A run is exported once, into
`$XDG_CACHE_HOME/netloom/serve`, under the checksum of what it holds.
"""

import logging
from pathlib import Path

from netloom.errors import RunError
from netloom.runtime.manifest import NAME as MANIFEST
from netloom.serve.model import Model
from netloom.serve.options import Options

log = logging.getLogger("netloom.serve")


def load(folder: Path, options: Options) -> Model:
    """The model of a run's or an export's folder.

    Raises:
        NetloomError: it can't be loaded, exported, or doesn't answer rows.
    """
    if (folder / MANIFEST).is_file():
        if options.engine == "torch":
            raise RunError("an export runs without torch", where=str(folder), fix="serve the run, or --engine onnx")
        return _exported(folder, folder, options.threads)
    return _trained(folder)


def _exported(folder: Path, export: Path, threads: int) -> Model:
    from netloom.runtime.runner import Runner

    runner = Runner(export, threads)
    return Model(folder, "onnx", runner.fields, runner.predict, runner.manifest.document["task"])


def _trained(folder: Path) -> Model:
    from netloom.evaluate import load as load_run

    loaded = load_run(folder)
    return Model(folder, "torch", loaded.preprocessing.fields, loaded.predict, loaded.run.document["task"])
