"""Every loss against its formula written out place by place in float64, with its gradient, masked and not."""

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from weftnet.errors import SettingError
from weftnet.losses import LOSSES
from weftnet.losses._objective import objective

CLASSES = 5
WEIGHTS = [0.5, 1.0, 2.0, 0.25, 3.0]
#: places of a target, and the shape of its logits
SHAPES = {
    "vectors": ((7,), (7, CLASSES)),
    "steps": ((3, 4), (3, 4, CLASSES)),
    "pixels": ((2, 3, 4), (2, CLASSES, 3, 4)),
}


def softmax(row: Any) -> Any:
    e = np.exp(row - row.max())
    return e / e.sum()


def cross_entropy(rows: Any, targets: Any, label_smoothing: float = 0.0, class_weights: Any = None) -> float:
    w = np.ones(CLASSES) if class_weights is None else np.array(class_weights)
    total = 0.0
    for row, t in zip(rows, targets, strict=True):
        s = np.full(CLASSES, label_smoothing / CLASSES)
        s[t] += 1 - label_smoothing
        total -= sum(w[k] * s[k] * math.log(softmax(row)[k]) for k in range(CLASSES))
    return total / sum(w[t] for t in targets)


def focal(rows: Any, targets: Any, gamma: float = 2.0, class_weights: Any = None) -> float:
    w = np.ones(CLASSES) if class_weights is None else np.array(class_weights)
    ps = [softmax(row)[t] for row, t in zip(rows, targets, strict=True)]
    return float(np.mean([-w[t] * (1 - p) ** gamma * math.log(p) for p, t in zip(ps, targets, strict=True)]))


def dice(rows: Any, targets: Any, smooth: float = 1.0) -> float:
    p = np.stack([softmax(row) for row in rows])
    scores = []
    for k in set(targets):
        t = np.array([target == k for target in targets], dtype=float)
        scores.append((2 * (p[:, k] * t).sum() + smooth) / (p[:, k].sum() + t.sum() + smooth))
    return float(1 - np.mean(scores))


ON_CLASSES: list[tuple[Callable[..., float], Mapping[str, Any]]] = [
    (cross_entropy, {}),
    (cross_entropy, {"label_smoothing": 0.2}),
    (cross_entropy, {"class_weights": WEIGHTS, "label_smoothing": 0.1}),
    (focal, {}),
    (focal, {"gamma": 0.5, "class_weights": WEIGHTS}),
    (dice, {}),
    (dice, {"smooth": 0.25}),
]
ON_NUMBERS: dict[str, list[tuple[Mapping[str, Any], Callable[[float, float], float]]]] = {
    "mse": [({}, lambda y, t: (y - t) ** 2)],
    "mae": [({}, lambda y, t: abs(y - t))],
    "huber": [
        ({}, lambda y, t: (y - t) ** 2 / 2 if abs(y - t) <= 1 else abs(y - t) - 0.5),
        ({"delta": 0.3}, lambda y, t: (y - t) ** 2 / 2 if abs(y - t) <= 0.3 else 0.3 * (abs(y - t) - 0.15)),
    ],
    "quantile": [({"q": 0.9}, lambda y, t: 0.9 * (t - y) if t >= y else 0.1 * (y - t))],
    "binary_cross_entropy": [
        ({}, lambda y, t: t * math.log(1 + math.exp(-y)) + (1 - t) * math.log(1 + math.exp(y))),
    ],
}  # fmt: skip


def rows_of(logits: Tensor, target: Tensor) -> Tensor:
    """One row of logits for each place, whatever the layout."""
    if logits.dim() == 4:
        return torch.stack([logits[b, :, h, w] for b, h, w in itertools.product(*map(range, target.shape))])
    return logits.reshape(-1, CLASSES)


def test_every_loss_is_tested_here() -> None:
    assert {f.__name__ for f, _ in ON_CLASSES} | ON_NUMBERS.keys() == set(LOSSES)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("masked", ["all", "mask", "ignore"])
@pytest.mark.parametrize(("oracle", "settings"), ON_CLASSES)
def test_losses_of_classes(
    oracle: Callable[..., float], settings: Mapping[str, Any], masked: str, shape: str
) -> None:  # fmt: skip
    places, of_logits = SHAPES[shape]
    logits = torch.randn(of_logits, dtype=torch.float64)
    target = torch.randint(CLASSES, places)
    counts = torch.ones(places, dtype=torch.bool) if masked == "all" else torch.rand(places) < 0.6
    counts.view(-1)[0] = True
    given, more = target.clone(), {}
    if masked == "ignore":
        given[~counts], more = 255, {"ignore": 255}
    elif masked == "mask":
        given[~counts], more = -7, {"mask": counts}
    function = LOSSES.get(oracle.__name__)
    loss = function(logits, given, **settings, **more)
    kept = counts.view(-1)
    want = oracle(rows_of(logits, target)[kept].numpy(), target.view(-1)[kept].tolist(), **settings)
    assert float(loss) == pytest.approx(want, rel=1e-12)
    leaf = logits.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: function(x, given, **settings, **more), leaf)


