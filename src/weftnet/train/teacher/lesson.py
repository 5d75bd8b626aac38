"""What a step makes of the teachers' answers.

    loss = (1 − α) · L + α · D(teacher, student) + β · Σ over the hints of mean (W h + b − g)²

L is the task's own loss with the labels, α the `share`; D is of the task's `distil.py`, for classes
T² · KL(softmax(teacher / T) ‖ softmax(student / T)). Of a hint, h are the features of a node here, g those of the
teacher's node, both averaged over time or space, g standardised; W and b are trained beside the network and thrown
away.
Losses of blocks belong to L.

The teachers have answered each row as it is in the data: an augmented row shall be answered as the plain one. One that
is blended of two has no answer of its own, and is refused.

Sources: G. Hinton, O. Vinyals, J. Dean, Distilling the knowledge in a neural network, 2015,
https://arxiv.org/abs/1503.02531; hints: A. Romero and others, FitNets, 2015, https://arxiv.org/abs/1412.6550.
Differs from FitNets: hints are learnt together with the answers, not before, of features that are averaged, so that
families and sizes mix.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.hooks import RemovableHandle

from weftnet.base import tensors
from weftnet.data.augment import mixes
from weftnet.data.batch import Batch, fits
from weftnet.data.data import Data
from weftnet.data.outputs import chosen
from weftnet.errors import RunError, SettingError
from weftnet.execution.executor import Executor
from weftnet.run.folder import Run
from weftnet.tasks import Distillation
from weftnet.tasks._task import Task, evaluating
from weftnet.train.randomness import device_of
from weftnet.train.recipe import Recipe
from weftnet.train.teacher.asked import TEMPERATURE, Teacher
from weftnet.train.teacher.asking import Answers, ask, distillation, node_of, pooled
from weftnet.train.team import ALONE, Team

#: the answers in the folder of a run, until it is finished
FILE = "taught.safetensors"
_PART = "network"


class Lesson:
    """Computes the losses of steps with a teacher; use it as a context, around the steps.

    Args:
        teacher: as the recipe has it.
        how: the task learns from it.
        answers: of the teachers.
        hints: node here → the linear map from its features to the teacher's; trained beside the network.
    """

    def __init__(self, teacher: Teacher, how: Distillation, answers: Answers, hints: nn.ModuleDict) -> None:
        self.teacher, self.how, self.hints = teacher, how, hints
        self.temperature = teacher.temperature or TEMPERATURE
        self.answers = answers
        self._seen: dict[str, Any] = {}
        self._hooks: list[RemovableHandle] = []
        self._executor: Executor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for hook in self._hooks:
            hook.remove()

    def attend(self, executor: Executor, model: nn.ModuleDict) -> None:
        """Listen to what the network gives while training.

        Args:
            executor: that computes the losses without the teacher.
            model: that the task is given.
        """
        network, self._executor = model[_PART], executor
        for path in ("", *self.hints):
            node = node_of(network, _written(path), "the student") if path else network
            self._hooks.append(node.register_forward_hook(self._keeper(path)))

    def losses(
        self, task: Task, model: nn.ModuleDict, batch: Batch, generator: torch.Generator,
        auxiliary: Mapping[str, float] = MappingProxyType({}),
    ) -> Iterator[tuple[str, Tensor]]:  # fmt: skip
        """The task's losses with what the teacher adds; the arguments are those of `Executor.losses`."""
        assert self._executor is not None  # it attends
        for group, loss in self._executor.losses(task, model, batch, generator, auxiliary):
            yield group, self._with_teacher(loss, batch)

    def _with_teacher(self, loss: Tensor, batch: Batch) -> Tensor:
        place = torch.searchsorted(self.answers["rows"], batch.rows.to(self.answers["rows"].device))
        known = self.answers["known"][place].to(loss.device)
        taught = self.how.loss(chosen(self._seen[""]), known, batch, self.temperature)
        total = (1 - self.teacher.share) * loss + self.teacher.share * taught
        for path, regressor in self.hints.items():
            there = self.answers[f"hint.{self.teacher.hints[_written(path)]}"][place].to(loss.device)
            here = pooled(self._seen[path], batch).float()
            total = total + self.teacher.hint_weight * F.mse_loss(regressor(here), there)
        return total

    def _keeper(self, path: str) -> Any:
        def keep(node: nn.Module, inputs: Any, outputs: Any) -> None:
            if node.training and torch.is_grad_enabled():
                self._seen[path] = outputs

        return keep


