"""docs/errata.md: on random numbers, weftnet computes the correct formula and not the one often printed.

Positions and attention are in test_errata_attention.py.
"""

import inspect
import math
import re
from pathlib import Path

import pytest
import torch
from oracles import differ, normal, randomise, same
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.architecture.reading import read_text
from weftnet.architecture.signal import Signal
from weftnet.blocks import BLOCKS
from weftnet.compose import build
from weftnet.data.batch import Batch
from weftnet.errors import WeftnetError
from weftnet.tasks.classification.task import Classification
from weftnet.tasks.variational_autoencoder.task import VariationalAutoencoder
from weftnet.zoo import ZOO

ERRATA = Path(__file__).parents[2] / "docs" / "errata.md"


def test_every_erratum_has_its_test() -> None:
    text = ERRATA.read_text(encoding="utf-8")
    titles = re.findall(r"^## (.+)$", text, re.MULTILINE)
    tests = ["test_" + re.sub(r"\W+", "_", title).lower() for title in titles]
    assert re.findall(r"^- Test: `(\w+)`$", text, re.MULTILINE) == tests
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_errata*.py"))
    assert {name for name in tests if f"\ndef {name}(" not in sources} == set()
    for part in ("Printed", "Correct", "Effect", "Source", "Seen"):
        assert text.count(f"\n- {part}: ") == len(titles)
    assert set(re.findall(r"^- Seen: (.+)$", text, re.MULTILINE)) == {"articles", "elsewhere"}


def test_derivative_of_the_activation_twice() -> None:
    block, x, target = randomise(BLOCKS.get("dense")(3, 4)), normal(5, 3), normal(5, 4)
    weight, bias = block.parameters()
    z = x @ weight.T + bias
    a = BLOCKS.get("sigmoid")()(block(x))
    ((a - target).square() / 2).sum().backward()
    slope = (z.sigmoid() * (1 - z.sigmoid())).detach()
    delta = (z.sigmoid() - target) * slope
    same(weight.grad, (delta.T @ x).detach())
    differ(weight.grad, ((delta * slope).T @ x).detach())


def test_convolution_with_a_flipped_index() -> None:
    block, x = randomise(BLOCKS.get("conv2d")(1, 1, kernel=3, padding="valid", bias=False)), normal(1, 1, 5, 6)
    (weight,) = block.parameters()

    def slid(sign: int) -> Tensor:
        """The sum over the kernel with the index plus or minus (k, l), where it lies inside the image."""
        first = 0 if sign == 1 else 2
        y = torch.zeros(3, 4, dtype=torch.float64)
        for k in range(3):
            for m in range(3):
                top, left = first + sign * k, first + sign * m
                y += weight[0, 0, k, m] * x[0, 0, top : top + 3, left : left + 4]
        return y

    same(block(x)[0, 0], slid(1))
    differ(block(x)[0, 0], slid(-1))


def test_a_convolution_whose_image_runs_backwards() -> None:
    block, x = randomise(BLOCKS.get("conv2d")(1, 1, kernel=3, padding="valid", bias=False)), normal(1, 1, 5, 6)
    (weight,) = block.parameters()

    def at(i: int, j: int) -> Tensor:
        """The image, counted from one; zero outside."""
        inside = 1 <= i <= 5 and 1 <= j <= 6
        return x[0, 0, i - 1, j - 1] if inside else torch.zeros((), dtype=torch.float64)

    def summed(sign: int) -> Tensor:
        rows = []
        for i in range(1, 4):
            for j in range(1, 5):
                near = [(k, m, at(k + sign * i - sign, m + sign * j - sign)) for k in range(1, 4) for m in range(1, 4)]
                rows.append(sum(weight[0, 0, k - 1, m - 1] * value for k, m, value in near))
        return torch.stack(rows).reshape(3, 4)

    same(block(x)[0, 0], summed(1))
    differ(block(x)[0, 0], summed(-1))


def test_a_bias_by_row() -> None:
    block, x = randomise(BLOCKS.get("conv2d")(2, 5, kernel=3)), normal(1, 2, 5, 6)
    weight, bias = dict(block.named_parameters()).values()
    assert bias.shape == (5,)  # as many channels as rows, so that both formulas can be written down
    y = F.conv2d(x, weight, padding=1)
    same(block(x), y + bias[:, None, None])
    differ(block(x), y + bias[:, None])


