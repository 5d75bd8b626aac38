"""What tree solvers share: the values a tree ensemble reads, and scikit-learn's trees in its form.

scikit-learn goes left where x ≤ t in float64; the block goes right where x > t in float32. For x in float32 both agree
if t is the largest float32 that is not above scikit-learn's.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block
from weftnet.base.extras import need
from weftnet.blocks.trees.tree_ensemble import TreeEnsemble
from weftnet.data.data import Data
from weftnet.errors import SettingError
from weftnet.solvers._flat import joined, statistics_of
from weftnet.solvers._identity import identity_behind
from weftnet.tasks._task import Task, evaluating

#: examples that pass through the network together
_BATCH = 512


@dataclass(frozen=True)
class Tree:
    """A tree as arrays, one entry a node, the root first.

    Args:
        feature, threshold: of the comparison x[feature] ≤ threshold.
        left, right: the nodes where it holds and where it doesn't; −1 for a leaf.
        value: (nodes, dim) of the leaves.
    """

    feature: NDArray[Any]
    threshold: NDArray[Any]
    left: NDArray[Any]
    right: NDArray[Any]
    value: NDArray[Any]


@dataclass(frozen=True)
class Grown:
    """The training rows as trees read them.

    Args:
        block: that the trees are for.
        head: the layer behind it, which is the identity.
        inputs: (rows, features) float32.
        targets: (rows,) or (rows, outputs).
    """

    block: TreeEnsemble
    head: nn.Linear
    inputs: NDArray[np.float32]
    targets: NDArray[Any]

    @torch.no_grad()
    def add(self, constant: NDArray[np.float64]) -> None:
        """Add a constant to the outputs."""
        self.head.bias.copy_(torch.from_numpy(constant))


def rows(model: nn.ModuleDict, task: Task, data: Data) -> Grown:
    """What the only tree ensemble of a network reads of the training split; the layer behind it becomes the identity.

    Raises:
        SettingError: the task has no link, or the network does not consist of trees and a layer as wide as they are.
    """
    if not task.link:
        what = "the task's outputs are not the mean of its target"
        raise SettingError(what, where="solver", expected="a task with a link", got=type(task).__name__)
    blocks = [module for module in model.modules() if isinstance(module, TreeEnsemble)]
    head = identity_behind(model, [block.dim for block in blocks], "tree_ensemble")
    read: list[Tensor] = []
    handle = blocks[0].register_forward_pre_hook(lambda _, given: read.append(given[0].detach()))
    try:
        with evaluating(model):
            targets = [target for _, target in task.evidence(model, data.batches("train", _BATCH))]
    finally:
        handle.remove()
    inputs = torch.cat(read)
    answers = torch.cat(targets).numpy()
    return Grown(
        blocks[0],
        head,
        inputs.numpy(),
        answers if answers.size == len(inputs) else answers.reshape(len(inputs), -1),
    )


def write(block: TreeEnsemble, trees: Sequence[Tree]) -> None:
    """Put trees into a block; those that it has room for beyond them stay single leaves of value 0.

    Raises:
        SettingError: there are too many, or one is too large.
    """
    count, nodes = block.left.shape
    if len(trees) > count or any(len(tree.left) > nodes for tree in trees):
        got = f"{len(trees)} trees of up to {max(len(tree.left) for tree in trees)} nodes"
        raise SettingError("the trees don't fit", where="tree_ensemble", expected=f"{count} of {nodes}", got=got)
    with torch.no_grad():
        block.feature.zero_()
        block.threshold.fill_(torch.inf)
        block.left.copy_(torch.arange(nodes))
        block.value.zero_()
        for number, tree in enumerate(trees):
            order, first = _side_by_side(tree)
            inner = tree.left[order] >= 0
            size = len(order)
            block.left[number, :size] = torch.from_numpy(np.where(inner, first, np.arange(size)))
            block.feature[number, :size] = torch.from_numpy(np.where(inner, tree.feature[order], 0).astype(np.int32))
            threshold = np.where(inner, _not_above(tree.threshold[order]), np.float32(np.inf))
            block.threshold[number, :size] = torch.from_numpy(threshold)
            block.value[number, :size] = torch.from_numpy(np.where(inner[:, None], 0.0, tree.value[order]))


def _side_by_side(tree: Tree) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The nodes level by level, siblings together; and for each the place of its left one."""
    order, first = [0], []
    for node in order:  # which grows meanwhile
        first.append(len(order))
        if tree.left[node] >= 0:
            order += [int(tree.left[node]), int(tree.right[node])]
    return np.array(order), np.array(first)


def _not_above(thresholds: NDArray[Any]) -> NDArray[np.float32]:
    """The largest float32 that are not above these numbers."""
    narrow = thresholds.astype(np.float32)
    return np.where(narrow > thresholds, np.nextafter(narrow, np.float32(-np.inf)), narrow)


def ensemble(signals: Mapping[str, Signal], dim: int, **sizes: Any) -> Architecture | None:
    """Trees on what describes the inputs, the values of a table among them; None where nothing does."""
    each = statistics_of(signals)
    return joined(each, Block("tree_ensemble", {"dim": dim, **sizes}), of=signals) if each else None


def one_thread() -> AbstractContextManager[object]:
    """One thread for scikit-learn: on a busy machine several wait for each other longer than they work."""
    limits: AbstractContextManager[object] = need(
        "threadpoolctl", extra="trees", what="growing trees"
    ).threadpool_limits(1)
    return limits


def sklearn(module: str) -> Any:
    """A module of scikit-learn.

    Raises:
        MissingExtra: it is not installed.
    """
    return need(f"sklearn.{module}", extra="trees", what="growing trees")
