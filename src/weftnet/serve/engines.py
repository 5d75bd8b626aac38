"""How a folder becomes a model: by torch, or by ONNX Runtime from an export that was checked against the run.

An export in the run's own folder is used if it has the run's weights; a folder that `weftnet export` wrote elsewhere
can be served by itself. Neither imports torch. Otherwise the run is exported once, into
`$XDG_CACHE_HOME/weftnet/serve`, under the checksum of its contents. `auto` falls back on torch, and logs why.
"""

import json
import logging
import os
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from weftnet.answer.manifest import NAME as MANIFEST
from weftnet.answer.manifest import read_manifest
from weftnet.errors import RunError, WeftnetError
from weftnet.run.folder import Run
from weftnet.serve.model import Model
from weftnet.serve.options import Options

log = logging.getLogger("weftnet.serve")

_OWN = Path("export", "onnx")


def load(folder: Path, options: Options) -> Model:
    """The model of a run's or an export's folder.

    Raises:
        WeftnetError: it can't be loaded, can't be exported, or doesn't answer rows.
    """
    if not (folder / "run.json").is_file() and (folder / MANIFEST).is_file():
        if options.engine == "torch":
            raise RunError("an export runs without torch", where=str(folder), fix="serve its run, or --engine onnx")
        return _exported(folder, folder, options.threads)
    if options.engine == "torch":
        return _trained(folder, options.threads)
    try:
        return _exported(folder, _export_of(Run.open(folder)), options.threads)
    except WeftnetError as error:
        if options.engine == "onnx":
            raise
        log.warning("%s is served by torch: %s", folder, error)
        return _trained(folder, options.threads)


def _exported(folder: Path, export: Path, threads: int) -> Model:
    from weftnet.answer.runner import Runner

    runner = Runner(export, threads)
    return Model(folder, "onnx", runner.fields, runner.predict, runner.manifest.facts.task)


def _trained(folder: Path, threads: int) -> Model:
    import torch

    from weftnet.run.loading import load as load_run

    torch.set_num_threads(threads)
    loaded = load_run(folder)
    facts = loaded.run.facts
    engine = "torch" if facts.engine is None else facts.engine.name  # a compressed run has its own
    return Model(folder, engine, loaded.preprocessing.fields, loaded.predict, facts.task)


def _export_of(run: Run) -> Path:
    """An export of exactly this run: its own, or one in the cache, written now if there is none."""
    if run.facts.engine is not None:
        raise RunError("runs in ONNX Runtime already", where=str(run.folder))
    weights = run.facts.files.get("weights.safetensors")
    own = run.folder / _OWN
    if weights and (own / MANIFEST).is_file() and read_manifest(own).run.weights == weights:
        return own
    from weftnet import __version__

    digest = sha256(json.dumps([__version__, asdict(run.facts.task), run.facts.files]).encode()).hexdigest()
    folder = _cache() / digest[:32]
    if not (folder / MANIFEST).is_file():
        from weftnet.export import write
        from weftnet.run.loading import load as load_run

        log.info("exporting %s, once", run.folder)
        write(load_run(run), folder)
    return folder


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weftnet" / "serve"
