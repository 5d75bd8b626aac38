"""Zoo networks against those of transformers, with random weights copied over: as many parameters, the same values.

Weights are copied in the order of the modules, since names differ between versions of transformers.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from oracles import same
from torch import Tensor, nn
from weights import count, fill, network, shaken

from weftnet.zoo import ZOO

transformers: Any = pytest.importorskip("transformers")


def parts(layer: nn.Module) -> Iterator[Tensor]:
    """The weights of convolutions, norms and dense layers."""
    for module in layer.modules():
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d | nn.Linear):
            yield from module.parameters(recurse=False)


@pytest.mark.parametrize(
    ("depth", "kind", "blocks", "sizes"),
    [
        (18, "basic", [2, 2, 2, 2], [64, 128, 256, 512]),
        pytest.param(50, "bottleneck", [3, 4, 6, 3], [256, 512, 1024, 2048], marks=pytest.mark.slow),
    ],
)
def test_resnet_is_transformers_s(depth: int, kind: str, blocks: list[int], sizes: list[int]) -> None:
    config = transformers.ResNetConfig(layer_type=kind, hidden_sizes=sizes, depths=blocks, num_labels=7)
    theirs = transformers.ResNetForImageClassification(config).double().eval()
    ours = network(ZOO.get("resnet")(depth=depth, classes=7), "image:3x64x48")
    weights = list(parts(theirs.resnet.embedder))
    for stage in theirs.resnet.encoder.stages:
        for layer in stage.layers:  # transformers has the shortcut first
            weights += [*parts(layer.layer), *parts(layer.shortcut)]
    fill(ours, [*weights, *parts(theirs.classifier)])
    x = torch.randn(2, 3, 64, 48, dtype=torch.float64)
    same(ours(x), theirs(x).logits, 1e-8)


def test_vit_is_transformers_s() -> None:
    config = transformers.ViTConfig(
        hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=96, image_size=(16, 24),
        patch_size=8, num_labels=5, layer_norm_eps=1e-5, hidden_dropout_prob=0.0,
    )  # fmt: skip
    theirs = shaken(transformers.ViTForImageClassification(config))
    ours = network(ZOO.get("vit")(patch=8, dim=24, depth=3, heads=4, classes=5), "image:3x16x24")
    assert count(ours) == count(theirs)
    named = list(theirs.named_parameters())
    token, positions, kernel, bias = (weight for _, weight in named[:4])
    weights = [kernel.flatten(1), bias, token[0, 0], positions[0]]
    for start in range(4, 4 + 3 * 16, 16):
        layer = named[start : start + 16]
        norms = [weight for name, weight in layer if "norm" in name]
        query, query_bias, key, key_bias, value, value_bias, *rest = (w for name, w in layer if "norm" not in name)
        weights += [torch.cat([query, key, value]), torch.cat([query_bias, key_bias, value_bias]), *rest, *norms]
    fill(ours, [*weights, *(weight for _, weight in named[-4:])])
    x = torch.randn(2, 3, 16, 24, dtype=torch.float64)
    same(ours(x), theirs(x).logits)


def test_char_transformer_is_gpt_2() -> None:
    config = transformers.GPT2Config(
        vocab_size=13, n_positions=9, n_embd=24, n_layer=3, n_head=4, activation_function="gelu", resid_pdrop=0.0,
        embd_pdrop=0.0, attn_pdrop=0.0,
    )  # fmt: skip
    theirs = shaken(transformers.GPT2Model(config))
    ours = network(ZOO.get("char_transformer")(dim=24, depth=3), "tokens:9,vocabulary=13")
    assert count(ours) == count(theirs)
    weights = [theirs.wte.weight, theirs.wpe.weight]
    for layer in theirs.h:  # GPT-2 keeps its weights transposed
        for conv in (layer.attn.c_attn, layer.attn.c_proj, layer.mlp.c_fc, layer.mlp.c_proj):
            weights += [conv.weight.T, conv.bias]
        weights += [*layer.ln_1.parameters(), *layer.ln_2.parameters()]
    fill(ours, [*weights, *theirs.ln_f.parameters()])
    tokens = torch.randint(13, (2, 9))
    same(ours(tokens), theirs(tokens).last_hidden_state)
