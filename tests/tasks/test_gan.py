import math

import pytest
import torch
from torch import nn

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Block
from weftnet.data.batch import Batch
from weftnet.errors import ArchitectureError, DataError, SettingError
from weftnet.metrics.mmd import FACTORS, mmd
from weftnet.tasks._task import noise
from weftnet.tasks.gan.task import GAN, gradient_penalty


class Smooth(nn.Module):
    """A critic of images that is not linear in anything."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(12, 7), nn.Linear(7, 1)

    def forward(self, inputs, masks=None):
        return self.second(torch.tanh(self.first(inputs.flatten(1))))


class Drawn(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 12)

    def forward(self, inputs, masks=None):
        return self.layer(inputs).reshape(-1, 2, 3, 2)


TASK = GAN("image:2x3x2", latent=3, critic_steps=4, penalty=2.5)


def nets():
    return nn.ModuleDict({"generator": Drawn(), "critic": Smooth()}).double()


def batch(x):
    return Batch({"image": x}, {}, {}, torch.arange(len(x)))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def finite_difference_penalty(critic, real, fake, seed):
    """The slope of each example by central differences, one coordinate at a time, without autograd."""
    share = torch.rand(len(real), generator=generator(seed), dtype=torch.float64)
    total, h = 0.0, 1e-6
    with torch.no_grad():
        for i, u in enumerate(share.tolist()):
            x = u * real[i] + (1 - u) * fake[i]
            squares = 0.0
            for j in range(x.numel()):
                d = torch.zeros(x.numel(), dtype=torch.float64)
                d[j] = h
                d = d.reshape(x.shape)
                squares += ((critic((x + d)[None]) - critic((x - d)[None])).item() / (2 * h)) ** 2
            total += (math.sqrt(squares) - 1) ** 2
    return total / len(real)


def test_gradient_penalty_equals_finite_differences():
    critic = nets()["critic"]
    real, fake = torch.randn(2, 5, 2, 3, 2, dtype=torch.float64)
    penalty = gradient_penalty(critic, real, fake, generator(3))
    assert penalty.item() == pytest.approx(finite_difference_penalty(critic, real, fake, 3), rel=1e-7)

    # and its own gradient, which takes the second derivative, by differences of the penalty
    (gradient,) = torch.autograd.grad(penalty, critic.first.weight)
    h = 1e-5
    for place in ((0, 0), (3, 7), (6, 11)):
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                critic.first.weight[place] += sign * h
            values.append(finite_difference_penalty(critic, real, fake, 3))
            with torch.no_grad():
                critic.first.weight[place] -= sign * h
        assert gradient[place].item() == pytest.approx((values[0] - values[1]) / (2 * h), rel=1e-3, abs=1e-6)


def test_losses_are_the_formulas_in_order():
    """Four critic losses on fresh noise, then the generator's, which alone reaches the generator."""
    model, real = nets(), torch.randn(6, 2, 3, 2, dtype=torch.float64)
    g, f = model["generator"], model["critic"]
    steps = list(TASK.losses(model, batch(real), generator(1)))
    assert [group for group, _ in steps] == ["critic"] * 4 + ["generator"]
    chance = generator(1)
    for _, loss in steps[:4]:
        fake = g(noise((6, 3), real, chance)).detach()
        expected = f(fake).mean() - f(real).mean() + 2.5 * gradient_penalty(f, real, fake, chance)
        assert loss.item() == pytest.approx(expected.item(), abs=1e-12)
        assert torch.autograd.grad(loss, g.layer.weight, allow_unused=True, retain_graph=True) == (None,)
    expected = -f(g(noise((6, 3), real, chance))).mean()
    assert steps[4][1].item() == pytest.approx(expected.item(), abs=1e-12)
    assert len({loss.item() for _, loss in steps[:4]}) == 4


