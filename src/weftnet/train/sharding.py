"""Several processes that each keep a shard of weights, gradients and optimiser state: FSDP2.

    memory of a worker    ≈ 1/N of weights, gradients and optimiser state (two values a weight), plus one whole block
    traffic of a step     gathering a block's weights forwards and backwards, scattering its gradients

Source: Zhao and others, PyTorch FSDP, 2023, https://arxiv.org/abs/2304.11277; Rajbhandari and others, ZeRO, 2020,
https://arxiv.org/abs/1910.02054. `fully_shard` is applied to every block with weights, then to the whole part; where
blocks share weights, to the whole part alone. Checkpoints are written in shards, in the background
(`sharded_checkpoint.py`). At the end every worker has all weights, and the run folder is the same as without shards.

A loss that passes through one part to another would leave gradients in both, so only tasks with one group are allowed.
"""

import atexit
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor

from weftnet.compose.network import Combined
from weftnet.compose.sharing import shared_targets
from weftnet.data.data import Data
from weftnet.errors import SettingError
from weftnet.execution.plan import Plan
from weftnet.optim import OPTIMISERS
from weftnet.optim.hidden import needs_matrices
from weftnet.tasks._task import Task
from weftnet.train.checkpoint import Checkpoints
from weftnet.train.parallel import Workers
from weftnet.train.recipe import Recipe
from weftnet.train.sharded_checkpoint import ShardedCheckpoints
from weftnet.train.statistics import share_statistics


class Sharded(Workers):
    """This process among several, each with a shard of the weights."""

    def check(self, task: Task, recipe: Recipe) -> None:
        """Refuse what can't be sharded.

        Raises:
            SettingError: the task has several groups, an optimiser needs whole matrices, or the plan lays out or
                compiles.
        """
        if len(task.groups) > 1:
            expected, got = "a task with one group of parts", ", ".join(task.groups)
            raise SettingError("the task can't be sharded", where="--shard", expected=expected, got=got)
        group = next(iter(task.groups))
        if needs_matrices(OPTIMISERS.get(name := recipe.of_group(group)["optimiser"])):
            raise SettingError(f"{name} can't be sharded: it needs whole matrices", where="--shard", fix="use adamw")
        plan = Plan() if isinstance(recipe.plan, str) else Plan.from_dict(recipe.plan)
        if plan.channels_last or plan.compiled:
            raise SettingError("the plan can't be sharded", where="--shard", expected="eager", got=str(plan))

    def local_recipe(self, recipe: Recipe, data: Data) -> Recipe:
        """Its share of a batch; no layouts are tried."""
        local = super().local_recipe(recipe, data)
        return replace(local, plan="eager") if local.plan == "auto" else local

    def distribute(self, model: nn.ModuleDict) -> nn.ModuleDict:
        """A copy whose weights are distributed over the workers; the model itself keeps none meanwhile."""
        device = next(model.parameters()).device
        distributed = copy.deepcopy(model)
        model.to("meta")
        mesh = init_device_mesh(device.type, (self.size,))
        # torch 2.13 never frees the mesh of a parameter that is a DTensor, and a mesh holds its group
        atexit.register(getattr(mesh, "_pg_registry", {}).clear)
        for part in distributed.values():
            shared = shared_targets(part)  # also run otherwise than by a pass of their own: they stay with the part
            units = [unit for unit in _units(part) if id(unit) not in shared]
            weights = {id(p) for p in part.parameters()}
            disjoint = sum(len({id(p) for p in unit.parameters()}) for unit in units) <= len(weights)
            for unit in [*(units if disjoint else []), part]:
                if any(True for _ in unit.parameters()):
                    fully_shard(unit, mesh=mesh)
        return distributed

    def for_training(self, model: nn.ModuleDict) -> nn.ModuleDict:
        """The model itself, which is distributed already."""
        share_statistics(model)
        return model

    def backward(self, loss: Tensor, parameters: Sequence[Tensor] | None, weight: float) -> None:
        """Each worker gets its shard of the averaged gradients."""
        (loss if weight == 1.0 else loss * weight).backward()  # type: ignore[no-untyped-call]

    def gather(self, distributed: nn.ModuleDict, model: nn.ModuleDict) -> None:
        """Gather the weights into the model."""
        device = next(distributed.parameters()).device
        model.to_empty(device=device)
        model.load_state_dict({name: _whole(value) for name, value in distributed.state_dict().items()})

    def checkpoints(self, folder: Path, like: Callable[[str], Tensor | None]) -> Checkpoints:
        """In shards, by all workers."""
        return ShardedCheckpoints(folder, self, like)


def _whole(value: Tensor) -> Tensor:
    """A tensor of which every worker has a shard, gathered; any other as it is."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def _units(module: nn.Module) -> Iterator[nn.Module]:
    """The blocks that have weights."""
    for child in module.children():
        if isinstance(child, Combined):
            yield from _units(child)
        elif any(True for _ in child.parameters()):
            yield child
