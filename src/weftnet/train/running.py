"""Training an architecture into a run folder, and continuing from a run folder."""

import importlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from torch import nn

from weftnet.architecture.spec import Architecture, to_yaml
from weftnet.base.foreign import reading
from weftnet.base.lock import held
from weftnet.base.workplace import sweep_beside
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.data.data import Data
from weftnet.data.request import Source
from weftnet.errors import DataError, RunError, SettingError
from weftnet.losses._objective import LossSpec, as_json
from weftnet.run.bounds import refuse_too_large
from weftnet.run.contents import contents, parts_of
from weftnet.run.folder import Run
from weftnet.run.lineage import StartFacts
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.tasks._task import Task
from weftnet.train.adapting import chosen, put
from weftnet.train.checkpoint import Checkpoints
from weftnet.train.choosing import settled
from weftnet.train.first_look import first_look
from weftnet.train.freezing import check, freeze
from weftnet.train.joining import current_team
from weftnet.train.listeners._listener import Listener
from weftnet.train.listening import Named, made, named
from weftnet.train.loop import train
from weftnet.train.readers import between_parts
from weftnet.train.recipe import Recipe
from weftnet.train.start import Start, again, transfer
from weftnet.train.teacher.lesson import forget
from weftnet.train.team import Team
from weftnet.train.tuning import plain, told
from weftnet.train.worker import own_device


def fit(
    architecture: Architecture,
    task: Task,
    data: Data,
    recipe: Recipe,
    folder: str | Path,
    *,
    listeners: Sequence[Listener | Named] = (),
    device: str | None = None,
    shard: bool = False,
    start: Start | None = None,
    origins: Mapping[str, str] | None = None,
) -> Run:
    """Train an architecture, from scratch or from another run; Ctrl-C leaves a run with the status `stopped`.

    >>> data = weftnet.open_data("digits")
    >>> task = weftnet.load_run("runs/digits/mlp-seed0").task
    >>> recipe = weftnet.Recipe(steps=3, plan="eager")
    >>> weftnet.train_run(weftnet.ZOO.get("mlp")(), task, data, recipe, "runs/one").status
    'finished'

    Processes that a launcher started together (`torchrun`, `weftnet fit --workers`) train it together; the leader
    writes the folder.

    Args:
        architecture: without the task's head.
        task: an entry of `TASKS`, made for these data.
        data: opened, split and fitted.
        recipe: how to train.
        folder: of the run; new or empty.
        listeners: are told of steps and evaluations: `Listener`s, or names of `LISTENERS`, which the run remembers.
        device: "cpu", "cuda" …; if left out, a GPU if there is one.
        shard: whether each of several workers keeps only a shard of weights and optimiser state.
        start: the run that it starts from, what is frozen, what learns more slowly.
        origins: where fields of the recipe come from, for whoever reads the run.

    Raises:
        ArchitectureError: the architecture doesn't fit data and task.
        RunError, SettingError, TrainingError: see `train`.
    """
    importlib.import_module("torch._dynamo")  # which torch does in any first step: seconds that are no budget's
    began, listening = time.perf_counter(), made(listeners)
    device = own_device(device)
    team = current_team(device, shard)
    team.check(task, recipe)
    complete = assemble(architecture, task, data.signals)
    data = task.arranged(data)
    recipe = settled(recipe, task, data)
    recipe.scoring(task)  # raises if a metric can't be used
    model = build(complete.architecture, complete.inputs, seed=recipe.seed).to(device)
    task.check(model)
    first_look(model, task, data, recipe)
    begun = None if start is None else transfer(between_parts(start, task, data), model, task, complete, data)
    if begun is not None:
        begun = chosen(model, begun)
        _prepare(model, begun, recipe, shard)
        begun = replace(begun, lines=(*begun.lines, *told(model, begun)))
    if not team.leads:
        return _train(model, task, data, recipe, team.shared_run(None), listening, team, began)
    run = Run.create(
        folder,
        architecture=to_yaml(complete.architecture),
        recipe=recipe.to_dict(),
        task={
            "name": _name(task),
            "settings": task.settings(),
            "metrics": list(recipe.metrics),
            "score": recipe.score or "",
        },
        data={
            "source": str(data.source),
            "name": data.name,
            "fingerprint": data.fingerprint,
            "sizes": dict(data.sizes),
        },
        signals={name: signal.text() for name, signal in data.signals.items()},
        state=data.state(),
        seed=recipe.seed,
    )
    if shard:
        run.record(shard=True)
    if begun is not None:
        run.record(start=asdict(begun))
    if kept := named(listeners):
        run.record(listeners=kept)
    if origins:
        run.record(origins=dict(origins))
    return _train(model, task, data, recipe, team.shared_run(run), listening, team, began)


