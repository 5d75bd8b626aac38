"""The search for the fastest plan of a training: measured before it starts, within a small share of its time.

Plain eager execution is timed first. Then everything that only removes work is switched on together: `pool_first`
changes no bit, `keep_memory` no value at all. Then one change after another is tried on top of the best plan so far:
two copies of the model train alternately, so that other load on the machine slows both alike. A change is kept if it
gives the same losses and gradients within `TOLERANCE` and its shortest step is shorter by more than `LEAST_GAIN`; the
shortest, as other load only ever lengthens a step. Single-threaded steps are measured in CPU time, which other load
disturbs less. A change that would cost more to try than the training could gain is skipped, and the record says so.
With a budget, no step begins after `SHARE` of it, and none of a comparison that would not end by then. Where whole
steps are too slow for that, plans are compared on steps of fewer rows, but for their threads: few rows need fewer.
"""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from weftnet.base.heap import can_keep_memory, kept_memory
from weftnet.base.onednn import can_use_onednn
from weftnet.data.data import Data
from weftnet.errors import WeftnetError
from weftnet.execution.executor import own_modules
from weftnet.execution.plan import Plan
from weftnet.execution.planned import LEAST_GAIN, TriedPlan
from weftnet.execution.rewrites import pool_first
from weftnet.tasks._task import Task
from weftnet.train.freezing import to_training
from weftnet.train.randomness import device_of
from weftnet.train.recipe import Recipe
from weftnet.train.timed_steps import alternating, shortest
from weftnet.train.trial import Trial

#: Share of the expected training time that trying plans may take.
SHARE = 0.04
#: Largest relative difference of a loss, and of the gradient in the norm, by precision. In float32, rounding switches
#: some rectifiers near zero on and off (1e-3 behind batch norms); bfloat16's eight bits round by some percent. Another
#: batch changes a gradient by its own size. On a GPU torch's convolutions compute in TF32 by themselves, so tf32's
#: tolerance holds for float32 too.
TOLERANCE = {"float32": 5e-3, "tf32": 1e-2, "bfloat16": 1e-1}
#: Seconds that compiling takes at the least, a network.
_COMPILING = 20.0
#: Steps that trying a single change takes at the least, with those that it is compared with before and during that.
_LEAST = 20
#: Steps of a single comparison.
_COMPARED = 11
#: Seconds of a step that is slow, and rows of a batch at the least that stands for a larger one.
_SLOW, _FEWEST_ROWS = 0.2, 4


class Reference(NamedTuple):
    """The losses and gradients of a batch in plain eager execution, which every plan has to reproduce.

    Args:
        losses: in the order in which the task gives them.
        gradients: of the parameters that have one.
        evaluating: whether they are those of evaluation mode, because something draws random numbers in training mode.
    """

    losses: list[float]
    gradients: list[Tensor]
    evaluating: bool


class _Watched(TorchFunctionMode):
    """Sees whether torch's attention is called meanwhile."""

    attention = False

    def __torch_function__(
        self, function: Any, types: Any, arguments: tuple[Any, ...] = (), named: Mapping[str, Any] | None = None
    ) -> Any:
        self.attention = self.attention or function is F.scaled_dot_product_attention
        return function(*arguments, **(named or {}))


