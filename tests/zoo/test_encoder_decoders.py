"""The Transformer gives what `torch.nn.Transformer` gives with its weights, values and gradients."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from weftnet.architecture.signal import parse
from weftnet.compose import build
from weftnet.zoo import ZOO

B, S, T, D, DEPTH = 3, 9, 7, 16, 2
READS = {"tokens": parse(f"tokens:{S},vocabulary=11"), "target": parse(f"tokens:{T},vocabulary=13")}
REAL = torch.arange(S) < torch.tensor([[9], [4], [7]])


def pairs(network: Any, norm_first: bool) -> dict[str, Tensor]:
    """torch's names → our tensors."""
    found: dict[str, Tensor] = {}

    def both(name: str, module: nn.Module) -> None:
        found.update({f"{name}.{kind}": getattr(module, kind) for kind in ("weight", "bias")})

    def attention(name: str, module: Any) -> None:
        found[f"{name}.in_proj_weight"], found[f"{name}.in_proj_bias"] = module.qkv.weight, module.qkv.bias
        both(f"{name}.out_proj", module.out)

    layers = network.get_submodule("memory.2")
    for k in range(DEPTH):
        here, there = layers.get_submodule(str(k)), f"encoder.layers.{k}"
        attention(f"{there}.self_attn", here.attention)
        for name, module in (("linear1", here.feed[0]), ("linear2", here.feed[3])):
            both(f"{there}.{name}", module)
        for name, frame in (("norm1", here.around_attention), ("norm2", here.around_feed)):
            both(f"{there}.{name}", frame.norm)
        here, there = network.get_submodule(f"layer_{k + 1}"), f"decoder.layers.{k}"
        attention(f"{there}.self_attn", here.attention)
        keys, values = (network.get_submodule(f"{name}_{k}").linear for name in ("keys", "values"))
        for kind in ("weight", "bias"):
            parts = [getattr(each, kind) for each in (here.query, keys, values)]
            found[f"{there}.multihead_attn.in_proj_{kind}"] = torch.cat(parts)
        both(f"{there}.multihead_attn.out_proj", here.out)
        frames = ("around_attention", "around_cross", "around_feed")
        for place, frame in enumerate(frames, 1):
            both(f"{there}.norm{place}", getattr(here, frame).norm)
        for name, module in (("linear1", here.feed[0]), ("linear2", here.feed[3])):
            both(f"{there}.{name}", module)
    if norm_first:
        both("encoder.norm", network.get_submodule("memory.3").norm)
        both("decoder.norm", network.get_submodule("norm").norm)
    return found


@pytest.mark.parametrize("norm_first", [False, True])
def test_it_is_torchs_transformer(norm_first: bool) -> None:
    settings = {"dim": D, "depth": DEPTH, "heads": 4, "hidden": 24, "dropout": 0.0, "norm_first": norm_first}
    network: Any = build(ZOO.get("transformer")(**settings), {"network": READS})["network"].double()
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    source, target = torch.randint(11, (B, S)), torch.randint(13, (B, T))
    plain: dict[str, Any] = {"dropout": 0.0, "activation": "relu", "batch_first": True, "norm_first": norm_first}
    norms = [nn.LayerNorm(D) if norm_first else None for _ in range(2)]
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(D, 4, 24, **plain), DEPTH, norms[0], False)
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(D, 4, 24, **plain), DEPTH, norms[1])
    twin = nn.Transformer(D, 4, custom_encoder=encoder, custom_decoder=decoder, batch_first=True).double()
    causal = nn.Transformer.generate_square_subsequent_mask(T, dtype=torch.float64)

    def placed(table: Any, tokens: Tensor) -> Tensor:
        steps, half = torch.arange(tokens.shape[1]).double()[:, None], torch.arange(0, D, 2).double()
        angles = steps / 10000 ** (half / D)
        waves = torch.stack([angles.sin(), angles.cos()], 2).flatten(1)
        return table.table(tokens) * math.sqrt(D) + waves

    found = pairs(network, norm_first)
    assert set(found) == set(twin.state_dict())
    hidden = torch.func.functional_call(
        twin, found, (placed(network.source_words, source), placed(network.words, target)),
        {"tgt_mask": causal, "src_key_padding_mask": ~REAL, "memory_key_padding_mask": ~REAL, "tgt_is_causal": True},
    )  # fmt: skip
    expected = hidden @ network.words.table.weight.T
    y = network({"tokens": source, "target": target}, {"tokens": REAL})
    torch.testing.assert_close(y, expected, rtol=1e-9, atol=1e-10)
    weight, leaves = torch.randn_like(y), list(network.parameters())
    for ours, theirs in zip(
        torch.autograd.grad((y * weight).sum(), leaves), torch.autograd.grad((expected * weight).sum(), leaves),
        strict=True,
    ):  # fmt: skip
        torch.testing.assert_close(ours, theirs, rtol=1e-7, atol=1e-9)
