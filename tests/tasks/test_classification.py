import math

import pytest
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss, roc_auc_score
from torch import nn

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Block
from weftnet.data.batch import Batch
from weftnet.data.kinds.category import Category
from weftnet.data.kinds.number import Number
from weftnet.errors import ArchitectureError, DataError, SettingError
from weftnet.metrics.auroc import auroc
from weftnet.tasks.classification.task import Classification


class Given(nn.Module):
    """A network that gives its input."""

    def forward(self, inputs, masks=None):
        return inputs["x"]


GIVEN = nn.ModuleDict({"network": Given()})


def batch(logits, target):
    return Batch({"x": logits}, {}, {} if target is None else {"y": target}, torch.arange(len(logits)))


def loss_of(task, logits, target):
    ((group, loss),) = task.losses(GIVEN, batch(logits, target), torch.Generator())
    assert group == "network"
    return loss


class FakeData:
    name = "flowers"

    def __init__(self, target, codes=()):
        self.target, self.codes = target, codes

    def targets(self, split, batch_size):
        assert split == "train"
        return torch.tensor(self.codes).split(4)


def category(*labels):
    return Category(most=0, least=1).fit(list(labels))


@pytest.mark.parametrize("weights", [None, [0.5, 2.0, 1.25, 3.0]])
@pytest.mark.parametrize("smoothing", [0.0, 0.13])
def test_loss_is_the_formula(smoothing, weights):
    """Σ w loss / Σ w by a loop over examples and classes, in float64; soft targets are averaged plainly."""
    task = Classification(list("abcd"), smoothing, weights)
    logits = torch.randn(5, 4, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([3, 0, 0, 2, 1])
    w = weights or [1.0] * 4
    total, mass = 0.0, 0.0
    for row, k in zip(logits, target.tolist(), strict=True):
        z = sum(math.exp(v) for v in row.tolist())
        for j, v in enumerate(row):
            total += -w[j] * ((1 - smoothing) * (j == k) + smoothing / 4) * (v - math.log(z))
        mass += w[k]
    assert loss_of(task, logits, target).item() == pytest.approx(total.item() / mass, abs=1e-12)

    soft = torch.rand(5, 4, dtype=torch.float64).softmax(1)
    smooth = (1 - smoothing) * soft + smoothing / 4
    plain = -(torch.tensor(w).double() * smooth * logits.log_softmax(1)).sum(1).mean()
    assert torch.allclose(loss_of(task, logits, soft.float()), plain, atol=1e-6)
    (gradient,) = torch.autograd.grad(loss_of(task, logits, soft), logits)
    (expected,) = torch.autograd.grad(plain, logits)
    assert torch.allclose(gradient, expected, atol=1e-12)


@pytest.mark.parametrize("classes", [2, 5])
def test_metrics_equal_scikit_learn(classes):
    task = Classification([f"c{k}" for k in range(classes)], 0.2, [3.0] * classes)
    generator = torch.Generator().manual_seed(classes)
    logits = (torch.randn(83, classes, generator=generator) * 2).round() / 2  # with ties
    logits[:, -1] -= 1
    target = torch.randint(classes - (classes > 2), (83,), generator=generator)  # of five, one never occurs
    metrics = task.evaluate(GIVEN, [batch(*pair) for pair in zip(logits.split(30), target.split(30), strict=True)])
    p, answer = logits.double().softmax(1).numpy(), logits.argmax(1)
    expected = {
        "loss": log_loss(target, p, labels=range(classes)),
        "accuracy": accuracy_score(target, answer),
        "balanced_accuracy": _balanced(target, answer),
        "macro_f1": f1_score(target, answer, average="macro", zero_division=0),
    }
    if classes == 2:
        expected["auroc"] = roc_auc_score(target, p[:, 1])
    assert metrics == {key: pytest.approx(value, abs=1e-12) for key, value in expected.items()}


def _balanced(target, answer):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of classes that were answered but never occur
        return balanced_accuracy_score(target, answer)


def test_auroc_of_one_class_is_left_out():
    assert math.isnan(float(auroc(torch.rand(4), torch.ones(4, dtype=torch.bool))))
    metrics = Classification(["a", "b"]).evaluate(GIVEN, [batch(torch.randn(4, 2), torch.zeros(4, dtype=torch.long))])
    assert "auroc" not in metrics


def test_answers_are_labels_with_probabilities():
    logits = torch.randn(3, 4)
    answers = Classification(list("abcd")).answers(logits)
    for row, answer in zip(logits.softmax(1), answers, strict=True):
        assert answer["label"] == "abcd"[int(row.argmax())]
        assert list(answer["probabilities"]) == list("abcd")
        assert list(answer["probabilities"].values()) == pytest.approx(row.tolist(), abs=1e-6)


def test_from_data_takes_the_labels_and_balances():
    target = category("rose", "iris", "rose", "tulip", "rose", "iris")
    task = Classification.from_data(FakeData(target, [1, 0, 1, 2, 1, 0]), class_weights="balanced", label_smoothing=0.1)
    assert task.settings() == {
        "labels": ["iris", "rose", "tulip"],
        "label_smoothing": 0.1,
        "class_weights": pytest.approx([1.0, 2 / 3, 2.0]),
    }
    assert Classification.from_data(FakeData(category(3, 10, 3))).labels == ["3", "10"]


def test_data_that_do_not_fit_are_refused():
    wrong = "flowers: the target is of another kind\n  expected: a category\n  got: a number\n  fix: use the task reg"
    with pytest.raises(DataError, match=wrong):
        Classification.from_data(FakeData(Number().fit([1.0, 2.5])))
    with pytest.raises(DataError, match=r"have no target(.|\n)*a task that needs none"):
        Classification.from_data(FakeData(None))
    with pytest.raises(DataError, match="always has the same value"):
        Classification.from_data(FakeData(category("a", "a")))
    with pytest.raises(DataError, match=r"no training example has it(.|\n)*got: b"):
        Classification.from_data(FakeData(category("a", "b"), [0, 0]), class_weights="balanced")


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"labels": ["a"]}, "labels are not distinct"),
        ({"labels": ["a", "a"]}, "labels are not distinct"),
        ({"labels": ["a", "b"], "label_smoothing": 1.0}, "0 ≤ ε < 1"),
        ({"labels": ["a", "b"], "class_weights": [1.0]}, "2 positive numbers"),
        ({"labels": ["a", "b"], "class_weights": [1.0, 0.0]}, "2 positive numbers"),
        ({"labels": ["a", "b"], "class_weights": "balanced"}, "where the data are at hand"),
    ],
)
def test_bad_settings_are_refused(settings, text):
    with pytest.raises(SettingError, match=text):
        Classification(**settings)


