"""Which plan a training runs under: measured before it starts, within a small share of its time, and remembered.

Plain eager execution is timed first. Then everything that only removes work is switched on together: `pool_first`
changes no bit, `keep_memory` no value at all. Then one change after another is tried on top of the best plan so far:
two copies of the model train alternately, so that other load on the machine slows both alike. A change is kept if it
gives the same losses and gradients within `TOLERANCE` and its shortest step is shorter by more than `LEAST_GAIN`; the
shortest, as other load only ever lengthens a step. Single-threaded steps are measured in CPU time, which other load
disturbs less. A change that would cost more to try than the training could gain is skipped, and the record says so.

A plan is cached in `$XDG_CACHE_HOME/weftnet/plans`, by architecture, signals, recipe, machine and version of torch, so
that the next run on the same machine uses the same plan and gives the same bits.
"""

import hashlib
import json
import math
import os
import platform
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.base import files
from weftnet.base.heap import can_keep_memory, kept_memory
from weftnet.base.onednn import can_use_onednn
from weftnet.compose import Network
from weftnet.errors import RunError, WeftnetError
from weftnet.execution.executor import own_modules
from weftnet.execution.plan import Plan
from weftnet.execution.planned import LEAST_GAIN, TrainingPlan, TriedPlan
from weftnet.execution.rewrites import pool_first
from weftnet.train.randomness import device_of
from weftnet.train.recipe import Recipe
from weftnet.train.trial import Trial

#: Share of the expected training time that trying plans may take.
SHARE = 0.04
#: Largest relative difference of a loss, and of the gradient in the norm, by precision. In float32 rounding opens and
#: shuts some rectifiers near zero (1e-3 behind batch norms); bfloat16's eight bits round by some percent. Another batch
#: changes a gradient by its own size. On a GPU torch's convolutions compute in TF32 by themselves, so that tf32's holds
#: for float32 too.
TOLERANCE = {"float32": 5e-3, "tf32": 1e-2, "bfloat16": 1e-1}
#: Seconds that compiling takes at the least, a network.
_COMPILING = 20.0
#: Steps of each side that are timed, and of eager and of what is taken untried.
_ROUNDS, _FEW = 7, 3
#: Steps that are all shorter by so much decide before all rounds are over; so do steps that are all longer.
_CLEAR = 0.1
#: Seconds for which short steps are timed, in more rounds.
_LONG = 0.3
#: Steps that trying a single change takes at the least.
_LEAST = 20
_TOO_SHORT = "too short to measure"
#: Losses and gradients of a batch, and whether of evaluation mode.
_Given = tuple[list[float], list[Tensor], bool]


def plan_of(model: nn.ModuleDict, task: Any, data: Any, recipe: Recipe) -> TrainingPlan:
    """The plan a recipe asks for, or the one that was fastest on this machine.

    Raises:
        SettingError: the recipe's plan can't be used.
    """
    if recipe.plan != "auto":
        given = {} if recipe.plan == "eager" else recipe.plan
        return TrainingPlan(Plan.from_dict(given), "given", 0.0)  # type: ignore[arg-type]  # the recipe saw to it
    remembered = _remembered(path := _place(model, task, data, recipe))
    if remembered is not None:
        return TrainingPlan(remembered, "remembered", 0.0)
    found = measure(model, task, data, recipe)
    if found.source == "measured":
        with suppress(RunError):  # a cache that can't be written is none
            path.parent.mkdir(parents=True, exist_ok=True)
            files.write_json(path, {"plan": found.plan.to_dict()})
    return found


