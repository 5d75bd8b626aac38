"""A linear model of a text's n-grams, weighted by tf-idf; with naive Bayes weights if asked.

    z = Σ over the n-grams g of a text of a(g) W[g] + b         a(g): `ngram_bag`, weighting = tfidf
    idf(g) = ln((1 + rows) / (1 + rows with g)) + 1; 0 where fewer than `least` rows have g: it doesn't count
    W, b   penalised maximum likelihood or least squares, by the task's link (`_convex.py`)
    W = r ∘ V with the penalty on V, r[k, g] = ln(p̂[k, g] / q̂[k, g])            naive_bayes
    p̂[k, g] = (1 + rows of class k with g) / Σ_g (the same), over the g of any row; q̂ of all other rows

W is the bag's table; the dense layer behind the bag becomes the identity, with b.
Source: S. Wang and C. D. Manning, Baselines and bigrams: simple, good sentiment and topic classification, 2012,
https://aclanthology.org/P12-2018 (r; with logistic loss instead of hinge loss, and no mixture with the mean weight).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block
from weftnet.blocks.embedding.ngram_bag import NgramBag
from weftnet.data.data import Data
from weftnet.errors import SettingError
from weftnet.solvers._convex import Features, best, typed
from weftnet.solvers._flat import joined, width
from weftnet.solvers._identity import identity_behind
from weftnet.solvers._sparse import Sparse
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._task import Task, evaluating

#: penalties on the weights of features whose squares add up to 1, from strong to weak
_GRID = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6)
#: buckets of n-grams, and values of the table, at most
_BUCKETS, _VALUES = 1 << 17, 1 << 23
#: examples that pass through the network together
_BATCH = 512


def ngram_linear(
    model: nn.ModuleDict, task: Task, data: Data, seed: int, penalty: float | None = None, naive_bayes: bool = False,
    least: int = 2,
) -> None:  # fmt: skip
    """Solve for the bag's table and the bias behind it.

    Args:
        model: an `ngram_bag` with weighting = tfidf, and a dense layer as wide as it.
        task: that has a link; for naive Bayes weights one of logits.
        data: gives the training split.
        seed: decides which rows are judged together.
        penalty: λ; None for the best of a grid by cross-validation.
        naive_bayes: whether W is weighted by r.
        least: rows that an n-gram must be in.

    Raises:
        SettingError: the task or the network is not for this solver.
    """
    if not task.link or (naive_bayes and task.link == "identity"):
        got = f"{type(task).__name__}, link {task.link or 'none'}"
        expected = "softmax or sigmoid" if naive_bayes else "a task with a link"
        raise SettingError("the task's outputs can't be solved for", where="solver", expected=expected, got=got)
    read = _read(model, task, data, least)
    outputs, targets = read.head.out_features, typed(read.targets, task.link)

    def ratio(u: Features, answers: Tensor) -> Tensor:
        assert isinstance(u, Sparse)
        return naive_bayes_ratio(u, answers, outputs)

    weights, bias = best(
        read.features, targets, outputs, task.link, _GRID, seed, penalty=penalty, ratio=ratio if naive_bayes else None
    )
    with torch.no_grad():
        read.bag.table.weight.zero_()
        read.bag.table.weight[read.known] = weights.T.to(read.bag.table.weight.dtype)
        read.head.bias.copy_(bias)


def naive_bayes_ratio(u: Sparse, targets: Tensor, outputs: int) -> Tensor:
    """r (outputs, features) of the formula above.

    Args:
        u: whose entries say which row has which n-gram.
        targets: (rows,) numbers of classes, or (rows, outputs) 0 and 1.
        outputs: how many.
    """
    there = F.one_hot(targets, outputs) if targets.ndim == 1 and not targets.is_floating_point() else targets
    there = there.reshape(u.shape[0], outputs).to(u.dtype)
    transposed = u.presence().transposed
    p, q = ((1 + transposed @ rows).T for rows in (there, 1 - there))
    return (p / p.sum(1, keepdim=True)).log() - (q / q.sum(1, keepdim=True)).log()


@dataclass(frozen=True)
class _Read:
    """A bag, the layer behind it, and what they read of the training split; `known` are the features' n-grams."""

    bag: NgramBag
    head: nn.Linear
    known: Tensor
    features: Sparse
    targets: Tensor


def _read(model: nn.ModuleDict, task: Task, data: Data, least: int) -> _Read:
    """The only bag's features of the training split; its idf is written.

    Raises:
        SettingError: the network is no such bag with a layer as wide behind it.
    """
    bags = [module for module in model.modules() if isinstance(module, NgramBag) and module.idf is not None]
    widths = [bag.table.embedding_dim for bag in bags]
    head = identity_behind(model, widths, "ngram_bag with weighting = tfidf")
    bag, parts = bags[0], list[tuple[Tensor, Tensor, Tensor]]()
    with torch.no_grad():
        bag.idf.fill_(1.0)
    count = 0

    def read(_: nn.Module, given: tuple[Tensor, ...], named: Mapping[str, Tensor]) -> None:
        codes, values = bag.features(*given, **named)
        numbers = (count + torch.arange(len(codes)))[:, None].expand(codes.shape)
        real = values > 0
        parts.append((numbers[real], codes[real], values[real].double()))

    handle, targets = bag.register_forward_pre_hook(read, with_kwargs=True), list[Tensor]()
    try:
        with evaluating(model):
            for _, target in task.evidence(model, data.batches("train", _BATCH)):
                targets.append(target)
                count += len(target)
    finally:
        handle.remove()
    row, code, value = (torch.cat(each) for each in zip(*parts, strict=True))
    plain = Sparse.summed(row, code, value, (count, bag.table.num_embeddings))
    rows_with = torch.bincount(plain.feature, minlength=plain.shape[1])
    enough = rows_with >= least
    with torch.no_grad():
        bag.idf.copy_((((1 + count) / (1 + rows_with)).log() + 1) * enough)
    kept, number = enough[plain.feature], enough.long().cumsum(0) - 1
    row, weighted = plain.row[kept], (plain.value * bag.idf.double()[plain.feature])[kept]
    squares = torch.zeros(count, dtype=torch.float64).index_add_(0, row, weighted.square())
    shape = (count, int(enough.sum()))
    features = Sparse(row, number[plain.feature[kept]], weighted / squares.sqrt()[row], shape)
    return _Read(bag, head, enough.nonzero().flatten(), features, torch.cat(targets))


def networks(signals: Mapping[str, Signal], task: Task) -> list[Candidate]:
    """A linear model of each input that is a text; for classes one with naive Bayes weights too."""
    texts = [name for name, signal in signals.items() if signal.dtype == "int" and "vocabulary" in signal.known]
    if not (dim := width(task)):
        return []
    buckets = 1 << min(_BUCKETS, max(_VALUES // dim, 1)).bit_length() - 1
    found = []
    for name in texts:
        bag = Block("ngram_bag", {"dim": dim, "buckets": buckets, "weighting": "tfidf"})
        network = joined({name: [bag]}, of=signals)
        label = f"{name}_" if len(signals) > 1 else ""
        recipe: dict[str, Any] = {"solver": "ngram_linear"}
        why = "a linear model of its words and word pairs, weighted by tf-idf"
        found.append(Candidate(f"{label}tfidf_linear", network, recipe, why, baseline=True))
        if task.link != "identity":
            recipe = {**recipe, "solver_settings": {"naive_bayes": True}}
            why = "the same, with weights that start from how much likelier a word is in a class"
            found.append(Candidate(f"{label}naive_bayes_linear", network, recipe, why, baseline=True))
    return found