def mmd_by_loops(x, y):
    def square(a, b):
        return sum((p - q) ** 2 for p, q in zip(a, b, strict=True))

    n, m = len(x), len(y)
    pairs = sorted(square(x[i], x[j]) for i in range(n) for j in range(i + 1, n))
    h2 = pairs[(len(pairs) - 1) // 2] / 2

    def k(a, b):
        return sum(math.exp(-square(a, b) / (2 * f * h2)) for f in FACTORS) / len(FACTORS)

    xx = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    yy = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return xx + yy - 2 * sum(k(a, b) for a in x for b in y) / (n * m)


def test_mmd_equals_loops():
    x, y = torch.randn(9, 4, dtype=torch.float64), torch.randn(7, 4, dtype=torch.float64) + 0.5
    assert mmd(x, y).item() == pytest.approx(mmd_by_loops(x.tolist(), y.tolist()), abs=1e-12)


def test_mmd_is_unbiased_and_orders_by_distance():
    chance = generator(0)
    same = [mmd(*torch.randn(2, 60, 5, generator=chance)).item() for _ in range(60)]
    spread = torch.tensor(same).std().item()
    assert abs(sum(same) / 60) < 4 * spread / math.sqrt(60)
    x = torch.randn(200, 5, generator=chance)
    near, far = (mmd(x, torch.randn(200, 5, generator=chance) + shift).item() for shift in (0.5, 1.5))
    assert 5 * spread < near < far


def test_mmd_of_one_repeated_example():
    assert mmd(torch.ones(4, 3), torch.ones(5, 3)).item() == pytest.approx(0)
    assert mmd(torch.ones(4, 3), torch.zeros(5, 3)).item() == pytest.approx(2)


def test_evaluate_is_gap_and_mmd():
    model, real = nets(), torch.randn(11, 2, 3, 2, dtype=torch.float64)
    metrics = TASK.evaluate(model, [batch(real[:8]), batch(real[8:])])
    chance, fakes = generator(0), []
    with torch.no_grad():
        for x in (real[:8], real[8:]):
            fakes.append(model["generator"](noise((len(x), 3), x, chance)))
        fake = torch.cat(fakes)
        gap = model["critic"](real).mean() - model["critic"](fake).mean()
    assert metrics["wasserstein"] == pytest.approx(gap.item(), abs=1e-12)
    assert metrics["mmd"] == pytest.approx(mmd_by_loops(real.flatten(1).tolist(), fake.flatten(1).tolist()), abs=1e-9)


def test_the_score_reads_a_uniform_choice(monkeypatch):
    """Of sorted data, pairs from the whole range are compared, not the first."""
    seen = []
    monkeypatch.setattr("weftnet.metrics.mmd.COMPARED", 40)
    monkeypatch.setattr("weftnet.metrics.mmd.mmd", lambda x, y: seen.append((x, y)) or torch.tensor(0.0))
    real = torch.arange(400.0, dtype=torch.float64).view(-1, 1, 1, 1).expand(400, 2, 3, 2)
    TASK.evaluate(nets(), [batch(part) for part in real.split(64)])
    ((x, y),) = seen
    assert x.shape == y.shape == (40, 12)
    rows = x[:, 0].sort().values
    assert len(rows.unique()) == 40
    assert rows[10] > 40
    assert rows[30] < 360


class Mixing(Smooth):
    def forward(self, inputs, masks=None):
        return super().forward(inputs - inputs.mean(0, keepdim=True))


def test_a_critic_that_mixes_examples_is_refused():
    model = nets()
    TASK.check(model)
    normed = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.BatchNorm1d(5), nn.Linear(5, 1)).double()
    for critic in (normed, Mixing().double()):
        model["critic"] = critic.eval()
        before = {key: value.clone() for key, value in critic.state_dict().items()}
        with pytest.raises(ArchitectureError, match=r"critic.*mixes the examples.*layer_norm or group_norm"):
            TASK.check(model)
        assert not critic.training
        assert all(torch.equal(value, before[key]) for key, value in critic.state_dict().items())
    model["critic"] = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.Dropout(0.5), nn.Linear(5, 1)).double()
    TASK.check(model)


def test_samples_are_pictures():
    task = GAN("image:2x3x2", latent=3, mean=[0.5, 0.4], scale=[0.1, 0.2])
    model = nets().train()
    drawn = task.samples(model, 5, generator(7))
    assert model["generator"].training
    assert drawn.dtype == torch.uint8
    assert torch.equal(drawn, task.samples(model, 5, generator(7)))
    y = model["generator"](noise((5, 3), torch.zeros(1, dtype=torch.float64), generator(7))).detach()
    p = y * torch.tensor([0.1, 0.2]).view(-1, 1, 1) + torch.tensor([0.5, 0.4]).view(-1, 1, 1)
    assert (drawn - p.clamp(0, 1) * 255).abs().max() <= 0.51
    with pytest.raises(SettingError, match="gan has no"):
        task.answers(y)


class FakeData:
    name, target = "rows", None

    def __init__(self, **signals):
        self.signals = {name: parse(text) for name, text in signals.items()}


def test_from_data_and_inputs():
    task = GAN.from_data(FakeData(table="vector:6"), latent=9)
    assert task == GAN("vector:6", latent=9)
    signals = {"table": parse("vector:6")}
    assert task.inputs(signals) == {"generator": {"noise": parse("vector:9")}, "critic": signals}
    with pytest.raises(DataError, match="several inputs"):
        GAN.from_data(FakeData(a="vector:6", b="vector:6"))


@pytest.mark.parametrize(("name", "value"), [("latent", 0), ("critic_steps", 0), ("penalty", -1.0)])
def test_bad_settings_are_refused(name, value):
    with pytest.raises(SettingError, match=f"{name} is out of range"):
        GAN("vector:6", **{name: value})


@pytest.mark.parametrize(
    ("part", "gives", "last", "head"),
    [
        ("generator", "vector:64", "relu", [Block("dense", {"dim": 12}), Block("reshape", {"shape": [2, 3, 2]})]),
        ("generator", "image:2x3x2", "transposed_conv2d", []),
        ("critic", "vector:64", "leaky_relu", [Block("dense", {"dim": 1})]),
        ("critic", "vector:1", "dense", []),
        ("critic", "image:8x5x4", "leaky_relu", [Block("flatten"), Block("dense", {"dim": 1})]),
    ],
)
def test_head(part, gives, last, head):
    assert list(TASK.head(part, parse(gives), last)) == head


@pytest.mark.parametrize(
    ("part", "gives", "last"), [("critic", "vector:1", "sigmoid"), ("critic", "vector:2", "softmax")]
)
def test_a_critic_gives_no_probability(part, gives, last):
    with pytest.raises(ArchitectureError, match=f"returns any number, not a probability; remove the {last}"):
        TASK.head(part, parse(gives), last)
