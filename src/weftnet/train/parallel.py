"""Several processes train one model together: each computes its rows of every batch, and gradients are averaged.

    gradient = Σ_r (n_r / n) · ∂ mean loss of worker r's n_r rows,    n = Σ_r n_r = the recipe's batch_size

which is the gradient of one process on the whole batch wherever a loss is a mean over rows. `batch_size` is the batch
of a step, whatever the number of workers: same seed, same rows in the same order, the same curve within rounding.
`DistributedDataParallel` averages gradients bucket by bucket while the backward pass still runs (Li and others, PyTorch
Distributed, 2020, https://arxiv.org/abs/2006.15704); it divides by the number of workers N, so a loss is weighted with
N · n_r / n. Batch norms take their statistics over all workers (`statistics.py`). Layers and tasks that draw random
numbers draw different ones in each worker, so their results match one process's only in distribution.

Messages are JSON and tensors, never pickles.
"""

import json
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.errors import SettingError
from weftnet.run.folder import Run
from weftnet.train.checkpoint import Checkpoints
from weftnet.train.following import FollowedCheckpoints, FollowedRun
from weftnet.train.recipe import Recipe
from weftnet.train.statistics import separate_statistics, share_statistics
from weftnet.train.team import Team


class Workers(Team):
    """This process among several that were started together and have joined a process group."""

    def __init__(self) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self.seed_key = ("worker", self.rank)

    def for_training(self, model: nn.ModuleDict) -> nn.ModuleDict:
        """The parts in DDP, which also gives every worker the leader's initial weights."""
        share_statistics(model)
        return nn.ModuleDict({name: self._averaging(part) for name, part in model.items()})

    def for_evaluation(self, model: nn.ModuleDict) -> nn.ModuleDict:
        """Parts that compute a share of the rows in each worker and return all outputs in every worker."""
        return nn.ModuleDict({name: Gathering(part, self) for name, part in model.items()})

    def restore(self, model: nn.ModuleDict) -> None:
        """Batch norms take their statistics from their own batch again."""
        separate_statistics(model)

    def backward(self, loss: Tensor, parameters: Sequence[Tensor] | None, weight: float) -> None:
        """Gradients averaged over the workers."""
        (loss if weight == 1.0 else loss * weight).backward(inputs=parameters)  # type: ignore[no-untyped-call]

    def share(self, batch: Batch) -> tuple[Batch, float]:
        """Rows r·n/N … (r + 1)·n/N of n; their weight N · n_r / n."""
        if batch.size < self.size:
            raise SettingError(
                "a batch has fewer rows than there are workers", where="recipe: batch_size",
                expected=f"at least {self.size}", got=str(batch.size),
            )  # fmt: skip
        start, end = self.bounds(batch.size)
        return batch.slice(start, end), self.size * (end - start) / batch.size

    def bounds(self, rows: int) -> tuple[int, int]:
        """Where this worker's share of some rows begins and ends."""
        return rows * self.rank // self.size, rows * (self.rank + 1) // self.size

    def local_recipe(self, recipe: Recipe, data: Data) -> Recipe:
        """Its share of a batch, with as many steps and evaluations as the whole team."""
        per_epoch = data.steps_per_epoch(recipe.batch_size)
        length: dict[str, Any] = {}
        if recipe.epochs is not None:
            length = {"epochs": None, "steps": max(1, round(recipe.epochs * per_epoch / recipe.accumulate))}
        rows = -(-recipe.batch_size // self.size)
        every = f"{recipe.evaluation_interval(per_epoch)} steps"
        return replace(recipe, batch_size=rows, evaluate_every=every, **length)

    def exchange_time(self, model: nn.ModuleDict) -> float:
        """The median of three exchanges; a step overlaps part of it with its backward pass."""
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

    def agree(self, *flags: bool) -> tuple[bool, ...]:
        """On the CPU, so that no device is waited for."""
        values = torch.tensor(flags, dtype=torch.int32)
        dist.all_reduce(values, dist.ReduceOp.MAX)
        return tuple(bool(each) for each in values.tolist())

    def from_leader(self, value: Any) -> Any:
        """The leader's JSON value, sent as text."""
        text = json.dumps(value).encode() if self.leads else b""
        length = torch.tensor([len(text)])
        dist.broadcast(length, 0)
        letters = torch.empty(int(length), dtype=torch.uint8)
        if self.leads:
            letters.copy_(torch.frombuffer(bytearray(text), dtype=torch.uint8))
        dist.broadcast(letters, 0)
        return json.loads(bytes(letters.numpy()))

    def average(self, sums: Mapping[str, list[float]]) -> None:
        """Of weighted losses: their mean over the workers is the loss of the whole batch."""
        totals = torch.tensor([total for total, _ in sums.values()], dtype=torch.float64)
        if len(totals):
            dist.all_reduce(totals)
            for pair, total in zip(sums.values(), totals.tolist(), strict=True):
                pair[0] = total / self.size

    def shared_run(self, run: Run | None) -> Run:
        """The leader's run; in the other workers a run with the same document."""
        document = self.from_leader({} if run is None else {"folder": str(run.folder), "document": run.document})
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
    """A part of which each worker computes a share of the rows, and every worker gets all outputs.

    In evaluation mode the examples of a batch don't affect each other, so the metrics are those of one process.

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
    tensors: list[Tensor] = []
    _each(tree, lambda values: tensors.append(values) or values)  # type: ignore[func-returns-value]
    return tensors[0]


def _each(tree: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The same mappings and tuples with every tensor changed."""
    match tree:
        case Tensor():
            return change(tree)
        case Mapping():
            return {name: _each(value, change) for name, value in tree.items()}
        case tuple() | list():
            return tuple(_each(value, change) for value in tree)
    return tree
