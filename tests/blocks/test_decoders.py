"""Decoders that read what others made of a source: against formulas written out as loops, and torch's own layers.

Values and gradients in float64 with random weights and unequal sizes; padding on both sides; steps equal the whole.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from weftnet.blocks.activation.maxout import Maxout
from weftnet.blocks.recurrent.bahdanau_decoder import BahdanauDecoder
from weftnet.blocks.recurrent.context_decoder import ContextDecoder
from weftnet.blocks.recurrent.luong_decoder import LuongDecoder
from weftnet.blocks.transformer.transformer_memory_layer import TransformerMemoryLayer

B, T, S = 3, 5, 4
REAL = torch.arange(S) < torch.tensor([[4], [2], [3]])
Inputs = Mapping[str, Tensor]


def normal(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def gru(cell: nn.Module, inputs: Tensor, h: Tensor) -> Tensor:
    """Gate by gate, of one example; the order of torch."""
    n = len(h)
    ours, own = inputs, cell.hidden.weight @ h + cell.hidden.bias  # type: ignore[union-attr, operator]
    r = torch.sigmoid(ours[:n] + own[:n])
    z = torch.sigmoid(ours[n : 2 * n] + own[n : 2 * n])
    candidate = torch.tanh(ours[2 * n :] + r * own[2 * n :])
    return z * h + (1 - z) * candidate


def bahdanau(block: Any, given: Inputs) -> Tensor:
    rows = []
    for b in range(B):
        h, steps = given["start"][b], []
        real = [s for s in range(S) if REAL[b, s]]
        for t in range(T):
            e = torch.stack([block.v.weight[0] @ torch.tanh(block.W.weight @ h + given["keys"][b, s]) for s in real])
            share = e.exp() / e.exp().sum()
            c = sum(a * given["memory"][b, s] for a, s in zip(share, real, strict=True))
            wide = torch.cat([block.input.weight, block.context.weight], 1)
            h = gru(block, wide @ torch.cat([given["x"][b, t], c]) + block.input.bias, h)  # type: ignore[list-item]
            steps.append(torch.cat([h, c]))  # type: ignore[list-item]
        rows.append(torch.stack(steps))
    return torch.stack(rows)


def luong(block: Any, given: Inputs) -> Tensor:
    rows = []
    for b in range(B):
        h, steps = given["start"][b], []
        y = torch.zeros_like(h)
        real = [s for s in range(S) if REAL[b, s]]
        for t in range(T):
            wide = torch.cat([block.input.weight, block.fed.weight], 1)
            h = gru(block, wide @ torch.cat([given["x"][b, t], y]) + block.input.bias, h)
            e = torch.stack([h @ given["keys"][b, s] for s in real])
            share = e.exp() / e.exp().sum()
            c = sum(a * given["memory"][b, s] for a, s in zip(share, real, strict=True))
            y = torch.tanh(block.W_c.weight @ torch.cat([c, h]))  # type: ignore[list-item]
            steps.append(y)
        rows.append(torch.stack(steps))
    return torch.stack(rows)


def context(block: Any, given: Inputs) -> Tensor:
    cell = nn.GRUCell(block.gru.input_size, block.dim, dtype=torch.float64)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in block.gru.state_dict().items()})
    for name, parameter in cell.named_parameters():  # the same tensors, so that gradients arrive there
        setattr(cell, name, getattr(block.gru, f"{name}_l0"))
        assert parameter.shape == getattr(cell, name).shape
    h, steps = given["start"], []
    for t in range(T):
        h = cell(torch.cat([given["x"][:, t], given["context"]], 1), h)
        steps.append(torch.cat([h, given["context"]], 1))
    return torch.stack(steps, 1)


def memory_layer(block: Any, given: Inputs) -> Tensor:
    """torch's layer, whose own projections of keys and values are taken to be one each: the memory is both."""
    twin = nn.TransformerDecoderLayer(
        8, 2, 13, dropout=0.0, activation="relu", batch_first=True, norm_first=block.around_feed.norm_first
    ).double()
    pairs = {
        "self_attn.in_proj_weight": block.attention.qkv.weight, "self_attn.in_proj_bias": block.attention.qkv.bias,
        "self_attn.out_proj.weight": block.attention.out.weight, "self_attn.out_proj.bias": block.attention.out.bias,
        "multihead_attn.out_proj.weight": block.out.weight, "multihead_attn.out_proj.bias": block.out.bias,
        "linear1.weight": block.feed[0].weight, "linear1.bias": block.feed[0].bias,
        "linear2.weight": block.feed[3].weight, "linear2.bias": block.feed[3].bias,
    }  # fmt: skip
    for place, frame in ((1, block.around_attention), (2, block.around_cross), (3, block.around_feed)):
        pairs |= {f"norm{place}.weight": frame.norm.weight, f"norm{place}.bias": frame.norm.bias}
    eye = torch.eye(8, dtype=torch.float64)
    zero = torch.zeros(8, dtype=torch.float64)
    pairs["multihead_attn.in_proj_weight"] = torch.cat([block.query.weight, eye, eye])
    pairs["multihead_attn.in_proj_bias"] = torch.cat([block.query.bias, zero, zero])
    causal = nn.Transformer.generate_square_subsequent_mask(T, dtype=torch.float64)
    return torch.func.functional_call(  # type: ignore[no-any-return]
        twin, pairs, (given["x"], given["keys"]),
        {"tgt_mask": causal, "memory_key_padding_mask": ~REAL, "tgt_is_causal": True},
    )  # fmt: skip


