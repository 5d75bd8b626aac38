"""Prototypical networks and MAML beside loops of their formulas and numerical gradients."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from weftnet.data import open_data
from weftnet.data.batch import Batch
from weftnet.errors import DataError, SettingError
from weftnet.tasks._episodes import COUNT, drawn, parted
from weftnet.tasks.maml.task import Maml
from weftnet.tasks.prototypical.task import Prototypical, terms


class Linear(nn.Module):
    """W x + b of the input `vector`, in float64."""

    def __init__(self, dim: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Linear(dim, outputs, dtype=torch.float64)

    def forward(self, inputs: dict[str, Tensor], masks: dict[str, Tensor] | None = None) -> Tensor:
        return self.first(inputs["vector"])


class Two(nn.Module):
    """Two layers with a bend between, in float64."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(3, 4, dtype=torch.float64), nn.Linear(4, 2, dtype=torch.float64)

    def forward(self, inputs: dict[str, Tensor], masks: dict[str, Tensor] | None = None) -> Tensor:
        return self.head(torch.tanh(self.body(inputs["vector"])))


def batch(target: list[int], dim: int = 3, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(len(target), dim, dtype=torch.float64, generator=generator)
    return Batch({"vector": x}, {}, {"y": torch.tensor(target)}, torch.arange(len(target)))


def loss_of(task: Prototypical | Maml, network: nn.Module, given: Batch, seed: int = 0) -> Tensor:
    losses = task.losses(nn.ModuleDict({"network": network}), given, torch.Generator().manual_seed(seed))
    ((group, loss),) = losses
    assert group == "network"
    return loss


def test_support_and_queries_are_of_the_same_classes() -> None:
    target = torch.tensor([4, 9, 4, 4, 7, 9, 4, 9])
    support, query, own = parted(target, 2)
    assert support.tolist() == [0, 2, 1, 5]
    assert query.tolist() == [3, 6, 7]
    assert own.tolist() == [0, 1, 0, 0, -1, 1, 0, 1]  # 7 has a single example
    support, query, _ = parted(target, 5, ways=1)
    assert (support.tolist(), query.tolist()) == ([0, 2, 3], [6])
    assert [len(each) for each in parted(torch.tensor([1, 2, 3]), 2)[:2]] == [0, 0]


def test_the_loss_of_prototypes_and_its_gradients_are_the_formula() -> None:
    network, given, task = Linear(3, 4), batch([0, 0, 1, 0, 1, 1, 2, 0]), Prototypical(shots=2, scale=3.0)
    loss = loss_of(task, network, given)
    got = torch.autograd.grad(loss, list(network.parameters()))
    f = network(given.inputs)
    centres = [(f[0] + f[1]) / 2, (f[2] + f[4]) / 2]
    total = torch.zeros((), dtype=torch.float64)
    for query, own in ((3, 0), (7, 0), (5, 1)):
        shares = [torch.exp(-3 * ((f[query] - centre) ** 2).sum()) for centre in centres]
        total = total - torch.log(shares[own] / sum(shares))
    torch.testing.assert_close(loss, total / 3)
    for one, other in zip(got, torch.autograd.grad(total / 3, list(network.parameters())), strict=True):
        torch.testing.assert_close(one, other)


def test_a_batch_without_two_classes_teaches_nothing() -> None:
    for task, network in ((Prototypical(), Linear(3, 4)), (Maml(ways=2), Linear(3, 2))):
        loss = loss_of(task, network, batch([0, 1, 2]))
        assert float(loss.detach()) == 0.0
        assert all(not bool(each.any()) for each in torch.autograd.grad(loss, list(network.parameters())))


def adapted_loss(network: Two, given: Batch, task: Maml, order: list[int], adapts: str) -> float:
    """The outer loss with every derivative written out by hand in NumPy."""
    w1, b1, w2, b2 = (each.detach().numpy().copy() for each in network.parameters())
    x, y = given.inputs["vector"].numpy(), np.array(order)[given.target.numpy()]
    support, query = (each.numpy() for each in parted(given.target, task.shots)[:2])
    for _ in range(task.inner_steps):
        h = np.tanh(x[support] @ w1.T + b1)
        z = h @ w2.T + b2
        p = np.exp(z - z.max(1, keepdims=True))
        delta = (p / p.sum(1, keepdims=True) - np.eye(2)[y[support]]) / len(support)
        below = delta @ w2 * (1 - h**2)
        w2, b2 = w2 - task.inner_rate * delta.T @ h, b2 - task.inner_rate * delta.sum(0)
        if adapts == "all":
            w1, b1 = w1 - task.inner_rate * below.T @ x[support], b1 - task.inner_rate * below.sum(0)
    z = np.tanh(x[query] @ w1.T + b1) @ w2.T + b2
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    return float(-log_p[np.arange(len(query)), y[query]].mean())


@pytest.mark.parametrize("adapts", ["all", "head"])
def test_mamls_loss_and_its_gradient_through_the_steps_are_numerical_ones(adapts: str) -> None:
    torch.manual_seed(0)
    network, given = Two(), batch([0, 1, 0, 1, 0, 1, 1, 0, 0], seed=3)
    task = Maml(ways=2, shots=3, inner_steps=2, inner_rate=0.4, adapt=adapts)  # type: ignore[arg-type]
    order = torch.randperm(2, generator=torch.Generator().manual_seed(0)).tolist()
    loss = loss_of(task, network, given)
    assert float(loss.detach()) == pytest.approx(adapted_loss(network, given, task, order, adapts), abs=1e-12)
    gradients = torch.autograd.grad(loss, list(network.parameters()))
    for parameter, gradient in zip(network.parameters(), gradients, strict=True):
        flat = parameter.data.view(-1)
        for place in range(len(flat)):
            ends = []
            for step in (1e-5, -2e-5):
                flat[place] += step
                ends.append(adapted_loss(network, given, task, order, adapts))
            flat[place] += 1e-5
            assert float(gradient.view(-1)[place]) == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-7)


