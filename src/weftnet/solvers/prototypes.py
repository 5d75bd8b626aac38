"""Nearest prototype: each class is the mean of its examples' features, and the nearest one is the answer.

    c_k = mean of f over the examples of class k
    p(k | f) = softmax_k(−τ ‖f − c_k‖²) = softmax_k(w_k · f + b_k),    w_k = 2τ c_k,  b_k = −τ ‖c_k‖²
    τ = the one with the least cross-entropy, where each example is judged by classes that lack one of theirs:
        own class, without it    ‖f − c_k'‖² = (n_k / (n_k − 1))² ‖f − c_k‖²,    c_k' = (n_k c_k − f) / (n_k − 1)
        another, on average      ‖f − c_j‖² + s_j² / (n_j (n_j − 1)),            s_j² = Σ ‖f_i − c_j‖² / (n_j − 1)
        The target is (n + 1) / (n + K) for the own class of n such examples and 1 / (n + K) for the others, as if
        each class had been seen once more: classes that are told apart without a mistake don't make τ infinite.

‖f‖² is the same for all classes, so the layer is an ordinary dense one, and W and b tell τ: −‖w_k‖² / (4 b_k). A class
can therefore be added later by its examples alone (`joined`). With one example a class nothing says how sure an answer
may be; τ then gives an example at its prototype a probability of 0.9 beside prototypes at their mean distance.
Source: J. Snell, K. Swersky, R. Zemel, Prototypical networks for few-shot learning, 2017,
https://arxiv.org/abs/1703.05175, section 2.4 for the linear form; there τ = 1 and the features are trained.
Of the counts: J. Platt, Probabilistic outputs for support vector machines, 1999, section 2.2, for two classes.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block
from weftnet.data.data import Data
from weftnet.errors import SettingError
from weftnet.solvers._problem import problem
from weftnet.solvers._started import behind
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._task import Task

#: of an example at its prototype, where nothing can be measured
_SURE = 0.9
#: ends of log(τ · mean squared distance between prototypes), where answers are nearly even and nearly certain; halvings
_ENDS, _HALVINGS = (-4.0, 12.0), 60
#: training rows beyond which a linear probe of the same features is the better baseline: it reads them as long
_FEW = 2000


def prototypes(model: nn.ModuleDict, task: Task, data: Data, seed: int) -> None:
    """Solve for the last layer.

    Args:
        model: that ends in a dense layer.
        task: whose link is `softmax`.
        data: gives the training split, with at least one example of each class.
        seed: decides nothing here.

    Raises:
        SettingError: the task or the network is not for this solver, or a class has no example.
    """
    if task.link != "softmax":
        got = f"{type(task).__name__}, link {task.link or 'none'}"
        raise SettingError("prototypes are of classes", where="solver", expected="softmax", got=got)
    posed = problem(model, task, data)
    features, classes = posed.inputs.double(), posed.targets
    if classes.dim() != 1:
        raise SettingError("prototypes are of classes", where="solver", expected="one class for each example")
    counts = torch.bincount(classes, minlength=posed.outputs)
    if not bool(counts.all()):
        numbers = ", ".join(str(number) for number in torch.nonzero(counts == 0).flatten().tolist())
        what = "a class has no example in the training split"
        raise SettingError(what, where="solver", got=f"none of class {numbers}", fix="give it one, or leave it out")
    centres = means(features, classes, posed.outputs)
    posed.put(*layer(centres, temperature(features, classes, centres)))


def means(features: Tensor, classes: Tensor, count: int) -> Tensor:
    """c (count, features): the mean of each class.

    Args:
        features: (rows, features).
        classes: (rows,) numbers below count, each of them there.
    """
    sums = features.new_zeros(count, features.shape[1]).index_add_(0, classes, features)
    return sums / torch.bincount(classes, minlength=count)[:, None]


def layer(centres: Tensor, tau: float) -> tuple[Tensor, Tensor]:
    """w (classes, features) and b (classes,) of the formula above."""
    return 2 * tau * centres, -tau * centres.square().sum(1)


def temperature(features: Tensor, classes: Tensor, centres: Tensor) -> float:
    """τ of the formula above; the cross-entropy is convex in it, and its slope is halved down.

    Args:
        features: (rows, features).
        classes: (rows,).
        centres: (classes, features), their means.
    """
    between = torch.cdist(centres, centres).square()
    apart = float(between.sum()) / max(len(centres) * (len(centres) - 1), 1)
    if not apart:
        raise SettingError("all prototypes are the same: the features don't tell the classes apart", where="solver")
    n = torch.bincount(classes, minlength=len(centres)).double()
    several = n[classes] > 1
    if not bool(several.any()):
        return math.log(_SURE / (1 - _SURE) * (len(centres) - 1)) / apart
    scatter = torch.zeros_like(n).index_add_(0, classes, (features - centres[classes]).square().sum(1))
    f, own, fewer = features[several], classes[several], (n - 1).clamp_min(1)
    rows = torch.arange(len(f))
    distances = torch.cdist(f, centres).square()
    left_out = distances[rows, own] * (n / fewer).square()[own]
    distances += scatter / (n * fewer.square())
    distances[rows, own] = left_out
    target = torch.full_like(distances, 1 / (len(f) + len(centres)))
    target[rows, own] *= len(f) + 1
    low, high = (math.exp(end) / apart for end in _ENDS)
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        slope = float(((target - (-middle * distances).softmax(1)) * distances).sum())
        low, high = (low, middle) if slope > 0 else (middle, high)
    return math.sqrt(low * high)


def joined(weight: Tensor, bias: Tensor, features: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """The layer with further classes, by their examples alone; the others stay as they are.

    Args:
        weight, bias: (classes, features) and (classes,), as `prototypes` left them.
        features: (rows, features) of the new classes' examples.
        classes: (rows,) from 0, each with an example.

    Raises:
        SettingError: the layer was not solved for by prototypes, or was trained since.
    """
    w, b = weight.detach().double(), bias.detach().double()
    taus = -w.square().sum(1) / (4 * b)
    tau = float(taus.median())
    if not (math.isfinite(tau) and tau > 0 and torch.allclose(taus, torch.full_like(taus, tau), rtol=1e-3)):
        what = "its last layer holds no prototypes"
        raise SettingError(what, where="solver", fix="fit it with --start RUN --few, then add classes")
    fresh = layer(means(features.double(), classes, int(classes.max()) + 1), tau)
    return torch.cat([w, fresh[0]]).to(weight), torch.cat([b, fresh[1]]).to(bias)


def started(body: Architecture, signals: Mapping[str, Signal], task: Task) -> list[Candidate]:
    """Prototypes of a network's features, as directions."""
    if task.link != "softmax":
        return []
    network = behind(body, [Block("l2_norm")], signals, task)
    why = "the nearest mean of the frozen features of each class"
    return [] if network is None else [Candidate("prototypes", network, {"solver": "prototypes"}, why, rows=_FEW)]
