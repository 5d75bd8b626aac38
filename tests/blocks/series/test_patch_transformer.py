"""PatchTST's block, with Hugging Face's random weights loaded: the same forecasts and gradients."""

import pytest
import torch
from oracles import exports, normal, same
from torch import Tensor
from transformers import PatchTSTConfig, PatchTSTForPrediction

from weftnet.blocks import BLOCKS


def published(time: int, steps: int) -> PatchTSTForPrediction:
    config = PatchTSTConfig(
        num_input_channels=3, context_length=time, prediction_length=steps, patch_length=4, patch_stride=3, d_model=12,
        num_attention_heads=3, ffn_dim=20, num_hidden_layers=2, norm_type="layernorm", pre_norm=False, scaling="std",
        positional_encoding_type="random", loss="mse", use_cls_token=False, pooling_type=None, norm_eps=1e-5, bias=True,
        activation_function="gelu",
    )  # fmt: skip
    model = PatchTSTForPrediction(config).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.4)
    return model


def loaded(there: PatchTSTForPrediction, time: int, steps: int) -> torch.nn.Module:
    block = BLOCKS.get("patch_transformer")(time, steps, 4, 3, 12, 3, 20, 2).double().eval()
    own = dict(there.named_parameters())
    names = {
        "embed": "model.encoder.embedder.input_embedding", "head": "head.projection",
        "positions": "model.encoder.positional_encoder.position_enc",
    }  # fmt: skip
    for layer in range(2):
        here, far = f"layers.{layer}", f"model.encoder.layers.{layer}"
        pairs = {"attention.out": "self_attn.out_proj", "around_attention.norm": "norm_sublayer1", "feed.0": "ff.0",
                 "feed.3": "ff.3", "around_feed.norm": "norm_sublayer3"}  # fmt: skip
        names |= {f"{here}.{own_name}": f"{far}.{other}" for own_name, other in pairs.items()}
    state: dict[str, Tensor] = {}
    for name in block.state_dict():
        if ".qkv." in name:
            far = name.replace("layers", "model.encoder.layers").replace("attention.qkv", "self_attn.{}_proj")
            state[name] = torch.cat([own[far.format(part)] for part in "qkv"])
            continue
        key = next(key for key in names if name == key or name.startswith(f"{key}."))
        state[name] = next(
            value for far, value in own.items() if far.startswith(names[key]) and far.endswith(name[len(key) :])
        )
    block.load_state_dict(state)
    return block


@pytest.mark.parametrize(("time", "steps"), [(16, 5), (18, 7)])
def test_it_is_hugging_face_s(time: int, steps: int) -> None:
    there = published(time, steps)
    block, results = loaded(there, time, steps), []
    x = normal(2, time, 3) * 3 + 1
    direction = normal(2, steps, 3)
    for forecast in (lambda x: there(past_values=x).prediction_outputs, block):
        leaf = x.clone().requires_grad_()
        y = forecast(leaf)
        (gradient,) = torch.autograd.grad(y, leaf, direction)
        results.append((y, gradient))
    for mine, other in zip(*results, strict=True):
        same(mine, other, 1e-8)


def test_each_series_is_by_itself_whatever_its_level_and_scale() -> None:
    block, x = BLOCKS.get("patch_transformer")(12, 4, 4, 2, 8, 2).double().eval(), normal(2, 12, 3)
    y, scale = block(x), torch.tensor([1e3, 2.0, 50.0], dtype=torch.float64)
    same(block(x[..., 1:2]), y[..., 1:2])
    same(block(x * scale + 7), y * scale + 7, 1e-3)  # up to the ε beside the variance
    exports(block, x)


def test_a_patch_longer_than_the_window_is_refused() -> None:
    with pytest.raises(ValueError, match="patch_transformer: size: expected at most the window's 9 steps, got 16"):
        BLOCKS.get("patch_transformer")(9, 4)
