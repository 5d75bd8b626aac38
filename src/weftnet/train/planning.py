"""Which plan a training runs under: the recipe's, a cached one, or the fastest that a search finds.

A plan is cached in `$XDG_CACHE_HOME/weftnet/plans`, by architecture, signals, recipe, machine and version of torch, so
that the next run on the same machine uses the same plan and gives the same bits.
"""

import hashlib
import json
import os
import platform
from pathlib import Path

import torch
from torch import nn

from weftnet.base import files
from weftnet.base.cache_home import cache_home, say_unkept
from weftnet.compose import Network
from weftnet.data.data import Data
from weftnet.errors import RunError, WeftnetError
from weftnet.execution.plan import Plan
from weftnet.execution.planned import TrainingPlan
from weftnet.tasks._task import Task
from weftnet.train.plan_search import PlanSearch
from weftnet.train.randomness import device_of
from weftnet.train.recipe import Recipe
from weftnet.train.worker import is_leader


def plan_of(model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe) -> TrainingPlan:
    """The plan a recipe asks for; with "auto" the fastest on this machine, from the cache or measured now.

    Raises:
        SettingError: the recipe's plan can't be used.
    """
    if not isinstance(recipe.plan, str):
        return TrainingPlan(Plan.from_dict(recipe.plan), "given", 0.0)
    if recipe.plan == "eager":
        return TrainingPlan(Plan(), "given", 0.0)
    path = _cache_file(model, task, recipe)
    if (cached := _cached(path)) is not None:
        return TrainingPlan(cached, "remembered", 0.0)
    planned = measure(model, task, data, recipe)
    if planned.source == "measured":
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            files.write_json(path, {"plan": planned.plan.to_dict()})
        except (OSError, RunError) as error:
            if is_leader():
                say_unkept("the plan", str(getattr(error, "what", error)), "the next training measures it again")
    return planned


def measure(model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe) -> TrainingPlan:
    """The fastest plan that a search finds; without one, where the training is too short for it."""
    search = PlanSearch(model, task, data, recipe)
    search.run()
    source = "measured" if search.measured else "too short to measure"
    return TrainingPlan(search.best, source, search.seconds, tuple(search.tried))


def _cache_file(model: nn.ModuleDict, task: Task, recipe: Recipe) -> Path:
    """Where the plan of such a training is cached."""
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
    return cache_home() / "plans" / f"{key}.json"


def _cached(path: Path) -> Plan | None:
    """The plan in a file of the cache; None if there is none that can be read."""
    if not path.is_file():
        return None
    try:
        return Plan.from_dict(files.read_json(path)["plan"])
    except (WeftnetError, KeyError, TypeError):
        return None