def measure(model: nn.ModuleDict, task: Any, data: Any, recipe: Recipe) -> TrainingPlan:
    """Try plans within `SHARE` of the training's expected time."""
    begun = time.perf_counter()
    free = Plan(pool_first=_pools(model), keep_memory=device_of(model).type == "cpu" and can_keep_memory())
    if not _worth_it(_steps(data, recipe)):
        return TrainingPlan(free, _TOO_SHORT, 0.0)
    with Trial(model, task, data, recipe, Plan()) as trial:
        step, worked = _shortest(trial)
        steps = _steps(data, recipe) or (recipe.budget or 0.0) / step
        if not _worth_it(steps):
            return TrainingPlan(free, _TOO_SHORT, time.perf_counter() - begun)
        base = _gives(trial)
    allowed = SHARE * steps * step
    best, ratio = Plan(), 1.0
    considered: list[TriedPlan] = []
    with kept_memory(free.keep_memory):
        if free != best:
            considered.append(tried := _free(model, task, data, recipe, free, base, worked))
            if tried.kept:
                best, ratio = free, tried.ratio or ratio
        changes = list(_changes(model, recipe))
        for change in changes:
            plan, over = best.but(**change), time.perf_counter() - begun > allowed
            if over or ("compiled" in change and _COMPILING * len(model) > allowed):
                why = "the time for trying is over" if over else f"compiling takes {_COMPILING:.0f} s or more"
                considered.append(TriedPlan(plan, f"not tried: {why}"))
                continue
            tried = _against(model, task, data, recipe, best, ratio, plan, base, allowed / len(changes))
            considered.append(tried)
            if tried.kept:
                best, ratio = plan, tried.ratio or ratio
    return TrainingPlan(best, "measured", time.perf_counter() - begun, tuple(considered))


def _gives(eager: Trial) -> _Given:
    """Losses and gradients of a batch, and whether in evaluation mode (quiet): where something draws at random."""
    quiet = eager.gradients(1)[0] != eager.gradients(2)[0]
    eager.model.train(not quiet)
    return *eager.gradients(1), quiet


def _tolerance(plan: Plan, device: torch.device) -> float:
    """What a plan may differ by on a device."""
    return TOLERANCE["tf32" if device.type == "cuda" and plan.precision == "float32" else plan.precision]


def _free(
    model: nn.ModuleDict, task: Any, data: Any, recipe: Recipe, plan: Plan, base: _Given, worked: float
) -> TriedPlan:
    """What only takes work away: kept, however fast it is, if it gives the same; eager's step `worked` so long."""
    with Trial(model, task, data, recipe, plan) as trial:
        (_, seconds), difference = _shortest(trial), _difference(base, trial)
    verdict = "kept: takes work away" if difference <= _tolerance(plan, trial.device) else "gives other gradients"
    return TriedPlan(plan, verdict, seconds, worked / seconds, difference)


def _against(
    model: nn.ModuleDict, task: Any, data: Any, recipe: Recipe, best: Plan, ratio: float, plan: Plan, base: _Given,
    allowed: float,
) -> TriedPlan:  # fmt: skip
    """One plan against the best so far, which is `ratio` times as fast as eager, by turns."""
    with Trial(model, task, data, recipe, plan) as there, Trial(model, task, data, recipe, best) as here:
        try:
            difference = _difference(base, there)
        except (RuntimeError, WeftnetError) as error:
            return TriedPlan(plan, f"fails: {str(error).splitlines()[0]}")
        if difference > _tolerance(plan, there.device):
            return TriedPlan(plan, "gives other gradients", difference=difference)
        clock = Trial.work if _alone(there) and _alone(here) else Trial.step
        both = here.step() + there.step()  # the first sets things up
        both = max(here.step() + there.step(), 1e-6)
        rounds = max(_FEW, min(max(_ROUNDS, int(_LONG / both)), int(allowed / both)))
        pairs = [(clock(here), clock(there)) for _ in range(_FEW)]
        while len(pairs) < rounds and not _decided(pairs):
            pairs.append((clock(here), clock(there)))
    old, new = map(min, zip(*pairs, strict=True))
    verdict = "kept" if old / new > 1 + LEAST_GAIN else "no gain"
    return TriedPlan(plan, verdict, new, ratio * old / new, difference)


def _decided(pairs: list[tuple[float, float]]) -> bool:
    """Whether every step of one side was shorter than any of the other's, by far more than the gain that is wanted."""
    old, new = zip(*pairs, strict=True)
    return bool(max(new) * (1 + _CLEAR) < min(old) or max(old) < min(new))


