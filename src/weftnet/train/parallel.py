"""Several processes that train one model together: each computes its rows of every batch, and gradients are averaged.

    gradient = Σ_r (n_r / n) · ∂ mean loss of worker r's n_r rows,    n = Σ_r n_r = the recipe's batch_size

which is the gradient of one process on the whole batch wherever a loss is a mean over rows. `batch_size` stays the
batch of a step, whatever the number of workers: same seed, same rows in the same order, the same curve within rounding.
`DistributedDataParallel` averages gradients bucket by bucket while the backward pass still runs (Li and others, PyTorch
Distributed, 2020, https://arxiv.org/abs/2006.15704); it divides by the number of workers N, so a loss is weighted with
N · n_r / n. Batch norms take their statistics over all workers (`statistics.py`). Layers and tasks that draw at random
draw other numbers in each worker, so what they give is one process's in distribution alone.

Messages are JSON and tensors, never pickles.
"""

import atexit
import gc
import importlib
import json
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed import PrefixStore  # type: ignore[attr-defined]  # not told to type checkers
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from weftnet.errors import SettingError
from weftnet.run.folder import Run
from weftnet.train.checkpoint import Checkpoints
from weftnet.train.following import FollowedCheckpoints, FollowedRun
from weftnet.train.launching import enlisted, restarted
from weftnet.train.recipe import Recipe
from weftnet.train.statistics import separate_statistics, share_statistics
from weftnet.train.team import ALONE, Team

#: How long a worker waits for the others: the leader may write a large checkpoint meanwhile.
PATIENCE = timedelta(minutes=30)

_beside: list[Any] = []


def current(device: str, shard: bool = False) -> Team:
    """The team this process belongs to: that of the launcher that started it, or itself alone.

    Args:
        device: to train on, `own_device`'s.
        shard: whether each worker keeps a share of the weights.
    """
    if not enlisted() and not shard:
        return ALONE
    team: type[Workers] = Workers
    if shard:
        from weftnet.train.sharding import Sharded  # here, as it takes a second to import

        team = Sharded
    if not dist.is_initialized():
        _join(device)
    return team()


def own_device(device: str | None = None) -> str:
    """The device this process trains on; of several GPUs a worker has the one that is numbered as it is on its machine.

    Args:
        device: that is asked for; a GPU if there is one, when left out.

    Raises:
        SettingError: the machine has fewer GPUs than workers.
    """
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device != "cuda" or not enlisted():
        return device
    number, count = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if number >= count:
        raise SettingError(
            "a worker has no GPU of its own", where="--workers", expected=f"at most {count} on this machine",
            fix="fewer workers; or none of the GPUs: set CUDA_VISIBLE_DEVICES to nothing",
        )  # fmt: skip
    return f"cuda:{number}"


def _join(device: str) -> None:
    """The process group of this process and the others of its launcher; without one, of this process alone."""
    # its functions have the default group of the moment it is imported as a default argument, and would keep it alive
    importlib.import_module("torch.distributed.nn.functional")
    backend = "gloo"
    if device.startswith("cuda"):
        backend = "cpu:gloo,cuda:nccl"
        torch.cuda.set_device(device)  # which torch seeds, and on which NCCL waits
    if enlisted():
        store, rank, size = next(rendezvous("env://", timeout=PATIENCE))
        # the launcher's store outlives a group; workers that are started anew must not find where its members were
        store = PrefixStore(f"start{restarted()}", store)
    else:
        store, rank, size = dist.HashStore(), 0, 1  # type: ignore[attr-defined]
    dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=PATIENCE)
    atexit.register(_leave)


def beside() -> Any:
    """A process group of its own for what runs beside the training; made once, by all workers."""
    if not _beside:
        _beside.append(dist.new_group(backend="gloo"))
    return _beside[0]


def _leave() -> None:
    """End the groups' threads: one that drops a last tensor while the interpreter ends would abort the process.

    They end with the last reference to their group, and what was trained holds one, in cycles.
    """
    dist.destroy_process_group()
    _beside.clear()
    gc.collect()


