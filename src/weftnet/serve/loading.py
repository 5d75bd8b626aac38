"""A folder → a model: by the engine that was named, or by the preferred one of those that can run the folder.

What is there is served; nothing is exported. Where a preferred engine only lacks a file that a command would make, the
log names the command.
"""

import logging
from dataclasses import replace
from pathlib import Path

from weftnet.answer.runner import require_answers
from weftnet.errors import MissingExtra, RunError, WeftnetError
from weftnet.run.predicted import predicted
from weftnet.serve.engines import ENGINES
from weftnet.serve.engines._engine import Stored
from weftnet.serve.hosts import LOCAL
from weftnet.serve.model import Model
from weftnet.serve.options import AUTO, Options
from weftnet.serve.trained_on import Table
from weftnet.tasks import ANSWERS

log = logging.getLogger("weftnet.serve")


def load(folder: Path, options: Options) -> Model:
    """The model of a run's or an export's folder.

    Raises:
        WeftnetError: it can't be loaded, doesn't answer rows, or no engine runs it.
    """
    stored = Stored.read(folder)
    _require_answers(stored)
    return _described(_loaded(stored, options), stored, options)


def _described(model: Model, stored: Stored, options: Options) -> Model:
    """The model, with what is known of the data it was trained on."""
    if stored.run is None:
        return replace(model, predicts=stored.export.predicts if stored.export else None)
    alone = options.host in LOCAL and not options.allowed_hosts
    state = stored.run.json("data.json")
    return replace(model, predicts=predicted(state), table=Table.of(stored.run) if alone else None)


def _loaded(stored: Stored, options: Options) -> Model:
    """The model, by an engine."""
    folder = stored.folder
    if options.engine != AUTO:
        engine = ENGINES.get(options.engine)()
        return engine.load(stored, engine.source(stored), options.threads)
    refusals: dict[str, WeftnetError] = {}
    for name in sorted(ENGINES, key=lambda name: -ENGINES.get(name).preference):
        engine = ENGINES.get(name)()
        try:
            source = engine.source(stored)
        except (RunError, MissingExtra) as error:
            refusals[name] = error
            continue
        if not engine.preference:
            refusals[name] = RunError("is used only where it is named", fix=f"--engine {name}")
            continue
        model = engine.load(stored, source, options.threads)
        for other, refusal in refusals.items():
            if refusal.fix:
                log.info("%s is served by %s; %s is usually faster: %s", folder, name, other, refusal.fix)
        return model
    got = "; ".join(f"{name}: {error.what}" for name, error in refusals.items())
    fix = "; ".join(error.fix for error in refusals.values() if error.fix)
    raise RunError("no engine serves this", where=str(folder), got=got, fix=fix)


def _require_answers(stored: Stored) -> None:
    if stored.export is not None:
        require_answers(stored.export, stored.folder)
    elif stored.run is not None and ANSWERS.find(task := stored.run.facts.task.name) is None:
        raise RunError(f"a run of {task} has no answers", where=str(stored.folder), got=ANSWERS.reason(task))
