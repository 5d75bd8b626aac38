"""The run folder as workers see it: the leader reads and writes it, and sends the others what it read.

So workers on other machines need no shared disk, and no file is written twice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from weftnet.errors import DamagedCheckpoint
from weftnet.run.folder import Run
from weftnet.train.checkpoint import Checkpoints
from weftnet.train.checkpoint_files import Checkpoint
from weftnet.train.team import Team


class FollowedRun(Run):
    """A run that another worker writes: facts are kept in memory, nothing reaches the disk."""

    def record(self, **facts: Any) -> None:
        """Remember facts."""
        self.remember(**facts)

    def sign(self, *names: str) -> None:
        """Nothing."""

    def put(self, name: str, write: Callable[[Path], object]) -> None:
        """Nothing."""

    def write_history(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Nothing."""

    def save_weights(self, model: nn.Module, metrics: Mapping[str, Any]) -> None:
        """Nothing."""

    @contextmanager
    def training(self) -> Iterator[None]:
        """Nothing."""
        yield


class FollowedCheckpoints(Checkpoints):
    """Checkpoints that the leader writes and reads, and sends to the others.

    Args:
        folder: that holds them.
        team: whose workers all make the same calls at the same time.
    """

    def __init__(self, folder: Path, team: Team) -> None:
        super().__init__(folder)
        self.team = team

    def save(self, step: int, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> Path:
        """The leader's state is written; it is every worker's."""
        return super().save(step, tensors, facts) if self.team.leads else self.folder

    def newest(self) -> tuple[Checkpoint | None, list[DamagedCheckpoint]]:
        """The leader's newest good checkpoint, in every worker; only the leader has the errors."""
        checkpoint, complaints = super().newest() if self.team.leads else (None, [])
        return broadcast(checkpoint, self.team), complaints

    def clear(self) -> None:
        """Delete all of them."""
        if self.team.leads:
            super().clear()


def broadcast(checkpoint: Checkpoint | None, team: Team) -> Checkpoint | None:
    """The leader's checkpoint, in every worker."""
    header = None if checkpoint is None else {
        "step": checkpoint.step, "facts": checkpoint.facts,
        "tensors": {name: [str(t.dtype).removeprefix("torch."), *t.shape] for name, t in checkpoint.tensors.items()},
    }  # fmt: skip
    if (header := team.from_leader(header)) is None:
        return None
    tensors = {}
    for name, (dtype, *shape) in header["tensors"].items():
        own = checkpoint.tensors[name].contiguous() if checkpoint else torch.empty(shape, dtype=getattr(torch, dtype))
        dist.broadcast(own, 0)
        tensors[name] = own
    return checkpoint or Checkpoint(header["step"], tensors, header["facts"])
