"""Networks for images against those of transformers, with random weights copied over: the same values.

Weights are copied layer by layer, since names differ between versions of transformers.
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


def both(layer: Any, image: bool = False) -> list[Tensor]:
    """Weight and bias; of a dense layer as those of a convolution of single pixels."""
    weight = layer.weight[:, :, None, None] if image and isinstance(layer, nn.Linear) else layer.weight
    return [weight] if layer.bias is None else [weight, layer.bias]


def test_convnext_is_transformers_s() -> None:
    config = transformers.ConvNextConfig(
        hidden_sizes=[8, 16, 32], depths=[1, 2, 1], num_labels=5, num_stages=3, layer_norm_eps=1e-6
    )
    theirs = shaken(transformers.ConvNextForImageClassification(config))
    ours = network(ZOO.get("convnext")(blocks=[1, 2, 1], channels=8, classes=5), "image:3x32x48")
    assert count(ours) == count(theirs)
    body = theirs.convnext
    weights = [*both(body.embeddings.patch_embeddings), *both(body.embeddings.layernorm)]
    for stage in body.encoder.stages:
        for layer in stage.downsampling_layer:
            weights += both(layer)
        for layer in stage.layers:
            weights += [*both(layer.dwconv), *both(layer.layernorm), *both(layer.pwconv1, True)]
            weights += [*both(layer.pwconv2, True), layer.layer_scale_parameter]
    fill(ours, [*weights, *both(body.layernorm), *both(theirs.classifier)])
    x = torch.randn(2, 3, 32, 48, dtype=torch.float64)
    same(ours(x), theirs(x).logits, 1e-9)


def test_swin_is_transformers_s() -> None:
    """Also where windows don't divide the image; the four merged pixels come in another order."""
    config = transformers.SwinConfig(
        image_size=(40, 56), patch_size=4, embed_dim=8, depths=[2, 2], num_heads=[2, 4], window_size=3, num_labels=5,
    )  # fmt: skip
    theirs = shaken(transformers.SwinForImageClassification(config))
    ours = network(ZOO.get("swin")(layers=[2, 2], channels=8, head=4, window=3, classes=5), "image:3x40x56")
    assert count(ours) == count(theirs)
    body = theirs.swin
    weights = [*both(body.embeddings.patch_embeddings.projection), *both(body.embeddings.norm)]
    for number, stage in enumerate(body.encoder.layers):
        if number:
            merging = body.encoder.layers[number - 1].downsample
            weights += [*map(reordered, both(merging.norm)), reordered(merging.reduction.weight)[:, :, None, None]]
        for layer in stage.blocks:
            weights += [*both(layer.layernorm_before), *attention(layer), *both(layer.layernorm_after)]
            weights += feed_forward(layer)
    fill(ours, [*weights, *both(body.layernorm), *both(theirs.classifier)])
    x = torch.randn(2, 3, 40, 56, dtype=torch.float64)
    same(ours(x), theirs(x).logits, 1e-9)


def reordered(weight: Tensor) -> Tensor:
    """(…, 4·channels) of pixels (0,0), (1,0), (0,1), (1,1), each with all channels, as ours: channel by channel."""
    four = weight.unflatten(-1, (4, -1))[..., [0, 2, 1, 3], :]
    return four.transpose(-1, -2).flatten(-2)


def attention(layer: Any) -> Iterator[Tensor]:
    """Our order: the table, then queries, keys and values together, then the output."""
    named = {name: weight for name, weight in layer.named_parameters() if "attention" in name}
    table = [weight for name, weight in named.items() if "bias_table" in name]
    dense = [weight for name, weight in named.items() if "bias_table" not in name]
    query, query_bias, key, key_bias, value, value_bias, out, out_bias = dense
    yield from table
    yield torch.cat([query, key, value])
    yield torch.cat([query_bias, key_bias, value_bias])
    yield from (out, out_bias)


def feed_forward(layer: Any) -> Iterator[Tensor]:
    """The dense layers behind the attention, as convolutions of single pixels."""
    for name, weight in layer.named_parameters():
        if "attention" not in name and "norm" not in name:
            yield weight[:, :, None, None] if weight.ndim == 2 else weight


def test_efficientnet_is_transformers_s() -> None:
    """With TensorFlow's edges, and its ε."""
    config = transformers.EfficientNetConfig(
        width_coefficient=1.0, depth_coefficient=1.0, hidden_dim=1280, image_size=64, num_labels=5,
    )  # fmt: skip
    theirs = transformers.EfficientNetForImageClassification(config)
    theirs = shaken(theirs)
    ours = network(ZOO.get("efficientnet")(edges="tensorflow", eps=1e-3, classes=5), "image:3x64x96")
    assert count(ours) == count(theirs)
    weights: list[Tensor] = []
    statistics: list[Tensor] = []
    for module in theirs.modules():
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d | nn.Linear):
            gate = isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) and module.bias is not None
            weights += [
                module.weight[:, :, 0, 0] if gate else module.weight,
                *([] if module.bias is None else [module.bias]),
            ]
        if isinstance(module, nn.BatchNorm2d):
            statistics += [module.running_mean, module.running_var]
    fill(ours, weights)
    own = [buffer for name, buffer in ours.named_buffers() if "running" in name]
    for mine, other in zip(own, statistics, strict=True):
        mine.copy_(other)
    x = torch.randn(2, 3, 64, 96, dtype=torch.float64)
    same(ours(x), theirs(x).logits, 1e-8)
