"""Random forest: trees on bootstrap samples, each split the best of some features drawn at random; their mean.

    p(class) = Σ_t (share of the class in the leaf) / trees            softmax, sigmoid
    y = Σ_t (mean of the target in the leaf) / trees                   identity

Grown by scikit-learn and written into the network's `tree_ensemble`, whose settings bound trees, leaves and depth.
Source: L. Breiman, Random forests, 2001, https://doi.org/10.1023/A:1010933404324.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

from weftnet.architecture.signal import Signal
from weftnet.data.data import Data
from weftnet.solvers._flat import width
from weftnet.solvers._trees import Tree, ensemble, rows, sklearn, write
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._task import Task

#: rows that a tree is grown on, at most
_ROWS = 20_000
#: leaves of a tree, values of all of them, of which many outputs leave fewer, and the fewest that are worth it
_LEAVES, _VALUES, _FEW = 512, 8192, 32


def random_forest(model: nn.ModuleDict, task: Task, data: Data, seed: int) -> None:
    """Grow a forest.

    Args:
        model: a `tree_ensemble` and a dense layer as wide as it.
        task: that has a link.
        data: gives the training split.
        seed: of the samples.

    Raises:
        SettingError: the task or the network is not for this solver.
        MissingExtra: scikit-learn is not installed.
    """
    forests = sklearn("ensemble")
    grown = rows(model, task, data)
    block, softmax = grown.block, task.link == "softmax"
    settings: dict[str, Any] = {
        "n_estimators": block.left.shape[0], "max_leaf_nodes": block.leaves, "max_depth": block.depth,
        "max_samples": min(1.0, _ROWS / len(grown.inputs)), "random_state": seed % 2**32,
    }  # fmt: skip
    if softmax:
        forest = forests.RandomForestClassifier(**settings)
    else:
        forest = forests.RandomForestRegressor(max_features=1.0 if task.link == "identity" else "sqrt", **settings)
    forest.fit(grown.inputs, grown.targets)
    write(block, [_tree(each.tree_, forest, block.dim) for each in forest.estimators_])


def _tree(tree: Any, forest: Any, dim: int) -> Tree:
    """One of scikit-learn's trees, its values divided by the number of trees."""
    value = tree.value.reshape(len(tree.value), -1)
    if hasattr(forest, "classes_"):
        shares = np.zeros((len(value), dim))
        shares[:, forest.classes_.astype(int)] = value / value.sum(1, keepdims=True)
        value = shares
    return Tree(tree.feature, tree.threshold, tree.children_left, tree.children_right, value / len(forest.estimators_))


def networks(signals: Mapping[str, Signal], task: Task) -> list[Candidate]:
    """A forest on the values of a table and on statistics of other inputs."""
    dim, gives = width(task), {"softmax": "log", "sigmoid": "logit"}.get(task.link, "sum")
    leaves = min(_LEAVES, _VALUES // dim) if dim else 0
    network = ensemble(signals, dim, trees=100, leaves=leaves, depth=16, gives=gives) if leaves >= _FEW else None
    why = "the mean of decision trees on random samples"
    recipe = {"solver": "random_forest"}
    return [Candidate("random_forest", network, recipe, why, baseline=True)] if network else []