class PlanSearch:
    """The search for the plan of one training.

    Args:
        model: the networks by part; copies of them are trained.
        task, data, recipe: of the training.
        began: on the clock, where the recipe's batches are not the training's, but fewer rows that stand for them.

    Attributes:
        best: the fastest plan so far.
        tried: every plan that was considered.
        measured: whether the training is long enough for a search.
        seconds: that the search took.
    """

    def __init__(
        self, model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe, began: float | None = None
    ) -> None:
        self.model, self.task, self.data, self.recipe = model, task, data, recipe
        self.whole, self._began = began is None, began or 0.0
        self.less_work = Plan(
            pool_first=_moves_pools(model), keep_memory=device_of(model).type == "cpu" and can_keep_memory()
        )
        self.best, self.speedup = self.less_work, 1.0
        self.tried: list[TriedPlan] = []
        self.measured, self.seconds = False, 0.0

    def run(self) -> None:
        """Search, unless the training is too short for it: then the best plan is what only removes work."""
        steps = planned_steps(self.data, self.recipe)
        if not _worth_it(steps):
            return
        self._began = self._began or time.perf_counter()
        with self._trial(Plan()) as eager:
            step = self._roughly(eager)
            steps = steps or (self.recipe.budget or 0.0) / step
            self.measured = _worth_it(steps)
            if self.measured:
                step, comparable = shortest(eager)
                with _Watched() as watched:
                    self.reference = _reference(eager)
                self.attends = watched.attention
            else:
                self.tried.append(TriedPlan(Plan(), "as written", step, 1.0, 0.0))
        if self.measured:
            self._search(step, comparable, allowed=SHARE * steps * step)
        elif self.whole and self.recipe.budget and step > _SLOW:
            left = SHARE * self.recipe.budget - (time.perf_counter() - self._began)
            self._with_fewer_rows(int(left / _LEAST / step * self.recipe.batch_size))
        self.seconds = time.perf_counter() - self._began

    def _with_fewer_rows(self, rows: int) -> None:
        """Search on batches of so many rows, whose steps are short enough for it."""
        if rows < _FEWEST_ROWS:
            return
        recipe = replace(self.recipe, batch_size=rows)
        search = PlanSearch(self.model, self.task, self.data, recipe, self._began)
        search.run()
        self.best, self.measured = search.best, search.measured
        self.tried += search.tried

    def _roughly(self, eager: Trial) -> float:
        """Seconds of a step that is not the first one, unless that one took all the time for trying."""
        first = eager.step()
        return first if self.recipe.budget and first > SHARE * self.recipe.budget else eager.step()

    def _search(self, step: float, eager_step: float, allowed: float) -> None:
        """Try one change after another within `allowed` seconds.

        Args:
            step: seconds of a plain eager step.
            eager_step: the same, as plans are compared.
            allowed: seconds since the search began.
        """
        self._step, self._end = step, self._began + allowed
        self._wall = self._end if self.recipe.budget else math.inf
        with kept_memory(self.less_work.keep_memory):
            self.best = Plan()
            if self.less_work != self.best:
                self._note(self._with_less_work(eager_step), self.less_work)
            candidates = [
                each for each in changes(self.model, self.recipe, self.attends) if self.whole or "threads" not in each
            ]
            for number, change in enumerate(candidates):
                plan = self.best.but(**change)
                if why := self._too_late(change):
                    self._note(TriedPlan(plan, f"not tried: {why}"), plan)
                else:
                    self._note(self._compared(plan, self._left() / (len(candidates) - number)), plan)

    def _left(self) -> float:
        """Seconds that are left for trying."""
        return self._end - time.perf_counter()

    def _note(self, tried: TriedPlan, plan: Plan) -> None:
        """Record what became of a plan; if it is kept, it is the best."""
        self.tried.append(tried)
        if tried.kept:
            self.best, self.speedup = plan, tried.ratio or self.speedup

    def _too_late(self, change: dict[str, Any]) -> str:
        """Why a change can't be tried within the allowed time; empty if it can."""
        left = self._left()
        if left < _COMPARED * self._step:
            return "the time for trying is over"
        compiles = "compiled" in change and _COMPILING * len(self.model) > left
        return f"compiling takes {_COMPILING:.0f} s or more" if compiles else ""

    def _with_less_work(self, eager_step: float) -> TriedPlan:
        """What only removes work is kept, however fast it is, if it gives the same values, as it should."""
        if self._left() < _COMPARED * self._step:
            return TriedPlan(self.less_work, "kept: takes work away; not measured")
        with self._trial(self.less_work) as trial:
            (_, seconds), apart = shortest(trial), difference(self.reference, trial)
        same = apart <= tolerance(self.less_work, trial.device)
        verdict = "kept: takes work away" if same else "gives other gradients"
        return TriedPlan(self.less_work, verdict, seconds, eager_step / seconds, apart)

    def _compared(self, plan: Plan, allowed: float) -> TriedPlan:
        """A plan compared with the best so far, alternately."""
        with self._trial(plan) as new, self._trial(self.best) as old:
            try:
                apart = difference(self.reference, new)
            except (RuntimeError, WeftnetError) as error:
                return TriedPlan(plan, f"fails: {str(error).splitlines()[0]}")
            if apart > tolerance(plan, new.device):
                return TriedPlan(plan, "gives other gradients", difference=apart)
            pairs = alternating(old, new, allowed, self._wall)
            if not pairs:
                return TriedPlan(plan, "not tried to the end: the time for trying is over", difference=apart)
            before, after = map(min, zip(*pairs, strict=True))
        verdict = "kept" if before / after > 1 + LEAST_GAIN else "no gain"
        return TriedPlan(plan, verdict, after, self.speedup * before / after, apart)

    def _trial(self, plan: Plan) -> Trial:
        return Trial(self.model, self.task, self.data, self.recipe, plan)


