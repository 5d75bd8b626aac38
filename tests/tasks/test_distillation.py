"""Each task's loss with a teacher equals its formula written as loops in float64, in value and gradient."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from weftnet.data.batch import Batch
from weftnet.errors import RunError, SettingError
from weftnet.tasks import DISTILLATIONS, TASKS


def make(name: str, **settings: Any) -> Any:
    return TASKS.get(name)(**settings)


def batch(inputs: Tensor | None = None, mask: Tensor | None = None) -> Batch:
    masks = {} if mask is None else {"tokens": mask}
    return Batch({} if inputs is None else {"tokens": inputs}, masks, {}, torch.arange(3))


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2


def soft(logits: list[Tensor], temperature: float) -> list[Tensor]:
    total = sum(torch.exp(each / temperature) for each in logits)
    return [torch.exp(each / temperature) / total for each in logits]


def kl(teacher: Tensor, student: Tensor, temperature: float) -> Tensor:
    p, q = soft(list(teacher), temperature), soft(list(student), temperature)
    return temperature**2 * sum(a * (torch.log(a) - torch.log(b)) for a, b in zip(p, q, strict=True))  # type: ignore[return-value]


def compare(how: Any, outputs: Tensor, known: Tensor, given: Batch, temperature: float, expected: Tensor) -> None:
    got = how.loss(outputs, known, given, temperature)
    torch.testing.assert_close(got.double(), expected, rtol=1e-5, atol=1e-6)
    wanted = torch.autograd.grad(expected, outputs, retain_graph=True)[0]
    torch.testing.assert_close(torch.autograd.grad(got, outputs)[0], wanted, rtol=1e-4, atol=1e-6)


def test_classes_are_matched_by_name_and_softened() -> None:
    task, teacher = (make("classification", labels=labels) for labels in (["a", "b", "c"], ["c", "x", "a", "b"]))
    how, said = DISTILLATIONS.get("classification")(task, teacher), drawn(3, 4, seed=0)
    known, student = how.known(said), drawn(3, 3, seed=1).requires_grad_()
    assert torch.equal(known, said[:, [2, 3, 0]])
    expected = sum(kl(known[n], student[n], 3.0) for n in range(3)) / 3
    compare(how, student, known, batch(), 3.0, expected)
    assert how.soft


def test_each_label_of_several_is_a_choice_of_its_own() -> None:
    how = DISTILLATIONS.get("multilabel")(*(make("multilabel", labels=each) for each in (["a", "b"], ["b", "a"])))
    known, student = how.known(drawn(3, 2, seed=2)), drawn(3, 2, seed=3).requires_grad_()
    total = torch.zeros((), dtype=torch.float64)
    for n in range(3):
        for k in range(2):
            p, q = (1 / (1 + torch.exp(-each[n, k] / 2.0)) for each in (known, student))
            total = total + p * torch.log(p / q) + (1 - p) * torch.log((1 - p) / (1 - q))
    compare(how, student, known, batch(), 2.0, 4.0 * total / 6)


def test_every_pixel_is_learnt_and_another_size_is_interpolated() -> None:
    task = make("segmentation", labels=["sky", "road"], height=4, width=6)
    how = DISTILLATIONS.get("segmentation")(task, make("segmentation", labels=["road", "sky"], height=2, width=3))
    said = drawn(3, 2, 2, 3, seed=4)
    known, student = how.known(said), drawn(3, 2, 4, 6, seed=5).requires_grad_()
    torch.testing.assert_close(known[:, :, 0, 0], said[:, [1, 0], 0, 0])
    pixels = [(n, i, j) for n in range(3) for i in range(4) for j in range(6)]
    expected = sum(kl(known[n, :, i, j], student[n, :, i, j], 4.0) for n, i, j in pixels) / len(pixels)
    compare(how, student, known, batch(), 4.0, expected)


def test_numbers_are_brought_to_the_scale_of_the_student() -> None:
    task, teacher = make("regression", mean=2.0, scale=4.0), make("regression", mean=-1.0, scale=0.5)
    how, said = DISTILLATIONS.get("regression")(task, teacher), drawn(3, 1, seed=6)
    known, student = how.known(said), drawn(3, 1, seed=7).requires_grad_()
    torch.testing.assert_close(known * 4.0 + 2.0, said * 0.5 - 1.0)
    compare(how, student, known, batch(), 1.0, sum((student[n, 0] - known[n, 0]) ** 2 for n in range(3)) / 3)
    assert not how.soft


def test_targets_are_matched_by_name() -> None:
    task = make("multioutput_regression", targets=["x", "y"], mean=[1.0, 2.0], scale=[1.0, 2.0])
    teacher = make("multioutput_regression", targets=["y", "x"], mean=[0.0, 5.0], scale=[3.0, 1.0])
    said = drawn(3, 2, seed=8)
    known = DISTILLATIONS.get("multioutput_regression")(task, teacher).known(said)
    torch.testing.assert_close(known[:, 0] * 1 + 1, said[:, 1] * 1 + 5)
    torch.testing.assert_close(known[:, 1] * 2 + 2, said[:, 0] * 3 + 0)


def test_of_a_longer_forecast_the_first_steps_count() -> None:
    shared = {"mean": [0.0, 1.0], "scale": [1.0, 2.0]}
    task = make("forecasting", targets=["a", "b"], horizon=2, channels=[0, 1], **shared)
    longer = make("forecasting", targets=["b", "a"], horizon=5, channels=[1, 0], **shared)
    how, said = DISTILLATIONS.get("forecasting")(task, longer), drawn(3, 5, 2, seed=9)
    known, student = how.known(said), drawn(3, 2, 2, seed=10).requires_grad_()
    torch.testing.assert_close(known[..., 0], said[:, :2, 1] * 2 + 1)
    places = [(n, h, k) for n in range(3) for h in range(2) for k in range(2)]
    compare(how, student, known, batch(), 1.0, sum((student[each] - known[each]) ** 2 for each in places) / len(places))
    with pytest.raises(RunError, match="doesn't forecast so far"):
        DISTILLATIONS.get("forecasting")(longer, task)


def test_of_texts_every_real_token_is_learnt() -> None:
    task = make("language_model", vocabulary=5, context=4)
    how = DISTILLATIONS.get("language_model")(task, make("language_model", vocabulary=5, context=6))
    tokens = torch.tensor([[1, 2, 3, 4], [1, 2, 0, 0], [3, 1, 2, 0]])
    known, student = how.known(drawn(3, 6, 5, seed=11)), drawn(3, 4, 5, seed=12).requires_grad_()
    real = [(n, t) for n in range(3) for t in range(3) if tokens[n, t + 1]]
    expected = sum(kl(known[n, t], student[n, t], 2.0) for n, t in real) / len(real)
    compare(how, student, known, batch(tokens, tokens > 0), 2.0, expected)
    with pytest.raises(RunError, match="reads other tokens"):
        DISTILLATIONS.get("language_model")(task, make("language_model", vocabulary=6, context=4))


@pytest.mark.parametrize(
    ("name", "own", "there", "match"),
    [
        ("classification", {"labels": ["a", "b"]}, {"labels": ["a", "c"]}, r"(?s)other labels.*1 unknown to it: b"),
        ("multilabel", {"labels": ["a", "b"]}, {"labels": ["a"]}, "other labels"),
        (
            "multioutput_regression",
            {"targets": ["a"], "mean": [0.0], "scale": [1.0]},
            {"targets": ["b"], "mean": [0.0], "scale": [1.0]},
            "other targets",
        ),
    ],
)
def test_what_a_teacher_does_not_know_is_named(name: str, own: Any, there: Any, match: str) -> None:
    with pytest.raises(RunError, match=match):
        DISTILLATIONS.get(name)(make(name, **own), make(name, **there))


@pytest.mark.parametrize("name", ["gan", "variational_autoencoder", "contrastive"])
def test_a_task_that_learns_from_no_teacher_says_why(name: str) -> None:
    assert DISTILLATIONS.find(name) is None
    with pytest.raises(SettingError, match="not applicable, because"):
        DISTILLATIONS.get(name)


def test_hot_teachers_give_gradients_of_the_same_size() -> None:
    """As T grows, T² · KL tends to half the squared difference of centred logits over the number of classes."""
    task = make("classification", labels=["a", "b", "c"])
    how = DISTILLATIONS.get("classification")(task, task)
    known, student = drawn(1, 3, seed=13), drawn(1, 3, seed=14)
    apart = (known - known.mean()) - (student - student.mean())
    assert float(how.loss(student, known, batch(), 100.0)) == pytest.approx(float(apart.square().mean() / 2), rel=0.05)
    assert math.isfinite(float(how.loss(student, known, batch(), 100.0)))
