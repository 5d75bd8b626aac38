"""Published weights become a run: its network, its weights, and the preprocessing that they were trained with.

No step is trained. The run is finished, and `origin` in run.json says where the weights come from, by checksum. A
network that ends in classes is a classifier, with their names where they are known. One that ends in features answers
with them, as a vector.
"""

import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from weftnet.architecture.spec import Architecture, to_yaml
from weftnet.base.foreign import reading
from weftnet.compose import build
from weftnet.data.kinds._state import state_of
from weftnet.data.preprocessing import Preprocessing
from weftnet.errors import RunError, SettingError
from weftnet.run.facts import Origin
from weftnet.run.folder import Run
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.tasks._passes import name_of
from weftnet.tasks._task import Task
from weftnet.train.recipe import Recipe
from weftnet.train.start import Taken
from weftnet.transfer import columns, foreign, libraries
from weftnet.transfer.filling import fill
from weftnet.transfer.labels import labels_of
from weftnet.transfer.matching import Match, match
from weftnet.transfer.prepared import Prepared
from weftnet.zoo import ZOO

#: the column that a classifier predicts
_TARGET = "label"


def import_weights(
    what: str | Path,
    out: str | Path,
    *,
    entry: str | None = None,
    settings: Mapping[str, Any] | None = None,
    labels: Path | None = None,
) -> Run:
    """Make a run of published weights.

    Args:
        what: a file of weights, a folder as Hugging Face writes it, or a name of a library: `timm:resnet18`.
        out: the run's folder; new or empty.
        entry: of the zoo; None for the one whose weights have such names.
        settings: of the entry that count instead of those that are read off the weights.
        labels: a file with the names of the classes, in order.

    Raises:
        RunError: the weights can't be read, or are not understood.
        SettingError: the entry knows no weights, or has no such settings.
    """
    found = libraries.fetched(str(what)) if libraries.is_named(str(what)) else foreign.read(what)
    return import_foreign(found, out, entry=entry, settings=settings, labels=labels)


def import_foreign(
    read: foreign.Foreign,
    out: str | Path,
    *,
    entry: str | None = None,
    settings: Mapping[str, Any] | None = None,
    labels: Path | None = None,
) -> Run:
    """As `import_weights`, of weights that were read."""
    found = match(read, entry, settings)
    data, task = _subject(read, found, labels)
    with reading(str(read.path), f"its sizes are not those of {found.entry}", error=RunError):
        architecture: Architecture = ZOO.get(found.entry)(**found.settings)
        complete = assemble(architecture, task, data.signals)
        model = build(complete.architecture, complete.inputs)
    names = found.checkpoint.names(found.settings)
    taken = fill(model["network"], names, found.tensors, tuple(found.checkpoint.leave))
    origin = Origin(
        dict(read.files), found.entry, found.checkpoint.naming, dict(found.settings), _lines(taken, read)
    )  # fmt: skip
    return _written(Path(out), origin, complete.architecture, model, task, data, found.checkpoint.recipe)


def _subject(read: foreign.Foreign, found: Match, labels: Path | None) -> tuple[Prepared, Task]:
    """What the network reads and answers: data without rows, and the task of its head, or one of features alone.

    Raises:
        SettingError: classes are named, and there are none.
    """
    own, classes = columns.of(read, found), found.settings.get("classes")
    bare = classes is None and not found.checkpoint.always
    end = "features" if bare else found.checkpoint.end
    cls = _that_ends_in(end)
    kind = cls.reads
    if labels is not None and kind is None:
        raise SettingError("the weights have no classes that could be named", where="--labels", got=str(labels))
    target = None
    if kind is not None:
        target = {**state_of(kind(**kind.as_target)), "labels": labels_of(int(classes or 0), read.config, labels)}
    preprocessing = Preprocessing.from_state({"columns": own, "target": target})
    data = Prepared(read.path.name, preprocessing, None if target is None else _TARGET)
    return data, cls.from_data(data, **cls.ends[end])


def _that_ends_in(end: str) -> type[Task]:
    """The task whose networks end so."""
    tasks: list[type[Task]] = [TASKS.get(name) for name in TASKS]
    return next(cls for cls in tasks if end in cls.ends)


def _lines(taken: Taken, read: foreign.Foreign) -> tuple[str, ...]:
    """What became of the weights, for a person."""
    left = [f"no tensors, so left behind: {', '.join(read.left[:6])}"] if read.left else []
    return (*taken.lines(), *left)


def _written(
    folder: Path, origin: Origin, architecture: Architecture, model: nn.ModuleDict, task: Task, data: Prepared,
    recipe: Mapping[str, Any],
) -> Run:  # fmt: skip
    """The run on the disk, whole or not at all."""
    run = Run.create(
        folder,
        architecture=to_yaml(architecture),
        recipe=Recipe.for_task(task, **recipe).to_dict(),
        task={"name": name_of(task), "settings": task.settings()},
        data={"source": None, "name": data.name, "fingerprint": None, "sizes": {}},
        signals={name: signal.text() for name, signal in data.signals.items()},
        state=data.state(),
    )
    try:
        run.save_weights(model, {})
        run.record(status="finished", steps=0, origin=asdict(origin))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # made a moment ago, by this function
        raise
    return run