def test_pooling_without_its_stride() -> None:
    x = normal(1, 2, 6, 8)
    y = BLOCKS.get("max_pool2d")(size=2)(x)
    same(y, x.reshape(1, 2, 3, 2, 4, 2).amax(dim=(3, 5)))
    printed = torch.stack([x[..., k : 5 + k, m : 7 + m] for k in (0, 1) for m in (0, 1)]).amax(dim=0)
    assert printed.shape == (1, 2, 5, 7)
    differ(y, printed[..., :3, :4])


def test_softmax_applied_twice() -> None:
    classes = 10
    target = torch.arange(classes)
    certain = 1000 * torch.eye(classes, dtype=torch.float64)
    task = Classification([str(k) for k in range(classes)])
    model = nn.ModuleDict({"network": _Gives(certain)})
    ((_, loss),) = task.losses(model, Batch({}, {}, {"y": target}, target), torch.Generator())
    same(loss, torch.zeros((), dtype=torch.float64))
    floor = torch.tensor(math.log(1 + (classes - 1) / math.e), dtype=torch.float64)
    same(F.cross_entropy(certain.softmax(dim=1), target), floor)
    with pytest.raises(WeftnetError, match="softmax"):
        task.head("network", Signal(("dim",), (classes,)), "softmax")


def test_lstm_with_a_squashed_candidate_or_swapped_gates() -> None:
    block, x = randomise(BLOCKS.get("lstm")(3, 4)), normal(2, 5, 3)
    w, u, b, d = block.lstm.all_weights[0]

    def outputs(candidate: str = "tanh", swapped: bool = False) -> Tensor:
        h = c = torch.zeros(2, 4, dtype=torch.float64)
        rows = []
        for t in range(5):
            i, f, g, o = (x[:, t] @ w.T + b + h @ u.T + d).chunk(4, dim=1)
            i, f, g, o = i.sigmoid(), f.sigmoid(), getattr(torch, candidate)(g), o.sigmoid()
            c = i * c + f * g if swapped else f * c + i * g
            h = o * c.tanh()
            rows.append(h)
        return torch.stack(rows, dim=1)

    same(block(x), outputs())
    differ(block(x), outputs(candidate="sigmoid"))
    differ(block(x), outputs(swapped=True))


def test_gru_with_its_update_gate_the_other_way_round() -> None:
    block, x = randomise(BLOCKS.get("gru")(3, 4)), normal(2, 5, 3)
    w, u, b, d = block.gru.all_weights[0]

    def outputs(keeps: bool) -> Tensor:
        h = torch.zeros(2, 4, dtype=torch.float64)
        rows = []
        for t in range(5):
            (r, z, n), (r_h, z_h, n_h) = (x[:, t] @ w.T + b).chunk(3, dim=1), (h @ u.T + d).chunk(3, dim=1)
            z = (z + z_h).sigmoid()
            n = (n + (r + r_h).sigmoid() * n_h).tanh()
            h = (1 - z) * n + z * h if keeps else z * n + (1 - z) * h
            rows.append(h)
        return torch.stack(rows, dim=1)

    same(block(x), outputs(keeps=True))
    differ(block(x), outputs(keeps=False))


def test_a_recurrent_network_with_an_unused_candidate_and_one_bias_for_two_purposes() -> None:
    block, out, x = randomise(BLOCKS.get("rnn")(3, 4)), randomise(BLOCKS.get("dense")(4, 4)), normal(2, 5, 3)
    w, u, b, d = block.rnn.all_weights[0]
    v, c = out.parameters()

    def outputs(bias: Tensor) -> Tensor:
        h = torch.zeros(2, 4, dtype=torch.float64)
        rows = []
        for t in range(5):
            h = torch.tanh(x[:, t] @ w.T + h @ u.T + b + d)
            rows.append(h @ v.T + bias)
        return torch.stack(rows, dim=1)

    same(out(block(x)), outputs(c))
    differ(out(block(x)), outputs(b + d))


def test_reading_a_padded_sequence_backwards() -> None:
    block, x = randomise(BLOCKS.get("gru")(3, 4, bidirectional=True)), normal(1, 5, 3)
    mask = torch.arange(5).unsqueeze(0) < 3
    real = x[:, :3]
    same(block(x, mask)[:, :3], block(real))
    differ(block(x * mask.unsqueeze(-1))[:, :3], block(real))


