"""A run that a training starts from, and the network of a run as a candidate."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture
from weftnet.compete.competition import best_run
from weftnet.compete.members import PART
from weftnet.data import Data
from weftnet.errors import SettingError
from weftnet.run.contents import contents
from weftnet.run.folder import Run
from weftnet.solvers import probes
from weftnet.tasks import TASKS, Candidate
from weftnet.tasks._headless import headless
from weftnet.tasks._task import Task
from weftnet.train.readers import reader
from weftnet.train.recipe import Recipe
from weftnet.train.start import Start
from weftnet.train.teacher.asked import Teacher
from weftnet.train.teacher.asking import ask
from weftnet.train.worker import is_worker
from weftnet.transfer.origins import is_published, run_of

#: fields of a recipe that suit a network wherever it is trained: neither how long, nor what depends on the data's size
_TRAVELS = {each.name for each in fields(Recipe)} - {
    "epochs", "steps", "budget", "keep", "patience", "metrics", "score", "seed", "threads", "plan", "checkpoint_every",
    "teacher",
}  # fmt: skip


def start_from(fields: Mapping[str, Any], beside: Path = Path("runs")) -> Start:
    """The start that was asked for; of a competition it is the best run, of published weights the run made of them.

    Args:
        fields: as `Start.from_dict` reads them.
        beside: where that run lies, or is to lie.

    Raises:
        SettingError: several workers would each import the weights.
    """
    what = fields["from"]
    if is_published(what):
        if is_worker():
            fix = f"import them first: weftnet import {what} --out RUN, then --start RUN"
            raise SettingError("several workers start from a run", where="--start", got=str(what), fix=fix)
        what = run_of(what, beside)
    return Start.from_dict({**fields, "from": str(best_run(what))})


def begun_from(start: Start, task: str | None, data: Data) -> Candidate:
    """The network that is started from: it learns as a new task does, or as its publishers would have it learn.

    Of several parts, as those of an autoencoder, it is the one that reads the examples, unless all are learnt on.

    Args:
        start: names the run.
        task: that was asked for; None for one that suits the data.
        data: that are learnt.
    """
    candidate, run = of_run(start.run), Run.open(start.run)
    origin, (_, before, signals) = run.facts.origin, contents(run)
    alone = data.target is not None if task is None else TASKS.get(task).parts == (PART,)
    if alone and before.parts != (PART,) and (part := reader(before, signals)):
        network = Architecture({PART: candidate.architecture.parts[part]}, candidate.architecture.inputs)
        candidate = replace(candidate, architecture=network)
    if origin is None:
        return replace(candidate, recipe={}, origin="")
    batch = {"batch_size": batch_of(data.sizes["train"])}
    return replace(candidate, recipe={**candidate.recipe, **batch}, origin=f"suits weights of {origin.entry}")


def batch_of(rows: int) -> int:
    """The largest power of two from 8 to 64 with at least eight batches an epoch: few rows are learnt in small steps.

    With 160 photographs and a minute of one core, EfficientNet-Lite0 makes 7 steps of 64 or 70 of 16.
    """
    return int(min(64, max(8, 2 ** math.floor(math.log2(max(rows / 8, 1))))))


def taught_by(fields: Mapping[str, Any], task: Task, data: Data) -> dict[str, Any]:
    """The teachers that were asked for, of a competition its best run; they answer every training row now.

    Raises:
        WeftnetError: one of them can't teach this task, or can't read these data.
    """
    teacher = Teacher.from_dict(fields)
    runs = [str(best_run(run)) for run in teacher.runs]
    ask(replace(teacher, runs=tuple(runs)), task, data)
    return {**fields, "from": runs}


def beside(start: Start | None, started: Sequence[Candidate], proposed: Sequence[Candidate]) -> list[Candidate]:
    """Those that start from a run, and after them what is proposed for the data, trained from nothing.

    Raises:
        SettingError: nothing is started from.
    """
    if start is None:
        what = "there is nothing that the proposed networks could compete with"
        raise SettingError(what, where="--beside", fix="add --start RUN")
    taken = {each.name for each in started}
    return [*started, *(replace(each, fresh=True) for each in proposed if each.name not in taken)]


def refuse_ways(start: Start | None, few: bool) -> None:
    """Refuse ways to train where nothing is trained.

    Raises:
        SettingError: some were asked for.
    """
    if few and start is not None and (ways := start.ways):
        what, fix = "nothing but the last layer is solved for", "leave out --few, or how to train"
        raise SettingError(what, where="--few", got=", ".join(ways), fix=fix)


def beaten(start: Start | None, begun: Candidate, signals: Mapping[str, Signal], task: Task) -> list[Candidate]:
    """What a training has to beat that starts from a run as it is: last layers that solvers find on its features.

    Args:
        start: that was asked for; where it says how it is trained, that alone is wanted.
        begun: its network.
        signals: the data's inputs.
        task: made for the data.
    """
    if start is None or start.ways:
        return []
    rows = max((signal.about.rows or 0 for signal in signals.values()), default=0)
    found = probes(begun.architecture, signals, task)
    return [replace(each, baseline=True) for each in found if each.rows is None or rows <= each.rows]


def of_run(folder: str | Path) -> Candidate:
    """The network of a run without its head, to be trained by the run's recipe; how long, the command says.

    Raises:
        RunError: it can't be read.
    """
    run = Run.open(folder)
    architecture, task, signals = contents(run)
    recipe = {name: value for name, value in run.json("recipe.json").items() if name in _TRAVELS}
    plain = {each.name: each.default for each in fields(Recipe)}
    recipe = {name: value for name, value in recipe.items() if value != plain[name] and value not in ({}, [], None)}
    name = re.sub(r"-seed\d+$", "", Path(folder).name)
    told = f"as in {folder}"
    return Candidate(name, headless(architecture, task, signals), recipe, told, origin=told)


def few(begun: Candidate | None, signals: Mapping[str, Signal], task: Task) -> list[Candidate]:
    """The last layers that solvers find on the frozen features of a start: no training, and so for few examples.

    Args:
        begun: the network that is started from; None for none.
        signals: the data's inputs.
        task: made for the data.

    Raises:
        SettingError: there is no start, or no solver suits its network and the task.
    """
    if begun is None:
        what = "features that were learnt before are needed"
        raise SettingError(what, where="--few", fix="add --start RUN")
    found = probes(begun.architecture, signals, task)
    if not found:
        got = f"{type(task).__name__}, link {task.link or 'none'}"
        what = "no last layer can be solved for"
        raise SettingError(what, where="--few", expected="classes or numbers, by one network", got=got)
    return found
