"""Structured pruning: whole channels, filters and hidden units go, and what is left is smaller and trained on.

    scope   uniform    every group loses the same share of its units, the least important ones
            global     the least important units of all groups together; no group loses more than MOST of its own

Importance is the group's magnitude, see `importance.py`; groups are torch-pruning's, see `groups.py`. What is left of a
group is rounded to a multiple of 4 or 8 where it is large, since kernels work on that many channels at once.
Source: H. Li and others, Pruning filters for efficient ConvNets, 2017, https://arxiv.org/abs/1608.08710; groups:
G. Fang and others, DepGraph, 2023, https://arxiv.org/abs/2301.12900.
Transformer layers lose hidden units of their feed-forward networks; heads and the residual stream stay.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from weftnet.compress.cut import Removal, check, cut
from weftnet.compress.emit import write_torch
from weftnet.compress.groups import Group
from weftnet.compress.importance import importance
from weftnet.compress.means import Means, Skipped, network_of
from weftnet.compress.sound import sound_groups
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded

MOST = 0.85


class Prune:
    """Cut the least important units, then train on."""

    order: ClassVar[int] = 1
    engine: ClassVar[str] = "torch"
    variants: ClassVar[Sequence[Mapping[str, Any]]] = (
        {"ratio": 0.5},
        {"ratio": 0.3},
        {"ratio": 0.7},
        {"ratio": 0.5, "scope": "global"},
    )

    @staticmethod
    def label(*, ratio: float, scope: str = "uniform") -> str:
        """prune-50, prune-50-global."""
        return f"prune-{ratio * 100:.0f}" + ("-global" if scope == "global" else "")

    @staticmethod
    def apply(
        loaded: Loaded, means: Means, folder: Path, *, ratio: float, scope: Literal["uniform", "global"] = "uniform"
    ) -> Run | Skipped:
        """A run of the network with a share `ratio` of its units cut out."""
        network, inputs = network_of(loaded)
        batch = means.data.train_batch(0, 4, means.seed)
        groups = sound_groups(network, loaded.architecture, inputs, batch)
        if not groups:
            return Skipped("no layer's width can change: each is tied to the inputs, the answers or a residual stream")
        removals = chosen(groups, network.state_dict(), ratio, scope)
        if not removals:
            return Skipped(f"{len(groups)} groups of units, all too small to lose a share of {ratio:g}")
        architecture, smaller = cut(network, loaded.architecture, inputs, removals)
        check(network, smaller, removals, batch)
        counts = [sum(p.numel() for p in each.parameters()) for each in (network, smaller)]
        step = {"method": "prune", "ratio": ratio, "scope": scope, "parameters": counts}
        return write_torch(loaded, architecture, smaller, folder, means, step)


def chosen(
    groups: Sequence[Group], state: Mapping[str, Tensor], ratio: float, scope: Literal["uniform", "global"]
) -> list[Removal]:
    """The units that go."""
    scores = [importance(group, state) for group in groups]
    threshold = float(torch.cat(scores).quantile(ratio))
    removals = []
    for group, score in zip(groups, scores, strict=True):
        lost = ratio if scope == "uniform" else min(float((score < threshold).double().mean()), MOST)
        left = kept(group.size, lost)
        if left < group.size:
            removals.append(Removal(group, score.argsort(stable=True)[: group.size - left]))
    return removals


def kept(size: int, lost: float) -> int:
    """How many units of a group are left when it loses a share: a multiple of what kernels like, at least one."""
    multiple = 8 if size >= 32 else 4 if size >= 16 else 1
    return min(size, max(multiple, round(size * (1 - lost) / multiple) * multiple))