def resume(
    folder: str | Path,
    data: Data | Source | None = None,
    *,
    listeners: Sequence[Listener | Named] = (),
    device: str | None = None,
    shard: bool | None = None,
    loss: LossSpec | None = None,
) -> Run:
    """Continue a run from its newest checkpoint; the result is that of an uninterrupted one, bit for bit.

    >>> weftnet.resume("runs/digits/mlp-seed0").status
    'finished'

    With another number of workers, or with sharded weights that were not sharded before, it is the same within
    rounding.

    Args:
        folder: of a run that was stopped or killed, or that failed; a finished one is returned unchanged.
        data: the run's data, or their source: where they are now, or values in memory.
        listeners: are told of steps and evaluations, besides those that the run names.
        device: "cpu", "cuda" …; if left out, a GPU if there is one.
        shard: whether each of several workers keeps only a shard of the weights; as before, if left out.
        loss: that it was trained with, where that holds a function: a run keeps only its name.

    Raises:
        RunError: there is no such run, it can't be read, or another process writes it.
        DataError: the data are not those that the run was trained on.
        SettingError: it can't be sharded.
    """
    device = own_device(device)
    team = current_team(device)
    if not team.leads:
        return _resume(team.shared_run(None), data, listeners, device, shard, loss)
    Run.open(folder)  # raises where there is none
    with held(Path(folder)):  # read again: whoever held it has written
        run = Run.open(folder)
        _tidy(run)
        return _resume(team.shared_run(run), data, listeners, device, shard, loss)


def _tidy(run: Run) -> None:
    """Delete what a kill left of the run's beginning and of its end."""
    sweep_beside(run.folder)
    if run.status == "finished":
        Checkpoints(run.folder / "checkpoints").clear()
        forget(run)


def _resume(
    run: Run,
    data: Data | Source | None,
    listeners: Sequence[Listener | Named],
    device: str,
    shard: bool | None,
    loss: LossSpec | None,
) -> Run:
    if run.status == "finished":
        return run
    listening = made([*(each for each in run.facts.listeners if each not in named(listeners)), *listeners])
    with reading(run.folder, "can't be resumed", error=RunError):
        architecture, task, signals = contents(run)
        task = _with_loss(task, loss, run)
        recipe = Recipe.from_dict(run.json("recipe.json"))
    team = _team(run, task, recipe, device, shard)
    data = task.arranged(_same_data(run, data))
    inputs = parts_of(run, architecture, task, signals)
    refuse_too_large(architecture, inputs, str(run.folder / "architecture.yaml"))
    model = build(architecture, inputs, seed=recipe.seed).to(device)
    first_look(model, task, data, recipe)  # there may be no checkpoint yet
    begun = run.facts.start
    if begun is not None and not team.from_leader(any((run.folder / "checkpoints").glob("[0-9]*"))):
        again(begun, model, data)
    if begun is not None:
        _prepare(model, begun, recipe, run.facts.shard)
    return _train(model, task, data, recipe, run, listening, team)


def _team(run: Run, task: Task, recipe: Recipe, device: str, shard: bool | None) -> Team:
    """The team that continues a run, with sharded weights or not.

    Raises:
        SettingError: it shall be sharded, and can't be.
    """
    before = run.facts.shard
    shard = before if shard is None else shard
    team = current_team(device, shard)
    if shard != before:
        plan = run.facts.plan.plan.to_dict() if run.facts.plan else recipe.plan
        team.check(task, replace(recipe, plan=plan))
        run.record(shard=shard)
    return team


def _prepare(model: nn.ModuleDict, start: StartFacts, recipe: Recipe, shard: bool) -> None:
    """Put the adapters of a start into a model, and freeze what it says.

    Raises:
        SettingError: a pattern covers nothing, the weights are sharded, or no steps are trained.
    """
    if shard and not plain(start):
        what = "parts that are frozen, adapted, have rates of their own or are pulled to their start can't be sharded"
        raise SettingError(what, where="--shard", fix="leave out --shard, or how to tune")
    if recipe.solver is not None and not plain(start):
        what = "a solver makes no steps"
        raise SettingError(what, where="start", got=f"solver {recipe.solver}", fix="leave out how to tune")
    put(model, start, recipe.seed)
    freeze(model, start)
    check(model, start.rate, "rate")


def _with_loss(task: Task, loss: LossSpec | None, run: Run) -> Task:
    """The task with its loss, which a run doesn't hold if it is a function.

    Raises:
        SettingError: it is missing, or another one.
    """
    if loss is not None:
        kept = run.facts.task.settings.get("loss")
        if as_json(loss) != kept:
            what = "this is not the loss that the run was trained with"
            raise SettingError(what, where="resume: loss", expected=str(kept), got=str(as_json(loss)))
        settings = {**run.facts.task.settings, "loss": loss}
        task = type(task)(**settings)
    if hasattr(task, "loss"):
        task.objective.require()
    return task


def _same_data(run: Run, data: Data | Source | None) -> Data:
    """The data of a run, opened with its fitted preprocessing.

    Raises:
        DataError: they are not those that the run was trained on.
    """
    if not isinstance(data, Data):
        state = run.json("data.json")
        data = open_data(state.get("source", "") if data is None else data, state=state)
    if data.fingerprint != run.facts.data.fingerprint:
        raise DataError(
            "these are not the data the run was trained on",
            where=data.source,
            expected=f"fingerprint {run.facts.data.fingerprint}",
            got=data.fingerprint,
            fix="restore the data, or start a new run with `weftnet fit`",
        )
    return data


def _train(
    model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe, run: Run, listeners: Sequence[Listener], team: Team,
    began: float | None = None,
) -> Run:  # fmt: skip
    train(model, task, data, recipe, run, listeners=listeners, team=team, began=began)
    return run


def _name(task: Task) -> str:
    """The name under which a task is registered: its file's, or the one that a plugin chose."""
    stem = type(task).__module__.rpartition(".")[2]
    for name in (stem, *TASKS.names()):
        if name in TASKS and TASKS.get(name) is type(task):
            return name
    raise SettingError(f"the task {type(task).__name__} is not registered", fix="TASKS.add(name, the class)")
