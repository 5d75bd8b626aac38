"""Further classes for a run whose last layer was solved for, by their examples alone.

The last layer gets a row for each new class; what is there stays as it is, so that the old classes are told from each
other as before. The run's solver has to know how (`joined`): prototypes do, a regression that weighs all classes at
once doesn't. The new run is whole, and names the one that it comes from by checksum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from weftnet.architecture.spec import to_yaml
from weftnet.base.workplace import whole
from weftnet.compose import build
from weftnet.data.data import Data
from weftnet.data.kinds.category import Category, Label
from weftnet.data.opening import reopen
from weftnet.data.rows import RowData
from weftnet.errors import DataError, RunError, SettingError
from weftnet.run.folder import Run
from weftnet.run.lineage import Ancestor, StartFacts
from weftnet.run.loading import Loaded, load
from weftnet.solvers import SOLVERS
from weftnet.solvers._problem import features
from weftnet.tasks._assemble import assemble
from weftnet.tasks._headless import headless

#: of the last layer: its weight and bias, with rows for further classes
_Join: TypeAlias = Any


def add_class(folder: Path, source: str, out: Path) -> tuple[Run, list[Label]]:
    """A run that knows further classes too; returns it, and their labels.

    Args:
        folder: of a finished run.
        source: examples of the new classes alone, with their labels, read as the run reads its own data.
        out: the folder of the new run; new or empty.

    Raises:
        RunError: the run can't take further classes.
        DataError: the examples can't be read, have no labels, or one that the run knows.
    """
    loaded = load(folder)
    join, known = _join_of(loaded), _labels(loaded)
    data, kind, classes = _examples(loaded, source, known)
    fresh = kind.labels
    layer, values = features(loaded.model, data, "test")
    try:
        weight, bias = join(layer.weight, layer.bias, values, classes)
    except SettingError as error:
        error.where = str(folder)
        raise
    labels = [*map(str, known), *map(str, fresh)]
    task = type(loaded.task)(**{**loaded.task.settings(), "labels": labels})
    body = headless(loaded.architecture, loaded.task, loaded.signals)
    complete = assemble(body, task, loaded.signals)
    model = build(complete.architecture, complete.inputs)
    model.load_state_dict(_state(loaded.model, {id(layer.weight): weight, id(layer.bias): bias}))
    with whole(out) as new:
        run = _created(new, loaded, to_yaml(complete.architecture), task.settings(), [*known, *fresh])
        run.save_weights(model.eval(), {"step": 0, "steps": 0, "validation": {}})
        origin, names = loaded.run, ", ".join(map(str, fresh))
        before = origin.facts.start.ancestors if origin.facts.start else ()
        parent = Ancestor(origin.folder.name, origin.checksum, origin.facts.data.fingerprint or "")
        line = f"{origin.folder} with {names}, by {len(classes)} examples of {source}"
        start = StartFacts(str(folder), lines=(line,), ancestors=(parent, *before))
        run.record(start=asdict(start), status="finished", seconds=0.0, steps=0)
    return Run.open(out), fresh


def _join_of(loaded: Loaded) -> _Join:
    """What adds rows to the last layer.

    Raises:
        RunError: the run's solver knows no such way, or it was trained by steps.
    """
    recipe = loaded.run.json("recipe.json")
    solver = recipe.get("solver")
    join = None if solver is None else getattr(SOLVERS.module(solver), "joined", None)
    if join is None:
        got = f"solved by {solver}" if solver else "trained by steps"
        fix = "weftnet fit DATA --start RUN --few --arch prototypes, then add classes to that run"
        what, where = "can't take further classes: its last layer weighs all of them at once", str(loaded.run.folder)
        raise RunError(what, where=where, expected="a solver that treats each by itself", got=got, fix=fix)
    return join


def _labels(loaded: Loaded) -> list[Label]:
    """The labels as the data have them."""
    target = loaded.run.json("data.json")["preprocessing"]["target"]
    return list(target["labels"])


def _examples(loaded: Loaded, source: str, known: Sequence[Label]) -> tuple[Data, Category, Tensor]:
    """The examples, encoded as the run encodes its own; their labels, and the (rows,) number of each one's label.

    Raises:
        DataError: they have no labels, a label that the run knows, or can't be read like its data.
    """
    state = loaded.run.json("data.json")
    unlabelled = {**state, "preprocessing": {**state["preprocessing"], "target": None}}
    data = reopen(unlabelled, source)
    raw = data.raw_target() if isinstance(data, RowData) else None
    if raw is None:
        fix = f"give a folder of classes, or a table with the column {state['target']!r}"
        raise DataError("the examples have no classes", where=source, expected="labels", fix=fix)
    fresh = Category(most=0, least=1).fit(raw)
    if old := [str(label) for label in fresh.labels if str(label) in set(map(str, known))]:
        fix = "leave those examples out, or fit all of them together: weftnet fit DATA --start RUN --few"
        raise DataError("the run knows these classes", where=source, expected="new ones", got=", ".join(old), fix=fix)
    return data, fresh, torch.from_numpy(fresh.encode_target(raw))


def _state(model: nn.ModuleDict, changed: Mapping[int, Tensor]) -> dict[str, Tensor]:
    """The state of a model with some parameters replaced, which are named by their identity."""
    own = {name: id(parameter) for name, parameter in model.named_parameters()}
    return {name: changed.get(own.get(name, 0), value) for name, value in model.state_dict().items()}


def _created(folder: Path, loaded: Loaded, architecture: str, settings: Mapping[str, Any], labels: list[Label]) -> Run:
    """The new run, without weights."""
    old = loaded.run
    state = dict(old.json("data.json"))
    fitted = dict(state["preprocessing"])
    state["preprocessing"] = {**fitted, "target": {**fitted["target"], "labels": labels}}
    return Run.create(
        folder,
        architecture=architecture,
        recipe=old.json("recipe.json"),
        task={**asdict(old.facts.task), "settings": dict(settings)},
        data=asdict(old.facts.data),
        signals=old.facts.signals,
        state=state,
        seed=old.facts.seed,
    )
