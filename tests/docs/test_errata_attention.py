"""docs/errata.md, positions and attention: weftnet computes the correct formula and not the one often printed."""

import math
from collections.abc import Callable

import torch
from oracles import differ, normal, randomise, same
from torch import Tensor, nn

from weftnet.blocks import BLOCKS

Attend = Callable[[Tensor, Tensor, Tensor], Tensor]


def correct(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return (q @ k.mT / math.sqrt(q.shape[-1])).softmax(dim=-1) @ v


def tells_apart(printed: Attend, heads: int = 2) -> None:
    """`multi_head_attention` with the correct formula in each head, and with the printed one."""
    dim = 8
    block, x = randomise(BLOCKS.get("multi_head_attention")(dim, heads=heads)), normal(2, 6, dim)

    def attended(attend: Attend) -> Tensor:
        q, k, v = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in block.qkv(x).chunk(3, dim=-1))
        return block.out(attend(q, k, v).transpose(1, 2).flatten(2))

    same(block(x), attended(correct))
    differ(block(x), attended(printed))


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


def test_sine_and_cosine_of_a_position_added_into_one_number() -> None:
    time, dim = 9, 6
    y = BLOCKS.get("sinusoidal_positions")(dim)(torch.zeros(1, time, dim, dtype=torch.float64))[0]
    assert len({tuple(row.tolist()) for row in y}) == time
    t = torch.arange(time, dtype=torch.float64) * 10000.0**-2018
    printed = (t.sin() + t.cos()).unsqueeze(1).expand(time, dim)
    assert (printed == 1).all()
    differ(y, printed)


def test_length_read_from_the_feature_axis() -> None:
    time, dim = 9, 6
    x = normal(2, time, dim)
    added = BLOCKS.get("sinusoidal_positions")(dim)(x) - x
    differ(added[:, dim], torch.zeros_like(added[:, dim]))  # steps beyond `dim` have positions too
    mean = BLOCKS.get("global_average_pool1d")()(x)
    same(mean, x.sum(dim=1) / time)
    differ(mean, x.sum(dim=1) / x.shape[-1])


def test_attention_without_its_value_projection() -> None:
    block, x = randomise(BLOCKS.get("multi_head_attention")(4, heads=1)), normal(1, 5, 4)
    q, k, v = block.qkv(x).chunk(3, dim=-1)
    same(block(x), block.out(correct(q, k, v)))
    differ(block(x), block.out(correct(q, k, x)))


def test_attention_without_its_scale() -> None:
    tells_apart(lambda q, k, v: (q @ k.mT).softmax(dim=-1) @ v)
    tells_apart(lambda q, k, v: (q @ k.mT / math.sqrt(8)).softmax(dim=-1) @ v)


def test_attention_weights_put_through_softmax_twice() -> None:
    tells_apart(lambda q, k, v: (q @ k.mT / math.sqrt(q.shape[-1])).softmax(dim=-1).softmax(dim=-1) @ v)


def test_attention_s_result_added_to_the_values() -> None:
    tells_apart(lambda q, k, v: v + correct(q, k, v))


def test_queries_keys_and_values_as_parts_of_the_sequence() -> None:
    x = normal(2, 6, 8)
    block = randomise(BLOCKS.get("multi_head_attention")(8, heads=1))
    with torch.no_grad():  # nothing is projected, so that only the roles of the steps remain
        block.qkv.weight.copy_(torch.eye(8).repeat(3, 1))
        block.out.weight.copy_(torch.eye(8))
        block.qkv.bias.zero_()
        block.out.bias.zero_()
    same(block(x), correct(x, x, x))
    printed = correct(*x.chunk(3, dim=1))
    assert printed.shape == (2, 2, 8)
    differ(block(x)[:, :2], printed)


def test_heads_as_parts_of_the_sequence() -> None:
    def within(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Each stretch of three steps for itself, all channels together."""
        q, k, v = (part.transpose(1, 2).flatten(2).unflatten(1, (2, 3)) for part in (q, k, v))
        return correct(q, k, v).flatten(1, 2).unflatten(-1, (2, -1)).transpose(1, 2)

    tells_apart(within)


def additive(score: Callable[[nn.Module, Tensor, Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """`additive_attention`, and attention with another score (batch, time, time_memory)."""
    torch.manual_seed(0)
    block, x, memory = randomise(BLOCKS.get("additive_attention")(3, 4, 5)), normal(2, 6, 3), normal(2, 7, 4)
    return block(x, memory), score(block, x, memory).softmax(dim=-1) @ memory


def bahdanau(block: nn.Module, x: Tensor, memory: Tensor) -> Tensor:
    return block.v(torch.tanh(block.W(x).unsqueeze(2) + block.U(memory).unsqueeze(1))).squeeze(-1)


def test_additive_scores_divided_by_the_root_of_the_size() -> None:
    same(*additive(bahdanau))
    differ(*additive(lambda block, x, memory: bahdanau(block, x, memory) / math.sqrt(5)))


def test_tanh_of_the_query_alone() -> None:
    def printed(block: nn.Module, x: Tensor, memory: Tensor) -> Tensor:
        return block.v(torch.tanh(block.W(x)).unsqueeze(2) + block.U(memory).unsqueeze(1)).squeeze(-1)

    same(*additive(bahdanau))
    y, other = additive(printed)
    differ(y, other)
    same(other, other[:, :1].expand_as(other))  # every query reads the same


def test_a_transformer_of_recurrent_layers_whose_attention_is_unused() -> None:
    class Printed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention, self.lstm = nn.MultiheadAttention(4, 2), nn.LSTM(4, 4, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.lstm(x)[0]

    def unused_parameters(model: nn.Module) -> list[str]:
        model.zero_grad()
        model(x).square().sum().backward()
        return [name for name, weight in model.named_parameters() if weight.grad is None]

    x, turned = normal(2, 6, 4), torch.randperm(6)
    layer, printed = randomise(BLOCKS.get("transformer_encoder_layer")(4, heads=2, dropout=0.0)), randomise(Printed())
    same(layer(x[:, turned]), layer(x)[:, turned])
    assert not unused_parameters(layer)
    differ(printed(x[:, turned]), printed(x)[:, turned])
    assert unused_parameters(printed) == [f"attention.{name}" for name, _ in printed.attention.named_parameters()]