def _shortest(trial: Trial) -> tuple[float, float]:
    """Seconds of a step, and of one as it is compared: of the processor, where it has one thread."""
    trial.step()  # the first sets things up
    steps = [trial.step() for _ in range(_FEW)]
    return min(steps), min(trial.work() for _ in range(_FEW)) if _alone(trial) else min(steps)


def _alone(trial: Trial) -> bool:
    """Whether all of a step's work is done by one thread of the processor."""
    return trial.device.type == "cpu" and (trial.plan.threads or torch.get_num_threads()) == 1


def _difference(base: _Given, trial: Trial) -> float:
    """Largest relative difference of a loss, and of all gradients together in the norm, under the trial's plan."""
    losses, gradients, quiet = base
    trial.model.train(not quiet)
    others, theirs = trial.gradients(1)
    trial.model.train()
    apart = [abs(a - b) / max(abs(a), 1e-6) for a, b in zip(losses, others, strict=True)]
    norm = math.sqrt(sum(float(g.double().square().sum()) for g in gradients))
    between = math.sqrt(sum(float((a - b).double().square().sum()) for a, b in zip(gradients, theirs, strict=True)))
    found = [*apart, between / max(norm, 1e-12)]
    return math.inf if any(map(math.isnan, found)) else max(found)  # max may pass a NaN over


def _changes(model: nn.ModuleDict, recipe: Recipe) -> Iterator[dict[str, Any]]:
    """What may be tried on this model and machine, the likeliest first."""
    device = device_of(model)
    if any(parameter.dim() == 4 for parameter in model.parameters()):
        yield {"channels_last": True}
    if device.type == "cpu" and can_use_onednn() and any(type(module) is nn.Linear for module in model.modules()):
        yield {"dense_by_onednn": True}
    if device.type == "cpu" and torch.get_num_threads() > 1:
        yield {"threads": 1}
    if device.type == "cuda":
        yield {"precision": "tf32"}
    if device.type == "cuda" or _has_bfloat16():
        yield {"precision": "bfloat16"}
    yield {"compiled": True, "dense_by_onednn": False}
    if device.type == "cuda" and len(model) == recipe.accumulate == 1:  # a replay overwrites what the one before gave
        yield {"compiled": True, "graphs": True}


def _pools(model: nn.ModuleDict) -> bool:
    """Whether any pool would run earlier."""
    return pool_first(own_modules(model)) > 0


def _has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself; whether that is faster, only measuring tells."""
    asked = (getattr(torch.cpu, name, None) for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"))
    return any(ask() for ask in asked if ask)


def _steps(data: Any, recipe: Recipe) -> float | None:
    """How many steps the training takes; None where only its seconds are said."""
    if recipe.steps is not None or recipe.epochs is None:
        return recipe.steps
    per_epoch: int = data.steps_per_epoch(recipe.batch_size)
    return recipe.epochs * per_epoch / recipe.accumulate


def _worth_it(steps: float | None) -> bool:
    """Whether trying a single change fits into the share, or may, where the steps are not known yet."""
    return steps is None or steps * SHARE >= _LEAST


def _place(model: nn.ModuleDict, task: Any, data: Any, recipe: Recipe) -> Path:
    """Where the plan of such a training is remembered."""
    networks = {
        part: [(row.name, repr(sorted(row.settings.items(), key=str)), str(row.gives)) for row in network.rows]
        for part, network in model.items()
        if isinstance(network, Network)
    }
    device = device_of(model)
    machine = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() + platform.machine()
    facts = [
        networks, type(task).__name__, recipe.batch_size, recipe.accumulate, recipe.optimiser, str(recipe.groups),
        str(recipe.augment), machine, os.cpu_count(), torch.get_num_threads(), torch.__version__, Plan().to_dict(),
    ]  # fmt: skip
    key = hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()[:32]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "weftnet" / "plans" / f"{key}.json"


def _remembered(path: Path) -> Plan | None:
    if not path.is_file():
        return None
    try:
        return Plan.from_dict(files.read_json(path)["plan"])
    except (WeftnetError, KeyError, TypeError):
        return None
