"""The parallel scan, min_gru and selective_state_space against loops over the formulas, and Mamba of transformers."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from oracles import exports, functional, gradients_match, normal, padding_neutral, randomise, same
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks.recurrent._scan import pieces, scan
from weftnet.blocks.recurrent.min_gru import MinGru
from weftnet.blocks.recurrent.selective_state_space import SelectiveStateSpace

transformers: Any = pytest.importorskip("transformers")

BLOCKS: list[Callable[[], nn.Module]] = [
    lambda: MinGru(3, 4),
    lambda: SelectiveStateSpace(3, states=2, kernel=3, rank=2),
    lambda: SelectiveStateSpace(3, states=2, kernel=1, expand=1),
]


def loop(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    states = [start]
    for t in range(a.shape[1]):
        states.append(a[:, t] * states[-1] + b[:, t])
    return torch.stack(states[1:], 1)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("back", [False, True])
def test_pieces_equal_the_loop(count: int, back: bool) -> None:
    """Also where the pieces don't divide the steps; on either way."""

    def both_ways(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
        return loop(a.flip(1), b.flip(1), start).flip(1) if back else loop(a, b, start)

    inputs = [normal(2, 7, 3, 2), normal(2, 7, 3, 2), normal(2, 3, 2)]
    gradients_match(lambda a, b, start: pieces(a, b, start, count, back), both_ways, inputs)


def test_the_scan_equals_the_loop_and_is_differentiable_twice() -> None:
    inputs = [normal(2, 7, 3), normal(2, 7, 3), normal(2, 3)]
    gradients_match(scan, loop, inputs)
    assert torch.autograd.gradcheck(scan, [each.requires_grad_() for each in inputs])
    assert torch.autograd.gradgradcheck(scan, inputs)
    torch.library.opcheck(torch.ops.weftnet.scan.default, (*inputs, True))


def test_min_gru_equals_the_loop() -> None:
    f, weights = functional(MinGru(3, 4))

    def oracle(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
        h, outputs = torch.zeros(2, 4, dtype=torch.float64), []
        for t in range(6):
            z = torch.sigmoid(x[:, t] @ W[:4].T + b[:4])
            h = (1 - z) * h + z * (x[:, t] @ W[4:].T + b[4:])
            outputs.append(h)
        return torch.stack(outputs, 1)

    gradients_match(f, oracle, [normal(2, 6, 3), *weights])


def test_the_state_space_equals_the_loop() -> None:
    block = SelectiveStateSpace(3, states=2, kernel=3, expand=2, rank=1)
    f, weights = functional(block)
    assert [name for name, _ in block.named_parameters()] == [
        "A_log", "D", "into.weight", "convolution.weight", "convolution.bias", "select.weight", "rate.weight",
        "rate.bias", "out.weight",
    ]  # fmt: skip

    def oracle(x: Tensor, A_log: Tensor, D: Tensor, W_in: Tensor, conv: Tensor, c: Tensor, *rest: Tensor) -> Tensor:
        W_x, W_d, b_d, W_out = rest
        examples = []
        for example in x:
            u, g = (example @ W_in.T).chunk(2, -1)  # (time, 6)
            h, outputs = torch.zeros(6, 2, dtype=torch.float64), []
            for t in range(len(u)):
                seen = sum(conv[:, 0, 2 - i] * u[t - i] for i in range(3) if t >= i) + c
                v = F.silu(seen)
                read = W_x @ v
                step, B, C = F.softplus(W_d @ read[:1] + b_d), read[1:3], read[3:]
                h = torch.exp(step[:, None] * -torch.exp(A_log)) * h + (step * v)[:, None] * B
                outputs.append(W_out @ ((h @ C + D * v) * F.silu(g[t])))
            examples.append(torch.stack(outputs))
        return torch.stack(examples)

    gradients_match(f, oracle, [normal(2, 6, 3), *weights], 1e-9)


def test_the_state_space_is_transformers_s() -> None:
    from transformers.models.mamba.modeling_mamba import MambaMixer

    config = transformers.MambaConfig(hidden_size=20, state_size=3, conv_kernel=4, expand=2, time_step_rank=2)
    theirs = randomise(MambaMixer(config, layer_idx=0)).eval()
    block = SelectiveStateSpace(20, states=3).double()
    with torch.no_grad():
        for mine, other in zip(block.parameters(), mixed(theirs), strict=True):
            mine.copy_(other)
    assert sum(p.numel() for p in block.parameters()) == sum(p.numel() for p in theirs.parameters())
    x = normal(2, 9, 20)
    gradients_match(block, theirs, [x], 1e-5)  # they keep the state in float32


def mixed(mixer: Any) -> list[Tensor]:
    """The weights of transformers' mixer, in the order of ours."""
    return [
        mixer.A_log, mixer.D, mixer.in_proj.weight, mixer.conv1d.weight, mixer.conv1d.bias, mixer.x_proj.weight,
        mixer.dt_proj.weight, mixer.dt_proj.bias, mixer.out_proj.weight,
    ]  # fmt: skip


def test_rates_start_between_a_thousandth_and_a_tenth() -> None:
    torch.manual_seed(0)
    block = SelectiveStateSpace(64)
    first = F.softplus(block.rate.bias.detach())
    assert 1e-3 <= float(first.min()) < 2e-3
    assert 5e-2 < float(first.max()) <= 1e-1
    same(torch.exp(block.A_log[7]), torch.arange(1.0, 17), 1e-5)


@pytest.mark.parametrize("make", BLOCKS)
def test_padding_changes_nothing(make: Callable[[], nn.Module]) -> None:
    padding_neutral(randomise(make()), normal(3, 7, 3), [7, 2, 4], lambda steps: steps)


@pytest.mark.parametrize("make", BLOCKS)
def test_step_by_step_equals_at_once(make: Callable[[], nn.Module]) -> None:
    block: Any = randomise(make())
    x, state = normal(2, 8, 3), block.initial_state(2, 8)
    y = block(x)
    for start, stop in ((0, 1), (1, 2), (2, 6), (6, 8)):
        made, state = block.step(x[:, start:stop], state)
        same(made, y[:, start:stop])


@pytest.mark.parametrize("make", BLOCKS)
def test_exports(make: Callable[[], nn.Module]) -> None:
    exports(make().double(), normal(2, 5, 3), torch.arange(5) < torch.tensor([[5], [3]]))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: MinGru(3, 0), "min_gru: dim: expected a positive integer, got 0"),
        (lambda: SelectiveStateSpace(3, states=0), "selective_state_space: states: expected a positive integer, got 0"),
    ],
)
def test_settings_are_checked(make: Callable[[], nn.Module], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        make()