def lesson_of(model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe, run: Run, team: Team) -> Lesson | None:
    """The lesson that a recipe asks for, with the answers in the run's folder; None without a teacher.

    Raises:
        RunError: a teacher is not there, or another one than when the run began; or it can't teach this task.
        SettingError: an augmentation blends rows, a hint names no node, or hints are trained by several workers.
    """
    if recipe.teacher is None:
        return None
    teacher = Teacher.from_dict(recipe.teacher)
    refuse_blends(recipe)
    if teacher.hints and team is not ALONE:
        raise SettingError("hints are learnt by a single process", where="--workers", fix="leave out --hint")
    if team.leads:
        _put(teacher, task, data, run)
    team.agree(False)  # the leader has asked
    shared = run.file(FILE) if team.leads else run.folder / FILE  # of workers on another host there is none
    answers = tensors.load(shared) if shared.is_file() else ask(teacher, task, data).answers
    device = device_of(model)
    if fits(answers.values(), device):
        answers = {name: each.to(device) for name, each in answers.items()}
    how = distillation(task, teacher)  # the teacher itself may be gone
    return Lesson(teacher, how, answers, _regressors(teacher, model, task, data, answers, recipe.seed).to(device))


def forget(run: Run) -> None:
    """Delete the answers from the folder of a run that is finished."""
    if FILE in run.facts.files:
        files, sizes = ({n: v for n, v in each.items() if n != FILE} for each in (run.facts.files, run.facts.sizes))
        run.record(files=files, sizes=sizes)
    (run.folder / FILE).unlink(missing_ok=True)


def refuse_blends(recipe: Recipe) -> None:
    """Refuse augmentations that blend rows.

    Raises:
        SettingError: there is one.
    """
    for entry in recipe.augment:
        name = entry if isinstance(entry, str) else next(iter(entry))
        if mixes(name):
            what = f"{name} makes one row of several, and the teacher has answered each by itself"
            raise SettingError(what, where="recipe: augment", fix=f"leave {name} out")


def _put(teacher: Teacher, task: Task, data: Data, run: Run) -> None:
    """The answers into the run's folder, if they are not there."""
    if FILE in run.facts.files and (run.folder / FILE).is_file():
        return
    taught = ask(teacher, task, data)
    before = run.facts.teachers
    if before and [each.weights for each in before] != [each.weights for each in taught.teachers]:
        what = "the teacher is another run now than when this one began"
        got = ", ".join(each.weights[:12] for each in taught.teachers)
        expected = ", ".join(each.weights[:12] for each in before)
        raise RunError(what, where=teacher.runs[0], expected=expected, got=got, fix="start again with weftnet fit")
    run.record(teachers=[{"name": each.name, "weights": each.weights, "data": each.data} for each in taught.teachers])
    run.put(FILE, lambda new: tensors.write(new, taught.answers))


def _regressors(
    teacher: Teacher, model: nn.ModuleDict, task: Task, data: Data, answers: Answers, seed: int
) -> nn.ModuleDict:
    """A linear map for each hint, drawn from the seed; the width here is what the node gives for one batch."""
    if not teacher.hints:
        return nn.ModuleDict()
    network, device = model[_PART], device_of(model)
    batch = next(data.batches("train", 2)).to(device)
    seen: dict[str, Any] = {}
    nodes = {path: node_of(network, path, "the student") for path in teacher.hints}
    hooks = [
        node.register_forward_hook(lambda node, inputs, outputs, path=path: seen.__setitem__(path, outputs))
        for path, node in nodes.items()
    ]
    try:
        with evaluating(model):
            task.infer(model, batch)
    finally:
        for hook in hooks:
            hook.remove()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.ModuleDict(
            {
                _key(path): nn.Linear(pooled(seen[path], batch).shape[1], answers[f"hint.{there}"].shape[1])
                for path, there in teacher.hints.items()
            }
        )


def _key(path: str) -> str:
    """A path as the name of a module, which has no dots."""
    return path.replace(".", "/")


def _written(key: str) -> str:
    """The path of such a name."""
    return key.replace("/", ".")
