"""Gradient boosting: small trees one after another, each fitted to what the ones before leave over.

    s ← s + η · tree(x),  the tree fitted to −∂loss/∂s         loss: cross-entropy or squares

On histograms of the values, as LightGBM does it, by scikit-learn; the trees are written into the network's
`tree_ensemble`, whose settings bound them. Of many rows a tenth is set aside, and boosting stops when its loss no
longer falls; of few rows each third is set aside once, and the number of rounds with the lowest loss on them is taken
for all. Where features are many, rounds are few, and each split looks at some of the features, drawn at random.
Source: J. H. Friedman, Greedy function approximation: a gradient boosting machine, 2001,
https://doi.org/10.1214/aos/1013203451; G. Ke et al., LightGBM, 2017,
https://papers.nips.cc/paper/6907-lightgbm-a-highly-efficient-gradient-boosting-decision-tree.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from weftnet.architecture.signal import Signal
from weftnet.data.data import Data
from weftnet.solvers._flat import features, width
from weftnet.solvers._trees import Tree, ensemble, one_thread, rows, sklearn, write
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._task import Task

#: trees of all outputs together, rounds of boosting, and the fewest that are worth it
_TREES, _ROUNDS, _FEW = 2000, 200, 30
#: trees · features; more features than are many are coarsely binned, and each split looks at as many of them
_WORK, _WIDE, _COARSE = 1_000_000, 256, 31
#: the logit of a class that no training row has
_NEVER = -20.0
#: rows from which on a tenth is set aside; with fewer, so many shares of them are in turn, of many classes fewer
_MANY, _FOLDS, _FITS = 2000, 3, 9
#: rounds without a lower loss after which a fold ends
_PATIENCE = 10


def gradient_boosting(model: nn.ModuleDict, task: Task, data: Data, seed: int, rate: float = 0.1) -> None:
    """Boost trees.

    Args:
        model: a `tree_ensemble` that gives sums, and a dense layer as wide as it.
        task: that has a link.
        data: gives the training split.
        seed: of the rows that are set aside.
        rate: η.

    Raises:
        SettingError: the task or the network is not for this solver.
        MissingExtra: scikit-learn is not installed.
    """
    ensembles = sklearn("ensemble")
    grown = rows(model, task, data)
    numbers = task.link == "identity"
    make = ensembles.HistGradientBoostingRegressor if numbers else ensembles.HistGradientBoostingClassifier
    one = task.link == "softmax"  # classifier for all classes; otherwise a booster for each output
    columns = [grown.targets] if one else list(grown.targets.reshape(len(grown.inputs), -1).T)
    a_round = grown.block.dim if one and grown.block.dim > 2 else len(columns)
    rounds = max(1, grown.block.left.shape[0] // a_round)
    settings: dict[str, Any] = {
        "max_iter": rounds, "max_leaf_nodes": grown.block.leaves,
        "max_depth": grown.block.depth, "learning_rate": rate, "early_stopping": len(grown.inputs) >= _MANY,
        "random_state": seed % 2**32,
    }  # fmt: skip
    if (wide := grown.inputs.shape[1]) > _WIDE:
        settings |= {"max_bins": _COARSE, "max_features": _WIDE / wide}
    trees: list[Tree] = []
    base = np.full(grown.block.dim, _NEVER if one else 0.0)
    with one_thread():
        for number, column in enumerate(columns):
            if not settings["early_stopping"] and wide <= _WIDE:
                settings["max_iter"] = _rounds(make, {**settings, "max_iter": rounds}, grown.inputs, column)
            boosted = make(**settings).fit(grown.inputs, column)
            shares = _shares(boosted, grown.block.dim) if one else np.eye(grown.block.dim)[[number]]
            start = np.ravel(boosted._baseline_prediction) @ shares
            base = np.where(shares.any(0), start, base)
            trees += [
                _tree(each, share) for group in boosted._predictors for each, share in zip(group, shares, strict=True)
            ]
    write(grown.block, trees)
    grown.add(base)


def _rounds(make: Any, settings: Mapping[str, Any], inputs: NDArray[Any], column: NDArray[Any]) -> int:
    """Rounds with the lowest loss on rows that are set aside, the mean over folds; all of them where nothing tells."""
    best, fold = [], np.empty(len(column), int)
    order = np.random.default_rng(settings["random_state"]).permutation(len(column))
    fold[order[np.argsort(column[order], kind="stable")]] = np.arange(len(column)) % _FOLDS  # equal shares of classes
    ending = {**settings, "early_stopping": True, "n_iter_no_change": _PATIENCE}
    classes = len(np.unique(column)) if column.dtype.kind != "f" else 1
    for number in range(max(1, min(_FOLDS, _FITS // classes))):
        grown = fold != number
        told = ~grown if column.dtype.kind == "f" else ~grown & np.isin(column, column[grown])
        if len(np.unique(column[grown])) < 2 or not told.any():
            return int(settings["max_iter"])
        boosted = make(**ending).fit(inputs[grown], column[grown], X_val=inputs[told], y_val=column[told])
        best.append(int(np.argmax(boosted.validation_score_)))  # the first one is without any tree
    return max(1, round(sum(best) / len(best)))


def _shares(boosted: Any, dim: int) -> NDArray[np.float64]:
    """(trees of a round, outputs) what each adds to every logit; of two classes one tree moves both apart."""
    known: NDArray[np.float64] = np.eye(dim)[boosted.classes_.astype(int)]
    apart: NDArray[np.float64] = (known[1:] - known[:1]) / 2
    return apart if len(known) == 2 else known


def _tree(predictor: Any, share: NDArray[np.float64]) -> Tree:
    """One of scikit-learn's trees."""
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    left, right = (np.where(leaf, -1, nodes[side].astype(np.int64)) for side in ("left", "right"))
    return Tree(nodes["feature_idx"], nodes["num_threshold"], left, right, nodes["value"][:, None] * share)


def networks(signals: Mapping[str, Signal], task: Task) -> list[Candidate]:
    """Boosted trees on the values of a table and on statistics of other inputs."""
    dim, wide = width(task), features(signals)
    a_round = 1 if task.link == "softmax" and dim == 2 else max(dim, 1)
    most = min(_TREES, _WORK // max(wide, 1))
    rounds = min(_ROUNDS, max(_FEW, most // a_round)) if dim and a_round * _FEW <= _TREES else 0
    leaves = 8 if wide > _WIDE else 31
    network = ensemble(signals, dim, trees=rounds * a_round, leaves=leaves, depth=8) if rounds else None
    why = "small decision trees, each fitted to what the ones before leave over"
    recipe = {"solver": "gradient_boosting"}
    return [Candidate("gradient_boosting", network, recipe, why, baseline=True)] if network else []
