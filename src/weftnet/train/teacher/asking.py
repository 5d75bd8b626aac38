"""The teachers answer every training row once, each by its own preprocessing, before the first step.

    rows      (n) the numbers of the training rows, ascending
    known     (n, …) the outputs, or their mean over several teachers, in the student's terms
    hint.NAME (n, dim) a node's features, averaged over time or space, standardised over the rows

So a teacher costs one pass, a step with it takes no longer than one without, and families, vocabularies and sizes of
pictures mix. The answers are kept in `$XDG_CACHE_HOME/weftnet/taught`, by the checksums of the teachers' weights and of
the data's content, and in the run until it is finished: it is resumed without its teachers, to the same bits.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.base import tensors
from weftnet.base.cache_home import cache_home, say_unkept
from weftnet.data.batch import Batch, at_once
from weftnet.data.data import Data
from weftnet.data.opening import reopen
from weftnet.data.outputs import chosen
from weftnet.data.rows import RowData
from weftnet.errors import DamagedCheckpoint, RunError, SettingError, WeftnetError, closest
from weftnet.run.folder import Run
from weftnet.run.lineage import Ancestor
from weftnet.run.loading import Loaded, load
from weftnet.tasks import DISTILLATIONS, Distillation
from weftnet.tasks._passes import name_of
from weftnet.tasks._task import Task
from weftnet.train.teacher.asked import Teacher

#: changes with the content of a file of answers
_FORMAT = 1
Answers = dict[str, Tensor]


@dataclass(frozen=True)
class Taught:
    """What is known from the teachers.

    Args:
        answers: see above.
        teachers: by name and checksum.
    """

    answers: Answers
    teachers: tuple[Ancestor, ...]


def distillation(task: Task, teacher: Teacher, run: Run | None = None) -> Distillation:
    """How the task learns from a teacher; without one, how it would from its equal.

    Args:
        task: of the student.
        teacher: what the recipe says.
        run: of the teacher.

    Raises:
        SettingError: it learns from none, or there is no temperature in its answers.
        RunError: the teacher has another task, or other labels.
    """
    own = name_of(task)
    if DISTILLATIONS.find(own) is None:
        got = f"not applicable, {DISTILLATIONS.reason(own)}"
        raise SettingError(f"the task {own} learns from no teacher", where="recipe: teacher", got=got)
    if run is not None and run.facts.task.name != own:
        raise RunError("the teacher has another task", where=str(run.folder), expected=own, got=run.facts.task.name)
    try:
        there = task if run is None else type(task)(**run.facts.task.settings)
        how: Distillation = DISTILLATIONS.get(own)(task, there)
    except WeftnetError as error:
        error.where = error.where or str(run.folder if run else "")
        raise
    if teacher.temperature is not None and not how.soft:
        got = f"the answers of {own}, which are no logits"
        raise SettingError("nothing is softened by a temperature", where="recipe: teacher", got=got)
    return how


def ask(teacher: Teacher, task: Task, data: Data) -> Taught:
    """What the teachers say of every training row, from the cache or asked now.

    Raises:
        RunError: a teacher is not there, or can't teach this task.
        DataError: the data lack a column that a teacher reads.
        SettingError: a hint names no node.
    """
    runs = [Run.open(folder) for folder in teacher.runs]
    for run in runs:
        if run.status != "finished":
            raise RunError("a teacher is a finished run", where=str(run.folder), got=run.status)
    hows = [distillation(task, teacher, run) for run in runs]
    ancestors = tuple(_ancestor(run) for run in runs)
    said = [_said(run, data, {} if number else teacher.hints) for number, run in enumerate(runs)]
    known = [how.known(each.pop("outputs")) for how, each in zip(hows, said, strict=True)]
    mean = known[0] if len(known) == 1 else torch.stack(known).mean(0)
    return Taught(said[0] | {"known": mean.contiguous()}, ancestors)


def _ancestor(run: Run) -> Ancestor:
    """The teacher, as a run names it: by the checksum of what computes its answers."""
    return Ancestor(run.folder.name, run.checksum, run.facts.data.fingerprint or "")


def _said(run: Run, data: Data, hints: Mapping[str, str]) -> Answers:
    """One teacher's answers in its own terms, from the cache or asked now."""
    path = cache_home() / "taught" / f"{_key(run, data, hints)}.safetensors"
    if path.is_file():
        try:
            return tensors.load(path)
        except (DamagedCheckpoint, RunError):
            path.unlink(missing_ok=True)
    answers = _asked(load(run), data, hints)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        tensors.save(path, answers)
    except (OSError, RunError) as error:
        say_unkept("a teacher's answers", str(getattr(error, "what", error)), "the next training asks it again")
    return answers