@pytest.mark.parametrize(
    ("gives", "last", "head"),
    [
        ("vector:64", "relu", [Block("dense", {"dim": 3})]),
        ("vector:64", "sigmoid", [Block("dense", {"dim": 3})]),
        ("vector:3", "relu", [Block("dense", {"dim": 3})]),
        ("vector:3", None, [Block("dense", {"dim": 3})]),
        ("vector:3", "dense", []),
        ("series:7x64", "lstm", [Block("global_average_pool1d"), Block("dense", {"dim": 3})]),
        ("image:8x5x4", "conv2d", [Block("global_average_pool2d"), Block("dense", {"dim": 3})]),
    ],
)
def test_head(gives, last, head):
    assert list(Classification(list("abc")).head("network", parse(gives), last)) == head


@pytest.mark.parametrize(("gives", "last"), [("vector:3", "softmax"), ("vector:8", "softmax"), ("vector:3", "sigmoid")])
def test_a_second_softmax_is_refused(gives, last):
    with pytest.raises(
        ArchitectureError, match=rf"network \({last}\): the loss includes the {last}.*remove the {last}"
    ):
        Classification(list("abc")).head("network", parse(gives), last)


def test_integers_are_no_logits():
    with pytest.raises(ArchitectureError, match="given: tokens"):
        Classification(list("abc")).head("network", parse("tokens:5"), None)


def test_the_network_reads_every_input():
    signals = {"image": parse("image:1x4x4"), "table": parse("vector:3")}
    assert Classification(["a", "b"]).inputs(signals) == {"network": signals}


def test_a_batch_without_target_is_refused():
    with pytest.raises(DataError, match="no target"):
        loss_of(Classification(["a", "b"]), torch.zeros(2, 2), None)