def test_a_convolutional_network_as_a_special_recurrent_one() -> None:
    def moved_by(block: nn.Module, step: int) -> list[int]:
        """The outputs that change with this step."""
        x = normal(1, 7, 3)
        other = x.clone()
        other[:, step] += 1
        return (block(x) - block(other)).abs().amax(dim=(0, 2)).gt(1e-9).nonzero().flatten().tolist()

    convolution, recurrent = randomise(BLOCKS.get("conv1d")(3, 4, kernel=3)), randomise(BLOCKS.get("gru")(3, 4))
    assert moved_by(convolution, 3) == [2, 3, 4]
    assert moved_by(recurrent, 3) == [3, 4, 5, 6]


def test_residual_connections_of_the_early_2000s() -> None:
    assert "2015" in (inspect.getdoc(inspect.getmodule(ZOO.get("resnet"))) or "")
    architecture, faults = read_text("- residual: [{dense: {dim: 3}}]\n")
    assert architecture is not None
    assert not faults
    network = randomise(build(architecture, {"network": {"x": Signal(("dim",), (3,))}})["network"])
    weight, bias = network.parameters()
    x = normal(2, 3)
    change = x @ weight.T + bias
    same(network(x), x + change)
    gate = torch.sigmoid(x)
    differ(network(x), gate * change + (1 - gate) * x)


def test_a_variational_autoencoder_without_sampling_or_kl() -> None:
    guess, x = normal(6, 4), normal(6, 2)
    m, v = guess.chunk(2, dim=1)
    model = nn.ModuleDict({"encoder": _Gives(guess), "decoder": nn.Identity()})
    task = VariationalAutoencoder("vector:2", latent=2)
    batch = Batch({"x": x}, {}, {}, torch.arange(6))

    def loss(seed: int) -> Tensor:
        ((_, value),) = task.losses(model, batch, torch.Generator().manual_seed(seed))
        return value.detach()

    noise = torch.randn(m.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    q, p = torch.distributions.Normal(m, (v / 2).exp()), torch.distributions.Normal(0.0, 1.0)
    z = m + (v / 2).exp() * noise
    fit = torch.distributions.Normal(z, 1.0).log_prob(x).sum(dim=1)
    same(loss(3), (torch.distributions.kl_divergence(q, p).sum(dim=1) - fit).mean(), 1e-6)
    differ(loss(3), loss(4))
    differ(loss(3), (x - m).square().sum(dim=1).mean())


def test_kl_of_a_variational_autoencoder_with_a_wrong_sign() -> None:
    guess = normal(6, 4)
    m, v = guess.chunk(2, dim=1)
    prior, posterior = torch.distributions.Normal(0.0, 1.0), torch.distributions.Normal(m, (v / 2).exp())
    wanted = torch.distributions.kl_divergence(posterior, prior).sum(dim=1).mean()
    model = nn.ModuleDict({"encoder": _Gives(guess), "decoder": _Gives(normal(6, 3))})
    batch = Batch({"x": normal(6, 3)}, {}, {}, torch.arange(6))
    kl = VariationalAutoencoder("vector:3", latent=2).evaluate(model, [batch])["kl"]
    assert kl == pytest.approx(wanted.item(), rel=1e-10)
    printed = (1 + v - m.square() - v.exp()).sum(dim=1).mean() / 2
    same(printed, -wanted)
    assert kl > 0 > printed


@pytest.mark.parametrize(("name", "shape"), [("batch_norm", (5, 3)), ("batch_norm2d", (2, 3, 1, 2))])
def test_batch_normalisation_with_one_variance_for_two_purposes(name: str, shape: tuple[int, ...]) -> None:
    block, x = BLOCKS.get(name)(3, momentum=1.0, eps=1e-12).double(), normal(*shape)
    columns = x.movedim(1, -1).reshape(-1, 3)
    y = block(x).movedim(1, -1).reshape(-1, 3)
    biased, unbiased = columns.var(dim=0, correction=0), columns.var(dim=0, correction=1)
    same(y, (columns - columns.mean(dim=0)) / biased.sqrt(), 1e-8)
    differ(y, (columns - columns.mean(dim=0)) / unbiased.sqrt())
    running = dict(block.named_buffers())["norm.running_var"]
    same(running, unbiased)
    differ(running, biased)


class _Gives(nn.Module):
    """A network that has made up its mind."""

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = nn.Parameter(value)

    def forward(self, *inputs: object) -> Tensor:
        return self.value
