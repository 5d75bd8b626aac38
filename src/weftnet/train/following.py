"""The run folder as workers see it: the leader reads and writes it, the others are told.

So workers on other machines need no common disk, and no file is written twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist
from torch import Tensor

from weftnet.errors import DamagedCheckpoint
from weftnet.run.folder import Run
from weftnet.train.checkpoint import Checkpoints, Saved

if TYPE_CHECKING:
    from torch import nn

    from weftnet.train.parallel import Workers


class FollowedRun(Run):
    """A run that another worker writes: facts are kept in memory, nothing reaches the disk."""

    def record(self, **facts: Any) -> None:
        """Remember facts."""
        self.document.update(facts)

    def write_history(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Nothing."""

    def save_weights(self, model: "nn.Module", metrics: Mapping[str, Any]) -> None:
        """Nothing."""

    @contextmanager
    def training(self) -> Iterator[None]:
        """Nothing."""
        yield


class FollowedCheckpoints(Checkpoints):
    """Checkpoints that the leader writes and reads, and sends to the others.

    Args:
        folder: where they lie.
        team: whose workers all ask for the same at the same time.
    """

    def __init__(self, folder: Path, team: "Workers") -> None:
        super().__init__(folder)
        self.team = team

    def save(self, step: int, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> Path:
        """The leader's state, which is everybody's."""
        return super().save(step, tensors, facts) if self.team.leads else self.folder

    def newest(self) -> tuple[Saved | None, list[DamagedCheckpoint]]:
        """The leader's newest good checkpoint, in every worker; its complaints stay with it."""
        found, complaints = super().newest() if self.team.leads else (None, [])
        return sent(found, self.team), complaints

    def clear(self) -> None:
        """Delete all of them."""
        if self.team.leads:
            super().clear()


def sent(found: Saved | None, team: "Workers") -> Saved | None:
    """The leader's checkpoint, in every worker."""
    about = None if found is None else {
        "step": found.step, "facts": found.facts,
        "tensors": {name: [str(t.dtype).removeprefix("torch."), *t.shape] for name, t in found.tensors.items()},
    }  # fmt: skip
    if (about := team.same(about)) is None:
        return None
    tensors = {}
    for name, (dtype, *shape) in about["tensors"].items():
        tensor = found.tensors[name].contiguous() if found else torch.empty(shape, dtype=getattr(torch, dtype))
        dist.broadcast(tensor, 0)
        tensors[name] = tensor
    return found or Saved(about["step"], tensors, about["facts"])