def planned_steps(data: Data, recipe: Recipe) -> float | None:
    """How many steps the training takes; None if the recipe sets only its seconds."""
    if recipe.steps is not None or recipe.epochs is None:
        return recipe.steps
    return recipe.epochs * data.steps_per_epoch(recipe.batch_size) / recipe.accumulate


def tolerance(plan: Plan, device: torch.device) -> float:
    """The largest difference from eager values that a plan may have on a device."""
    return TOLERANCE["tf32" if device.type == "cuda" and plan.precision == "float32" else plan.precision]


def difference(reference: Reference, trial: Trial) -> float:
    """Largest relative difference of a loss, and of all gradients together in the norm, under the trial's plan."""
    if reference.evaluating:
        trial.model.eval()
    losses, gradients = trial.gradients(1)
    to_training(trial.model)
    apart = [abs(a - b) / max(abs(a), 1e-6) for a, b in zip(reference.losses, losses, strict=True)]
    pairs = zip(reference.gradients, gradients, strict=True)
    norm = math.sqrt(sum(float(g.double().square().sum()) for g in reference.gradients))
    between = math.sqrt(sum(float((a - b).double().square().sum()) for a, b in pairs))
    values = [*apart, between / max(norm, 1e-12)]
    return math.inf if any(map(math.isnan, values)) else max(values)  # max may skip a NaN


def changes(model: nn.ModuleDict, recipe: Recipe, attends: bool = False) -> Iterator[dict[str, Any]]:
    """The changes that may be tried on this model and machine, the most promising first.

    What pays only together is tried together: bfloat16 may gain nothing with torch's fused attention, and much without.

    Args:
        model: the networks by part.
        recipe: of the training.
        attends: whether torch's fused attention is computed.
    """
    device = device_of(model)
    if any(parameter.dim() == 4 for parameter in model.parameters()):
        yield {"channels_last": True}
    if device.type == "cpu" and can_use_onednn() and any(type(module) is nn.Linear for module in model.modules()):
        yield {"dense_by_onednn": True}
    if device.type == "cpu" and torch.get_num_threads() > 1:
        yield {"threads": 1}
    if device.type == "cuda":
        yield {"precision": "tf32"}
    half = [{"precision": "bfloat16"}] if device.type == "cuda" or _has_bfloat16() else []
    yield from half
    if attends and device.type == "cpu":
        yield from ({**each, "attention": "plain"} for each in half or [{}])
    yield {"compiled": True, "dense_by_onednn": False}
    if device.type == "cuda" and len(model) == recipe.accumulate == 1:  # a replay overwrites the outputs before it
        yield {"compiled": True, "graphs": True}


def _worth_it(steps: float | None) -> bool:
    """Whether trying a single change fits into the share, or may fit, where the steps are not known yet."""
    return steps is None or steps * SHARE >= _LEAST


def _reference(eager: Trial) -> Reference:
    """Losses and gradients in training mode; in evaluation mode if something draws random numbers."""
    evaluating = eager.gradients(1)[0] != eager.gradients(2)[0]
    eager.model.train(not evaluating)
    return Reference(*eager.gradients(1), evaluating)


def _moves_pools(model: nn.ModuleDict) -> bool:
    """Whether `pool_first` would run any pool earlier."""
    return pool_first(own_modules(model)) > 0


def _has_bfloat16() -> bool:
    """Whether this processor has instructions for bfloat16; whether they are faster, only measuring tells."""
    checks = (getattr(torch.cpu, name, None) for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"))
    return any(check() for check in checks if check)