def case(name: str) -> tuple[nn.Module, dict[str, Tensor], Callable[[Any, Inputs], Tensor]]:
    torch.manual_seed(0)
    x, memory = normal(B, T, 6), normal(B, S, 7)
    match name:
        case "bahdanau":
            given = {"x": x, "memory": memory, "keys": normal(B, S, 9), "start": normal(B, 8)}
            return BahdanauDecoder(6, 7, 9, 8).double(), given, bahdanau
        case "luong":
            given = {"x": x, "memory": memory, "keys": normal(B, S, 8), "start": normal(B, 8)}
            return LuongDecoder(6, 7, 8).double(), given, luong
        case "context":
            return ContextDecoder(6, 7, 8).double(), {"x": x, "context": normal(B, 7), "start": normal(B, 8)}, context
    both = normal(B, S, 8)
    block = TransformerMemoryLayer(8, 2, 13, 0.0, "relu", norm_first=name == "norm first").double()
    return block, {"x": normal(B, T, 8), "keys": both, "values": both}, memory_layer


CASES = ["bahdanau", "luong", "context", "norm first", "norm last"]


def masks(given: Inputs) -> dict[str, Tensor]:
    return {f"{name}_mask": REAL for name in ("memory", "keys", "values") if name in given}


@pytest.mark.parametrize("name", CASES)
def test_the_formula(name: str) -> None:
    block, given, oracle = case(name)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    leaves = [*block.parameters(), *dict.fromkeys(each.requires_grad_() for each in given.values())]
    y, expected = block(**given, **masks(given)), oracle(block, given)
    torch.testing.assert_close(y, expected, rtol=1e-10, atol=1e-12)
    weight = torch.randn_like(y)
    for ours, theirs in zip(
        torch.autograd.grad((y * weight).sum(), leaves), torch.autograd.grad((expected * weight).sum(), leaves),
        strict=True,
    ):  # fmt: skip
        torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", CASES)
def test_steps_are_the_whole_pass(name: str) -> None:
    block: Any
    block, given, _ = case(name)
    block.eval()
    whole = block(**given, **masks(given))
    beside = {key: value for key, value in given.items() if key != "x"}
    state, pieces = block.initial_state(B, T), []
    for start, stop in ((0, 2), (2, 3), (3, 5)):
        y, state = block.step(given["x"][:, start:stop], state, **beside, **masks(given))
        pieces.append(y)
    torch.testing.assert_close(torch.cat(pieces, 1), whole, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["bahdanau", "luong", "norm first", "norm last"])
def test_the_alignment_is_what_is_read(name: str) -> None:
    """It is one over the real steps, and a memory of one-hot rows shows it."""
    block: Any
    block, given, _ = case(name)
    block.eval()
    shares = block.alignment(**given, **masks(given))
    torch.testing.assert_close(shares.sum(2), torch.ones(B, T, dtype=torch.float64))
    assert not shares.masked_select(~REAL[:, None].expand_as(shares)).any()
    if name == "bahdanau":
        told = torch.cat([torch.eye(S), torch.zeros(S, 3)], 1).expand(B, -1, -1).double()
        read = block(**{**given, "memory": told}, **masks(given))[:, :, 8 : 8 + S]
        torch.testing.assert_close(read[:, 0], shares[:, 0])


def test_maxout() -> None:
    x = normal(2, 3, 6).requires_grad_()
    y = Maxout(6, 3)(x)
    expected = torch.stack([torch.maximum(torch.maximum(x[..., 3 * i], x[..., 3 * i + 1]), x[..., 3 * i + 2])
                            for i in range(2)], -1)  # fmt: skip
    assert torch.equal(y, expected)
    torch.testing.assert_close(
        torch.autograd.grad(y.sum(), x, retain_graph=True)[0], torch.autograd.grad(expected.sum(), x)[0]
    )
    with pytest.raises(ValueError, match="expected a divisor of dim_in 6, got 4"):
        Maxout(6, 4)
