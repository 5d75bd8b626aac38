"""Detection: overlaps, which places learn what, the loss, suppression and kinds of errors, each against a loop."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block
from weftnet.errors import ArchitectureError, DataError, SettingError
from weftnet.tasks import INFERENCES, TASKS
from weftnet.tasks.detection._assignment import ALPHA, BETA, MOST, assigned
from weftnet.tasks.detection._errors import judged
from weftnet.tasks.detection._overlap import giou, iou
from weftnet.tasks.detection._suppression import _kept, _one_by_one, suppressed
from weftnet.tasks.detection.answer import detection as answer
from weftnet.tasks.detection.explain import detection as explain
from weftnet.tasks.detection.judge import _least, _Row
from weftnet.tasks.detection.task import Detection, truth_of

TASK = Detection(labels=["a", "b", "c"], height=40, width=60)
Box = list[float]


def boxes(count: int, seed: int, side: float = 50.0) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    low = torch.rand(count, 2, generator=draw, dtype=torch.float64) * side
    return torch.cat([low, low + 3 + 15 * torch.rand(count, 2, generator=draw, dtype=torch.float64)], 1)


def iou_of(a: Box, b: Box) -> float:
    wide = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    high = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    joint = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - wide * high
    return wide * high / joint


def giou_of(a: Box, b: Box) -> float:
    wide = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    high = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    joint = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - wide * high
    hull = (max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1]))
    return wide * high / joint - (hull - joint) / hull


def test_overlaps_equal_their_formulas() -> None:
    a, b = boxes(30, 0, 20), boxes(30, 1, 20)
    for formula, function in ((iou_of, iou), (giou_of, giou)):
        expected = [[formula(x, y) for y in b.tolist()] for x in a.tolist()]
        got = function(a[:, None], b)
        torch.testing.assert_close(got, torch.tensor(expected, dtype=torch.float64), atol=1e-9, rtol=1e-7)
    assert min(map(min, [[giou_of(x, y) for y in b.tolist()] for x in a.tolist()])) < 0
    a.requires_grad_()
    assert torch.autograd.gradcheck(lambda each: giou(each, b), (a,))


def places_by_loop(p: Any, found: Any, centres: Any, true: Any, labels: Any) -> tuple[list[int], list[float]]:
    """The assignment of one picture, written out."""
    t, u, candidates = {}, {}, {}
    for g, (box, label) in enumerate(zip(true, labels, strict=True)):
        inside = [n for n, (x, y) in enumerate(centres) if box[0] < x < box[2] and box[1] < y < box[3]]
        if not inside:
            middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            inside = [min(range(len(centres)), key=lambda n: math.dist(centres[n], middle))]
        for n in range(len(centres)):
            u[g, n] = iou_of(box, found[n])
            t[g, n] = p[n][label] ** ALPHA * u[g, n] ** BETA
        candidates[g] = sorted(inside, key=lambda n: -t[g, n])[:MOST]
    own, sure = [-1] * len(centres), [0.0] * len(centres)
    for n in range(len(centres)):
        several = [g for g in candidates if n in candidates[g]]
        if several:
            own[n] = max(several, key=lambda g: u[g, n])
    for g in candidates:
        mine = [n for n in range(len(centres)) if own[n] == g]
        if mine:
            most_t, most_u = max(t[g, n] for n in mine), max(u[g, n] for n in mine)
            for n in mine:
                sure[n] = t[g, n] * most_u / (most_t + 1e-9)
    return own, sure


def scene(seed: int, batch: int = 3, places: int = 35, most: int = 6) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    logits = torch.randn(batch, places, 3, generator=draw, dtype=torch.float64)
    found = torch.stack([boxes(places, seed + 7 * row) for row in range(batch)])
    jitter = torch.randn(batch, places, 2, generator=draw, dtype=torch.float64)
    centres = (found[..., :2] + found[..., 2:]) / 2 + jitter
    true = torch.stack([boxes(most, seed + 100 + row) for row in range(batch)])
    true[0, 0] = torch.tensor([70.0, 70, 71, 71])  # far from every place
    labels = torch.randint(0, 3, (batch, most), generator=draw)
    mask = torch.arange(most) < torch.tensor([[most], [2], [0]])
    return {"logits": logits, "found": found, "centres": centres, "boxes": true, "labels": labels, "mask": mask}


@pytest.mark.parametrize("seed", range(4))
def test_places_are_assigned_as_by_the_loop(seed: int) -> None:
    s = scene(seed)
    p = s["logits"].sigmoid()
    got = assigned(p, s["found"], s["centres"], s["boxes"], s["labels"], s["mask"])
    for row in range(3):
        real = s["mask"][row]
        values = (p[row], s["found"][row], s["centres"][row], s["boxes"][row][real], s["labels"][row][real])
        own, sure = places_by_loop(*(each.tolist() for each in values))
        assert got.box[row].tolist() == own
        np.testing.assert_allclose(got.sure[row].numpy(), sure, atol=1e-9)
    assert (got.box[0] == 0).sum() == 1  # the nearest place learns the far box
    assert (got.box[2] == -1).all()


@pytest.mark.parametrize(("focal", "weighted"), [(0.0, False), (2.0, False), (0.0, True)])
def test_the_loss_equals_its_formula_with_its_gradient(focal: float, weighted: bool) -> None:
    task = Detection(labels=["a", "b", "c"], height=40, width=60, box=3.0, focal=focal)
    s = scene(5)
    stride = torch.full_like(s["centres"][..., :1], 8)
    whole = torch.cat([s["found"], s["centres"], stride, s["logits"]], 2).requires_grad_()
    weights = torch.linspace(0.2, 1, 18, dtype=torch.float64).view(3, 6) if weighted else torch.ones(3, 6)
    got = task.loss_of(whole, s["boxes"], s["labels"], s["mask"], weights if weighted else None)
    places = assigned(s["logits"].sigmoid(), s["found"], s["centres"], s["boxes"], s["labels"], s["mask"])
    total: Any = 0.0
    worth = weights.gather(1, places.box.clamp(min=0)).where(places.box >= 0, torch.ones(3, 35).to(weights))
    count = max(1.0, float((places.sure * worth).sum()))
    for row in range(3):
        for n in range(35):
            g, sure = int(places.box[row, n]), float(places.sure[row, n])
            w = float(worth[row, n])
            for k in range(3):
                z = whole[row, n, 7 + k]
                wanted = sure if g >= 0 and int(s["labels"][row, g]) == k else 0.0
                entropy = -(wanted * F.logsigmoid(z) + (1 - wanted) * F.logsigmoid(-z))
                total = total + w * entropy * (abs(wanted - torch.sigmoid(z)) ** focal if focal else 1.0)
            if g >= 0:
                total = total + w * 3.0 * sure * (1 - giou(whole[row, n, :4], s["boxes"][row, g]))
    expected = total / count
    torch.testing.assert_close(got.double(), expected, rtol=1e-4, atol=1e-5)
    one, other = (torch.autograd.grad(each, whole)[0] for each in (got, expected))
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


def test_pictures_without_a_box_have_a_loss() -> None:
    whole = torch.randn(2, 9, 10, requires_grad=True)
    loss = TASK.loss_of(whole, torch.zeros(2, 0, 4), torch.zeros(2, 0, dtype=torch.long), torch.zeros(2, 0) > 0)
    expected = F.softplus(whole[..., 7:]).sum()
    torch.testing.assert_close(loss, expected)


def kept_by_loop(true: list[Box], sure: list[float], overlap: float, least: float, most: int) -> set[int]:
    order = sorted((n for n in range(len(sure)) if sure[n] > least), key=lambda n: (-sure[n], n))
    kept: list[int] = []
    for n in order:
        if all(iou_of(true[n], true[m]) <= overlap for m in kept):
            kept.append(n)
    return set(kept[:most])


@pytest.mark.parametrize("most", [4, 100])
def test_suppression_equals_the_loop(most: int) -> None:
    own = torch.stack([boxes(60, 3, 25), boxes(60, 4, 25)])
    p = torch.rand(2, 3, 60, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    p[0, 0, 10:30] = 0.5  # equal ones: the first is kept
    got = suppressed(own, p, 0.4, 0.2, most)
    for row in range(2):
        for k in range(3):
            expected = kept_by_loop(own[row].tolist(), p[row, k].tolist(), 0.4, 0.2, most)
            assert set(got[row, k].nonzero().squeeze(1).tolist()) == expected
    assert torch.equal(_one_by_one(own[0], 0.4), _kept(own[0], 0.4))


def test_a_long_chain_of_suppression() -> None:
    """Each box overlaps the next: every other one stays."""
    left = torch.arange(40.0)[:, None] * 4
    chain = torch.cat([left, torch.zeros(40, 1), left + 10, torch.full((40, 1), 10.0)], 1)
    assert _kept(chain, 0.3).tolist() == [n % 2 == 0 for n in range(40)]


def test_what_is_told() -> None:
    found = np.zeros((2, 4, 10), np.float32)
    found[0, :, :4] = [[-5, 2, 10, 20], [30, 5, 70, 45], [1, 1, 2, 2], [3, 3, 9, 9]]
    found[0, :, 7:] = [[3, -9, -9], [-9, 2, 1], [5, 5, 5], [-2, -9, -200]]
    kept = np.zeros((2, 4, 3), bool)
    kept[0, [0, 1, 1, 3], [0, 1, 2, 2]] = True

    def run(name: str, inputs: Any, masks: Any) -> Any:
        return {"found": found, "kept": kept}

    infer = INFERENCES.get("detection")
    outputs = infer(run, {}, {}, TASK.settings(), {})
    assert outputs["boxes"].shape == (2, 100, 6)
    first, second = answer(outputs, TASK.settings())
    assert [(each["label"], each["box"]) for each in first["things"]] == [
        ("a", [0, 2, 10, 20]), ("b", [30, 5, 60, 40]), ("c", [30, 5, 60, 40]),
    ]  # fmt: skip
    assert first["counts"] == {"a": 1, "b": 1, "c": 1}
    assert (second["things"], second["size"]) == ([], [40, 60])
    assert len(answer(infer(run, {}, {}, TASK.settings(), {"most": 1}), TASK.settings())[0]["things"]) == 1
    assert len(answer(infer(run, {}, {}, TASK.settings(), {"least": 0.9}), TASK.settings())[0]["things"]) == 1
    for options, message in (
        ({"least": 2.0}, "least is out of range"),
        ({"most": 0}, "most is out of range"),
        ({"most": 10**8}, "most is out of range"),
    ):
        with pytest.raises(DataError, match=message):
            infer(run, {}, {}, TASK.settings(), options)


def test_errors_by_kind() -> None:
    true = np.array([[0, 0, 10, 10, 0], [20, 0, 30, 10, 1], [40, 0, 50, 10, 0], [0, 20, 10, 30, 2.0]])
    found = np.array([
        [0, 0, 10, 10, 0.9, 0],     # right
        [1, 0, 10, 10, 0.8, 0],     # doubled
        [20, 0, 30, 10, 0.7, 2],    # the class of another
        [45, 0, 55, 10, 0.6, 0],    # badly placed: an IoU of a third
        [55, 30, 60, 40, 0.5, 1],   # nothing there
    ])  # fmt: skip
    seen = judged(found, true)
    assert seen.kinds == ["right", "doubled", "wrong class", "badly placed", "nothing there"]
    assert seen.missed.tolist() == [False, True, True, True]
    assert seen.mistakes == 7
    assert seen.counts["missed", 0] == 1
    assert judged(np.zeros((0, 6)), true).mistakes == 4
    assert judged(found, np.zeros((0, 5))).kinds == ["nothing there"] * 5


def test_each_class_has_a_likelihood_of_its_own() -> None:
    """Of class 0 the first of three is right (F1 1, 2/3, 1/2); of class 1 the second (0, then 2/3); of 2 none."""
    true = np.array([[0, 0, 10, 10, 0], [20, 0, 30, 10, 1.0]])
    found = np.array([
        [0, 0, 10, 10, 0.9, 0], [40, 0, 50, 10, 0.5, 0], [60, 0, 70, 10, 0.4, 0], [80, 0, 90, 10, 0.3, 1],
        [20, 0, 30, 10, 0.2, 1], [0, 50, 10, 60, 0.1, 2],
    ])  # fmt: skip
    row = _Row(found, true)
    least = _least([row], 3)
    assert least.tolist() == [0.9, 0.2, 0.3]
    assert row.shown(least)[:, 4].tolist() == [0.9, 0.3, 0.2]


def test_what_is_explained_is_the_surest_place() -> None:
    outputs = torch.zeros(2, 5, 10)
    outputs[0, 3, 8], outputs[1, 1, 9], outputs[1, 4, 7] = 4.0, 2.0, 1.0
    targets = explain(TASK.settings(), outputs, None)
    assert targets.names == ["b", "c"]
    assert targets.scores(outputs, targets.index).tolist() == [4.0, 2.0]
    named = explain(TASK.settings(), outputs, "a")
    assert named.scores(outputs, named.index).tolist() == [0.0, 1.0]


def test_truth_is_as_short_as_it_may_be() -> None:
    from weftnet.data.batch import Batch

    target = torch.full((2, 5, 5), -1.0)
    target[0, 1], target[0, 4], target[1, 3] = (torch.tensor([n, n, n + 1, n + 1, n % 3.0]) for n in (1.0, 2.0, 3.0))
    corners, labels, mask, weights = truth_of(Batch({}, {}, {"boxes": target}, torch.arange(2)))
    assert weights is None
    assert corners.shape == (2, 2, 4)
    assert mask.tolist() == [[True, True], [True, False]]
    assert labels[0].tolist() == [1, 2]
    assert corners[1, 0].tolist() == [3, 3, 4, 4]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"labels": []}, "labels are not distinct"),
        ({"labels": ["a", "a"]}, "labels are not distinct"),
        ({"box": 0}, "box is out of range"),
        ({"focal": -1}, "focal is out of range"),
        ({"overlap": 1.0}, "overlap is out of range"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Detection(**{**TASK.settings(), **settings})


def test_a_network_without_places_is_refused() -> None:
    from weftnet.architecture.signal import parse

    with pytest.raises(ArchitectureError, match="it gives no places where things could be"):
        TASK.head("network", parse("image:8x5x5"), "conv2d")
    assert TASKS.get("detection") is Detection


def test_a_complete_network_needs_no_head() -> None:
    """Also where nobody knows its last block, as when a run is loaded: a second head would read no vectors."""
    whole, tower = Signal(("places", "features"), (20, 10)), Signal(("places", "features"), (20, 51))
    for last in ("box_head", None):
        assert TASK.head("network", whole, last) == ()
    assert TASK.head("network", tower, "decoupled_tower") == (Block("box_head", {"labels": 3}),)
    assert TASK.head("network", tower, None) == (Block("box_head", {"labels": 3}),)