def test_first_order_takes_the_gradient_at_the_adapted_weights() -> None:
    torch.manual_seed(1)
    network, given = Linear(3, 2), batch([0, 1, 0, 1, 0, 1], seed=5)
    task = Maml(ways=2, shots=2, inner_steps=1, inner_rate=0.5, second_order=False)
    got = torch.autograd.grad(loss_of(task, network, given), list(network.parameters()))
    order = torch.randperm(2, generator=torch.Generator().manual_seed(0))
    support, query, own = parted(given.target, 2)
    x, y = given.inputs["vector"], order[own]
    inner = nn.functional.cross_entropy(network({"vector": x[support]}), y[support])
    moved = Linear(3, 2)
    for new, old, by in zip(
        moved.parameters(), network.parameters(), torch.autograd.grad(inner, list(network.parameters())), strict=True
    ):
        new.data = old.data - 0.5 * by
    outer = nn.functional.cross_entropy(moved({"vector": x[query]}), y[query])
    for one, other in zip(got, torch.autograd.grad(outer, list(moved.parameters())), strict=True):
        torch.testing.assert_close(one, other)


def test_the_numbers_of_classes_mean_nothing() -> None:
    """The same episode is asked with its classes numbered in every way."""
    network, given, task = Linear(3, 2), batch([0, 1, 0, 1, 0, 1]), Maml(ways=2, shots=2)
    assert len({round(float(loss_of(task, network, given, seed).detach()), 9) for seed in range(20)}) == 2


def test_a_split_is_judged_by_the_same_episodes_every_time() -> None:
    target = torch.tensor([0] * 9 + [1] * 4 + [2] * 1 + [3] * 6)
    first, second = (list(drawn(target, 2, 2, 3)) for _ in range(2))
    assert len(first) == COUNT
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    for places in first:
        labels, sizes = torch.unique(target[places], return_counts=True)
        assert 2 not in labels
        assert sizes.tolist() == [{0: 5, 1: 4, 3: 5}[int(label)] for label in labels]
        assert len(set(places.tolist())) == len(places)
    assert len({tuple(sorted(target[places].unique().tolist())) for places in first}) == 3
    assert list(drawn(torch.tensor([0, 0, 1]), 2, 1, 1)) == []


def test_evidence_is_the_loss_of_the_judged_episodes() -> None:
    network, given = Linear(3, 4), batch([0, 1, 2] * 6)
    task = Prototypical(shots=2, queries=3, ways=2)
    halves = [given.at(torch.arange(10)), given.at(torch.arange(10, 18))]
    seen = [found for found, _ in task.evidence(nn.ModuleDict({"network": network}), halves)]
    for found, places in zip(seen, drawn(given.target, 2, 2, 3), strict=True):
        expected = loss_of(task, network, given.at(places)).detach()
        torch.testing.assert_close(found["loss"].mean().detach(), expected)  # type: ignore[index]


def test_mamls_evidence_adapts_without_touching_the_weights() -> None:
    network, given = Two(), batch([0, 1] * 7, seed=2)
    task = Maml(ways=2, shots=3, queries=2, inner_steps=4, inner_rate=0.5)
    before = [each.detach().clone() for each in network.parameters()]
    scores = task.evaluate(nn.ModuleDict({"network": network}), [given])
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    losses = []
    for places in drawn(given.target, 2, 3, 2):
        episode = given.at(places)
        losses.append(adapted_loss(network, episode, task, [0, 1], "all"))
    assert scores["loss"] == pytest.approx(np.mean(losses), rel=1e-9)
    assert 0 <= scores["accuracy"] <= 1


def test_terms() -> None:
    logits = torch.tensor([[1.0, 3.0], [2.0, 0.0]], dtype=torch.float64)
    found = terms(logits, torch.tensor([1, 1]))
    assert found["accuracy"].tolist() == [1, 0]
    assert found["loss"].tolist() == pytest.approx([np.log1p(np.exp(-2)), np.log1p(np.exp(2))])


@pytest.mark.parametrize(
    ("task", "settings", "what"),
    [
        (Prototypical, {"shots": 0}, "shots"), (Prototypical, {"ways": 1}, "ways"),
        (Prototypical, {"scale": 0.0}, "scale"),
        (Maml, {"inner_steps": 0}, "inner_steps"), (Maml, {"inner_rate": -1.0}, "inner_rate"),
        (Maml, {"adapt": "body"}, "adapt"), (Maml, {"queries": 0}, "queries"),
    ],
)  # fmt: skip
def test_settings_are_checked(task: type[Prototypical | Maml], settings: dict[str, object], what: str) -> None:
    with pytest.raises(SettingError, match=what):
        task(**settings)  # type: ignore[arg-type]


def test_data_that_have_no_episodes_are_refused() -> None:
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    with pytest.raises(DataError, match="fewer classes than an episode") as raised:
        Maml.from_data(open_data({"x": x, "y": np.array(["a", "b"] * 20)}))
    assert raised.value.fix == "--task-set ways=2"
    for task in (Maml, Prototypical):
        with pytest.raises(DataError, match="target"):
            task.from_data(open_data({"x": x, "y": x[:, 0]}))
