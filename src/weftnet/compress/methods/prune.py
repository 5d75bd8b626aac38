"""Structured pruning: whole channels, filters and hidden units are removed, and the rest is fine-tuned.

    scope   uniform    every group loses the same share of its units, the least important ones
            global     the least important units of all groups together; no group loses more than MAX_LOSS of its own

Importance is the group's magnitude, see `importance.py`; groups are torch-pruning's, see `groups.py`. The remaining
size of a large group is rounded to a multiple of 4 or 8, since kernels process that many channels at once.
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
from weftnet.compress.prunable import prunable_groups
from weftnet.compress.resources import NotApplicable, Resources, network_of
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded

#: the largest share that a group loses
MAX_LOSS = 0.85


class Prune:
    """Cut the least important units, then fine-tune."""

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
        loaded: Loaded,
        resources: Resources,
        folder: Path,
        *,
        ratio: float,
        scope: Literal["uniform", "global"] = "uniform",
    ) -> Run | NotApplicable:
        """A run of the network without a share `ratio` of its units."""
        network, inputs = network_of(loaded)
        batch = resources.data.train_batch(0, 4, resources.seed)
        groups = prunable_groups(network, loaded.architecture, inputs, batch)
        if not groups:
            return NotApplicable(
                "no layer's width can change: each is tied to the inputs, the answers or a residual stream"
            )
        removals = choose_units(groups, network.state_dict(), ratio, scope)
        if not removals:
            return NotApplicable(f"all {len(groups)} groups of units are too small to lose a share of {ratio:g}")
        architecture, smaller = cut(network, loaded.architecture, inputs, removals)
        check(network, smaller, removals, batch)
        counts = [sum(p.numel() for p in each.parameters()) for each in (network, smaller)]
        step = {"method": "prune", "ratio": ratio, "scope": scope, "parameters": counts}
        return write_torch(loaded, architecture, smaller, folder, resources, step)


def choose_units(
    groups: Sequence[Group], state: Mapping[str, Tensor], ratio: float, scope: Literal["uniform", "global"]
) -> list[Removal]:
    """The units to remove."""
    scores = [importance(group, state) for group in groups]
    threshold = float(torch.cat(scores).quantile(ratio))
    removals = []
    for group, score in zip(groups, scores, strict=True):
        loss = ratio if scope == "uniform" else min(float((score < threshold).double().mean()), MAX_LOSS)
        size = remaining_size(group.size, loss)
        if size < group.size:
            removals.append(Removal(group, score.argsort(stable=True)[: group.size - size]))
    return removals


def remaining_size(size: int, loss: float) -> int:
    """The size of a group after it loses a share: a multiple that suits kernels, at least one."""
    multiple = 8 if size >= 32 else 4 if size >= 16 else 1
    return min(size, max(multiple, round(size * (1 - loss) / multiple) * multiple))