class Workers(Team):
    """This process among several that were started together and have joined a process group."""

    def __init__(self) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self.place = ("worker", self.rank)

    def trained(self, model: nn.ModuleDict) -> nn.ModuleDict:
        """The parts in DDP, which also gives every worker the leader's initial weights."""
        share_statistics(model)
        return nn.ModuleDict({name: self._averaging(part) for name, part in model.items()})

    def evaluated(self, model: nn.ModuleDict) -> nn.ModuleDict:
        """Parts that compute a share of the rows in each worker and give all outputs to every one."""
        return nn.ModuleDict({name: Gathering(part, self) for name, part in model.items()})

    def release(self, model: nn.ModuleDict) -> None:
        """Batch norms take their statistics from their own batch again."""
        separate_statistics(model)

    def backward(self, loss: Tensor, parameters: Sequence[Tensor] | None, weight: float) -> None:
        """Gradients averaged over the workers."""
        (loss if weight == 1.0 else loss * weight).backward(inputs=parameters)  # type: ignore[no-untyped-call]

    def share(self, batch: Any) -> tuple[Any, float]:
        """Rows r·n/N … (r + 1)·n/N of n; their weight N · n_r / n."""
        if batch.size < self.size:
            raise SettingError(
                "a batch has fewer rows than there are workers", where="recipe: batch_size",
                expected=f"at least {self.size}", got=str(batch.size),
            )  # fmt: skip
        start, end = self.bounds(batch.size)
        return batch.part(start, end), self.size * (end - start) / batch.size

    def bounds(self, rows: int) -> tuple[int, int]:
        """Where this worker's share of some rows begins and ends."""
        return rows * self.rank // self.size, rows * (self.rank + 1) // self.size

    def own(self, recipe: Recipe, data: Any) -> Recipe:
        """Its share of a batch, as many steps and evaluations as the whole team."""
        per_epoch = data.steps_per_epoch(recipe.batch_size)
        length: dict[str, Any] = {}
        if recipe.epochs is not None:
            length = {"epochs": None, "steps": max(1, round(recipe.epochs * per_epoch / recipe.accumulate))}
        rows = -(-recipe.batch_size // self.size)
        every = f"{recipe.evaluation_interval(per_epoch)} steps"
        return replace(recipe, batch_size=rows, evaluate_every=every, **length)

    def waits(self, model: nn.ModuleDict) -> float:
        """The median of three exchanges; a step hides a part of it behind its backward pass."""
        like = next(model.parameters())
        values = torch.zeros(sum(p.numel() for p in model.parameters()), dtype=like.dtype, device=like.device)
        times = []
        for _ in range(3):
            dist.barrier()
            began = time.perf_counter()
            dist.all_reduce(values)
            float(values[0])  # waits for the device
            times.append(time.perf_counter() - began)
        return sorted(times)[1]

    def agree(self, *wishes: bool) -> tuple[bool, ...]:
        """On the CPU, so that no device is waited for."""
        wanted = torch.tensor(wishes, dtype=torch.int32)
        dist.all_reduce(wanted, dist.ReduceOp.MAX)
        return tuple(bool(each) for each in wanted.tolist())

    def same(self, fact: Any) -> Any:
        """The leader's JSON value, sent as text."""
        text = json.dumps(fact).encode() if self.leads else b""
        length = torch.tensor([len(text)])
        dist.broadcast(length, 0)
        letters = torch.empty(int(length), dtype=torch.uint8)
        if self.leads:
            letters.copy_(torch.frombuffer(bytearray(text), dtype=torch.uint8))
        dist.broadcast(letters, 0)
        return json.loads(bytes(letters.numpy()))

    def merge(self, sums: Mapping[str, list[float]]) -> None:
        """Weighted losses: their mean over the workers is the loss of the whole batch."""
        totals = torch.tensor([total for total, _ in sums.values()], dtype=torch.float64)
        if len(totals):
            dist.all_reduce(totals)
            for pair, total in zip(sums.values(), totals.tolist(), strict=True):
                pair[0] = total / self.size

    def run(self, run: Run | None) -> Run:
        """The leader's run; the others' has the same document."""
        document = self.same({} if run is None else {"folder": str(run.folder), "document": run.document})
        return run or FollowedRun(Path(document["folder"]), document["document"])

    def checkpoints(self, folder: Path, like: Callable[[str], Tensor | None]) -> Checkpoints:
        """Written and read by the leader, sent to the others."""
        return FollowedCheckpoints(folder, self)

    def _averaging(self, part: nn.Module) -> nn.Module:
        if not any(parameter.requires_grad for parameter in part.parameters()):
            return part
        with warnings.catch_warnings():  # torch 2.13 renames the argument
            warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated", FutureWarning)
            return DistributedDataParallel(part, broadcast_buffers=False)  # buffers are the same already


class Gathering(nn.Module):
    """A part whose rows are computed by shares; every worker gets the outputs of all.

    Examples of a batch don't mix in evaluation, so the metrics are those of one process.

    Args:
        part: reads tensors, or mappings of them, whose first axis is the batch.
        team: whose workers all make the same call.
    """

    def __init__(self, part: nn.Module, team: Workers) -> None:
        super().__init__()
        self.part, self.team = part, team

    def forward(self, *arguments: Any) -> Tensor:
        """The outputs of all rows."""
        rows = len(_first(arguments))
        if rows < self.team.size:
            whole: Tensor = self.part(*arguments)
            return whole
        start, end = self.team.bounds(rows)
        y: Tensor = self.part(*_each(arguments, lambda values: values[start:end]))
        longest = -(-rows // self.team.size)
        padded = torch.cat([y, y.new_zeros(longest - len(y), *y.shape[1:])]).contiguous()
        gathered = [torch.empty_like(padded) for _ in range(self.team.size)]
        dist.all_gather(gathered, padded)
        counts = [rows * (r + 1) // self.team.size - rows * r // self.team.size for r in range(self.team.size)]
        return torch.cat([values[:count] for values, count in zip(gathered, counts, strict=True)])


def _first(tree: Any) -> Tensor:
    """The first tensor of nested mappings and tuples."""
    found: list[Tensor] = []
    _each(tree, lambda values: found.append(values) or values)  # type: ignore[func-returns-value]
    return found[0]


def _each(tree: Any, change: Callable[[Tensor], Tensor]) -> Any:
    match tree:
        case Tensor():
            return change(tree)
        case Mapping():
            return {name: _each(value, change) for name, value in tree.items()}
        case tuple() | list():
            return tuple(_each(value, change) for value in tree)
    return tree