@pytest.mark.parametrize(("name", "settings", "each"), [(n, s, f) for n, cases in ON_NUMBERS.items() for s, f in cases])
@pytest.mark.parametrize("masked", [False, True])
def test_losses_of_numbers(name: str, settings: Any, each: Callable[[float, float], float], masked: bool) -> None:
    y, t = torch.randn(4, 3, 2, dtype=torch.float64), torch.rand(4, 3, 2, dtype=torch.float64)
    counts = torch.rand(4, 3) < 0.6
    counts[0, 0] = True
    given = t.clone()
    if masked:
        given[~counts] = torch.nan  # a value that is not known
    mask = counts if masked else None
    places = [p for p in itertools.product(range(4), range(3), range(2)) if not masked or counts[p[:2]]]
    want = np.mean([each(float(y[p]), float(t[p])) for p in places])
    function = LOSSES.get(name)
    assert float(function(y, given, mask, **settings)) == pytest.approx(want, rel=1e-12)
    assert torch.autograd.gradcheck(lambda x: function(x, given, mask, **settings), y.requires_grad_())


def test_weights_of_labels_weigh_their_examples() -> None:
    y, t = torch.randn(6, 3, dtype=torch.float64), torch.randint(2, (6, 3)).double()
    w = [0.5, 2.0, 4.0]
    terms = [
        w[k] * t[i, k] * math.log(1 + math.exp(-y[i, k])) + (1 - t[i, k]) * math.log(1 + math.exp(y[i, k]))
        for i, k in itertools.product(range(6), range(3))
    ]
    assert float(LOSSES.get("binary_cross_entropy")(y, t, positive_weights=w)) == pytest.approx(float(sum(terms) / 18))


@pytest.mark.parametrize("name", ["cross_entropy", "focal", "dice"])
def test_probabilities_as_targets_agree_with_class_numbers(name: str) -> None:
    for places, of_logits in SHAPES.values():
        logits, target = torch.randn(of_logits, dtype=torch.float64), torch.randint(CLASSES, places)
        hot = torch.nn.functional.one_hot(target, CLASSES).double()
        soft = hot.movedim(-1, 1) if len(of_logits) == 4 else hot
        counts = torch.rand(places) < 0.7
        for mask in (None, counts):
            got, want = (LOSSES.get(name)(logits, t, mask) for t in (soft, target))
            assert float(got) == pytest.approx(float(want), rel=1e-12)


@pytest.mark.parametrize("name", list(LOSSES))
def test_nothing_counts(name: str) -> None:
    """0, with a gradient of 0."""
    y = torch.randn(3, 4, requires_grad=True)
    target = torch.rand(3, 4) if name in ON_NUMBERS else torch.randint(4, (3,))
    mask = torch.zeros(target.shape, dtype=torch.bool)
    loss = LOSSES.get(name)(y, target, mask)
    loss.backward()
    assert not loss.detach().any()
    assert y.grad is not None
    assert not y.grad.any()


@pytest.mark.parametrize(
    ("name", "outputs", "target", "settings", "message"),
    [
        (
            "mse",
            (3, 1),
            (3,),
            {},
            "loss mse: the target doesn't fit the outputs\n  expected: shape (3, 1)\n  got: (3,)",
        ),
        ("quantile", (3,), (3,), {"q": 1.0}, "q is out of range"),
        ("huber", (3,), (3,), {"delta": 0.0}, "delta is out of range"),
        ("focal", (3, 2), (3, 2), {"gamma": -1.0}, "gamma is out of range\n  expected: at least 0"),
        ("dice", (3, 2, 4, 4), (3, 4, 5), {}, "expected: shape (3, 2, 4, 4)\n  got: (3, 4, 5)"),
        ("cross_entropy", (3, 2), (3, 2), {"class_weights": [1.0]}, "expected: 2 positive numbers"),
    ],
)
def test_what_cannot_be_used(name: str, outputs: Any, target: Any, settings: Any, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        LOSSES.get(name)(torch.randn(outputs), torch.rand(target), **settings)
    assert message in str(caught.value)


def test_as_a_name_it_is_the_function() -> None:
    y, t = torch.randn(4, 3), torch.randint(3, (4,))
    assert torch.equal(objective("cross_entropy")(y, t), LOSSES.get("cross_entropy")(y, t))