def _key(run: Run, data: Data, hints: Mapping[str, str]) -> str:
    """The name of a file of answers: all that they depend on."""
    rows = hashlib.sha256(data.rows("train").cpu().numpy().tobytes()).hexdigest()
    own = {name: checksum for name, checksum in run.facts.files.items() if name != "history.jsonl"}
    facts = [_FORMAT, own, data.fingerprint, rows, sorted(hints.values())]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def _asked(loaded: Loaded, data: Data, hints: Mapping[str, str]) -> Answers:
    """A teacher's answers to every training row.

    Raises:
        RunError: it has none to some of them.
    """
    wanted = data.rows("train").cpu().sort().values
    rows, outputs = [], []
    features: dict[str, list[Tensor]] = {there: [] for there in hints.values()}
    with ExitStack() as stack:
        seen = {there: stack.enter_context(_Listening(loaded, there)) for there in features}
        for batch in questions(loaded, data):
            given = loaded.model["network"](batch.inputs, batch.masks) if hints else loaded.outputs(batch)
            rows.append(batch.rows.cpu())
            outputs.append(chosen(given).detach().float().cpu())
            for there, each in seen.items():
                features[there].append(pooled(each.value, batch).detach().float().cpu())
    numbers = torch.cat(rows) if rows else torch.empty(0, dtype=torch.int64)
    order = numbers.argsort()
    place = torch.searchsorted(numbers[order], wanted).clamp(max=max(len(order) - 1, 0))
    if not len(order) or bool((numbers[order][place] != wanted).any()):
        what, fix = "can't answer every training row", "a teacher that reads no longer a window than the student"
        raise RunError(what, where=str(loaded.run.folder), got=f"{len(order)} answers, {len(wanted)} rows", fix=fix)
    answers = {"rows": wanted, "outputs": _even(outputs)[order[place]]}
    for there, parts in features.items():
        values = torch.cat(parts)[order[place]]
        answers[f"hint.{there}"] = (values - values.mean(0)) / values.std(0, correction=0).clamp(min=1e-6)
    return answers


def questions(loaded: Loaded, data: Data) -> Iterator[Batch]:
    """The training rows, and maybe others, as a teacher reads them; with the numbers that they have in the data.

    Raises:
        RunError: the data have no rows that could be answered once.
        DataError: a column is missing, or a value can't be used.
    """
    with torch.inference_mode():
        if isinstance(data, RowData):
            for rows in torch.split(data.rows("train").cpu(), at_once(loaded.signals)):
                yield replace(loaded.encode(data.raw(rows.numpy())), rows=rows)
            return
        state = loaded.run.json("data.json")
        if state.get("form") != data.form() or not hasattr(data, "preprocessing"):
            what = "has no rows that a teacher could answer once: windows of a running text start anywhere"
            raise RunError(what, where=data.name, fix="a table of texts, one a row")
        whole = {"train": 1.0, "validation": 0.0, "test": 0.0}  # windows that end in another split there, too
        there = reopen({**state, "splits": whole}, data.source)
        for split, count in there.sizes.items():
            if count:
                yield from there.batches(split, at_once(loaded.signals))


class _Listening:
    """Keeps what a node gave last, in a `with`.

    Args:
        loaded: the run.
        path: of the node.
    """

    def __init__(self, loaded: Loaded, path: str) -> None:
        self.node = node_of(loaded.model["network"], path, f"teacher {loaded.run.folder}")
        self.value: Any = None

    def __enter__(self) -> "_Listening":
        self._hook = self.node.register_forward_hook(self._keep)
        return self

    def __exit__(self, *_: object) -> None:
        self._hook.remove()

    def _keep(self, node: nn.Module, inputs: Any, outputs: Any) -> None:
        self.value = outputs


def node_of(network: nn.Module, path: str, where: str) -> nn.Module:
    """A node of a network.

    Raises:
        SettingError: nothing is called so.
    """
    nodes: dict[str, nn.Module] = {name: module for name, module in network.named_modules() if name}
    path = path.removeprefix("network.")
    if path not in nodes:
        near = closest(path, nodes)
        fix = f"did you mean {near[0]!r}?" if near else ""
        expected = "" if near else ", ".join(list(nodes)[:8])
        raise SettingError(f"nothing is called {path!r}", where=f"hints: {where}", expected=expected, fix=fix)
    return nodes[path]


def pooled(outputs: Any, batch: Batch) -> Tensor:
    """A node's features (batch, dim): averaged over time, where padding doesn't count, or over space.

    Raises:
        SettingError: it gives no features.
    """
    value = (
        outputs
        if isinstance(outputs, Tensor)
        else next(iter(outputs.values() if isinstance(outputs, dict) else outputs))
    )
    if not isinstance(value, Tensor) or not value.is_floating_point() or value.ndim < 2:
        raise SettingError("a hint is a node of features", where="hints", got=type(value).__name__)
    if value.ndim == 3:
        mask = next((each for each in batch.masks.values() if each.shape == value.shape[:2]), None)
        if mask is None:
            return value.mean(1)
        return (value * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
    return value.flatten(2).mean(2) if value.ndim > 3 else value


def _even(parts: Sequence[Tensor]) -> Tensor:
    """Outputs of batches one after another; where they are padded to lengths of their own, up to the longest."""
    if len({each.shape[1:] for each in parts}) == 1:
        return torch.cat(list(parts))
    longest = max(each.shape[1] for each in parts)
    return torch.cat([torch.nn.functional.pad(each, (0, 0, 0, longest - each.shape[1])) for each in parts])
