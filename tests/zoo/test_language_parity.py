"""Language models of the zoo against those of transformers, with random weights copied over."""

from typing import Any

import pytest
import torch
from oracles import same
from weights import count, fill, network, shaken

from weftnet.zoo import ZOO

transformers: Any = pytest.importorskip("transformers")


@pytest.mark.parametrize("key_heads", [6, 2])
def test_llama_is_transformers_s(key_heads: int) -> None:
    config = transformers.LlamaConfig(
        vocab_size=13, hidden_size=24, intermediate_size=40, num_hidden_layers=3, num_attention_heads=6,
        num_key_value_heads=key_heads, rms_norm_eps=1e-4, attn_implementation="eager",
        rope_parameters={"rope_type": "default", "rope_theta": 70.0},
    )  # fmt: skip
    theirs = shaken(transformers.LlamaForCausalLM(config))
    settings = {"dim": 24, "depth": 3, "heads": 6, "key_heads": key_heads, "hidden": 40, "base": 70.0, "eps": 1e-4}
    ours = network(ZOO.get("llama")(**settings), "tokens:11,vocabulary=13")
    assert count(ours) == count(theirs.model)
    weights = [theirs.model.embed_tokens.weight]
    for layer in theirs.model.layers:
        own, feed = layer.self_attn, layer.mlp
        weights += [
            layer.input_layernorm.weight,
            torch.cat([own.q_proj.weight, own.k_proj.weight, own.v_proj.weight]),
            own.o_proj.weight,
            layer.post_attention_layernorm.weight,
            torch.cat([feed.gate_proj.weight, feed.up_proj.weight]),
            feed.down_proj.weight,
        ]
    fill(ours, [*weights, theirs.model.norm.weight])
    tokens = torch.randint(13, (2, 11))
    same(ours(tokens) @ theirs.lm_head.weight.T, theirs(tokens).logits, 1e-5)  # they rotate in float32


def test_mamba_is_transformers_s() -> None:
    config = transformers.MambaConfig(
        vocab_size=13, hidden_size=20, state_size=3, num_hidden_layers=3, layer_norm_epsilon=1e-4,
        residual_in_fp32=False,
    )  # fmt: skip
    theirs = shaken(transformers.MambaForCausalLM(config))
    ours = network(ZOO.get("mamba")(dim=20, depth=3, states=3, eps=1e-4), "tokens:11,vocabulary=13")
    assert count(ours) == count(theirs.backbone)
    weights = [theirs.backbone.embeddings.weight]
    for layer in theirs.backbone.layers:
        own = layer.mixer
        weights += [
            layer.norm.weight, own.A_log, own.D, own.in_proj.weight, own.conv1d.weight, own.conv1d.bias,
            own.x_proj.weight, own.dt_proj.weight, own.dt_proj.bias, own.out_proj.weight,
        ]  # fmt: skip
    fill(ours, [*weights, theirs.backbone.norm_f.weight])
    tokens = torch.randint(13, (2, 11))
    logits = ours(tokens) @ theirs.lm_head.weight.T
    same(logits.float(), theirs(tokens).logits, 1e-5)  # theirs are of float32


@pytest.mark.parametrize("name", ["llama", "mamba", "char_min_gru", "wavenet", "char_tcn"])
def test_step_by_step_they_give_the_whole_pass(name: str) -> None:
    settings, signal = ZOO.module(name).example()
    ours: Any = network(ZOO.get(name)(**settings, classes=13), signal)
    tokens = torch.randint(13, (2, 9))
    whole, state = ours(tokens), ours.initial_state(2, 9)
    for start, stop in ((0, 4), (4, 5), (5, 6), (6, 9)):
        made, state = ours.step(tokens[:, start:stop], state)
        same(made, whole[:, start:stop])
    changed = tokens.clone()
    changed[:, 5:] = (changed[:, 5:] + 1) % 13
    same(ours(changed)[:, :5], whole[:, :5])
