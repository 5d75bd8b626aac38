"""docs/errata.md: on random numbers, weftnet computes the correct formula and not the one often printed."""

import math
import re
from pathlib import Path

import pytest
import torch
from oracles import randomise, same
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.architecture.signal import Signal
from weftnet.blocks import BLOCKS
from weftnet.data.batch import Batch
from weftnet.errors import WeftnetError
from weftnet.tasks.classification.task import Classification
from weftnet.tasks.variational_autoencoder.task import VariationalAutoencoder

ERRATA = Path(__file__).parents[2] / "docs" / "errata.md"


def differ(a: Tensor, b: Tensor) -> None:
    """Far apart: no rounding."""
    assert (a - b).abs().max() > 1e-3


def normal(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)


def test_every_erratum_has_its_test() -> None:
    text = ERRATA.read_text(encoding="utf-8")
    titles = re.findall(r"^## (.+)$", text, re.MULTILINE)
    tests = ["test_" + re.sub(r"\W+", "_", title).lower() for title in titles]
    assert re.findall(r"^- Test: `(\w+)`$", text, re.MULTILINE) == tests
    assert all(name in globals() for name in tests)
    for part in ("Printed", "Correct", "Effect", "Source"):
        assert text.count(f"\n- {part}: ") == len(titles)


def test_sinusoidal_positions() -> None:
    time, dim = 9, 6
    t = torch.arange(time, dtype=torch.float64).unsqueeze(1)
    channel = torch.arange(dim, dtype=torch.float64)
    pair = 2 * (channel // 2)

    def waves(rate: Tensor) -> Tensor:
        return torch.where(channel % 2 == 0, torch.sin(t * rate), torch.cos(t * rate))

    y = BLOCKS.get("sinusoidal_positions")(dim)(torch.zeros(1, time, dim, dtype=torch.float64))[0]
    same(y, waves(10000 ** (-pair / dim)))
    differ(y, waves(2018 ** (-pair / dim)))
    differ(y, waves(torch.full((dim,), 10000 ** (-2018 / dim), dtype=torch.float64)))
    differ(y, waves(10000 ** (-2 * channel / dim)))


def test_attention_without_its_value_projection() -> None:
    block, x = randomise(BLOCKS.get("multi_head_attention")(4, heads=1)), normal(1, 5, 4)
    q, k, v = block.qkv(x).chunk(3, dim=-1)
    weights = (q @ k.mT / math.sqrt(4)).softmax(dim=-1)
    same(block(x), block.out(weights @ v))
    differ(block(x), block.out(weights @ x))


def test_attention_without_its_scale() -> None:
    block, x = randomise(BLOCKS.get("multi_head_attention")(8, heads=2)), normal(1, 5, 8)

    def attended(scale: float) -> Tensor:
        q, k, v = (part.unflatten(-1, (2, 4)).transpose(1, 2) for part in block.qkv(x).chunk(3, dim=-1))
        heads = (q @ k.mT * scale).softmax(dim=-1) @ v
        return block.out(heads.transpose(1, 2).flatten(2))

    same(block(x), attended(1 / math.sqrt(4)))
    differ(block(x), attended(1))
    differ(block(x), attended(1 / math.sqrt(8)))


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


def test_reading_a_padded_sequence_backwards() -> None:
    block, x = randomise(BLOCKS.get("gru")(3, 4, bidirectional=True)), normal(1, 5, 3)
    mask = torch.arange(5).unsqueeze(0) < 3
    real = x[:, :3]
    same(block(x, mask)[:, :3], block(real))
    differ(block(x * mask.unsqueeze(-1))[:, :3], block(real))


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
