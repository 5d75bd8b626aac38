"""DenseNet: every layer reads the features of all layers before it in its block.

    stem – dense block – transition – dense block – … – norm – relu – average – dense classes
    dense block    layers × [ x | conv 3×3 to growth(relu(norm(conv 1×1 to 4·growth(relu(norm(x)))))) ]
    transition     norm – relu – conv 1×1 to half of the channels – average pool by 2

[ | ] concatenates channels: a layer adds `growth` of them to what is there, and nothing is computed twice.

    depth   layers a block   growth   stem
    121     6 12 24 16       32       64
    169     6 12 32 32       32       64
    201     6 12 48 32       32       64

Source: G. Huang, Z. Liu, L. van der Maaten, K. Weinberger, Densely connected convolutional networks, 2016,
https://arxiv.org/abs/1608.06993. The stem "small" (a 3×3 convolution, no pooling) is what its CIFAR versions use.
Parameters: 1000 classes, depth 121: 7,978,856, 169: 14,149,480, 201: 20,013,928.
"""

from collections.abc import Sequence
from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Node, Parallel
from weftnet.errors import SettingError
from weftnet.zoo._residual import conv_norm
from weftnet.zoo._write import block, chain, network

_LAYERS = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}


def densenet(
    depth: Literal[121, 169, 201] = 121,
    growth: int = 32,
    layers: Sequence[int] | None = None,
    stem: Literal["imagenet", "small"] = "imagenet",
    classes: int | None = None,
) -> Architecture:
    """A densely connected network.

    Args:
        depth: layers with weights.
        growth: channels that each layer adds.
        layers: of each block, instead of those of a depth.
        stem: "imagenet" shrinks the image fourfold at once, "small" keeps it.
        classes: outputs; without it the features come out.
    """
    counts = _LAYERS.get(depth, ()) if layers is None else tuple(layers)
    if not counts or min(counts) < 1 or growth < 1 or stem not in ("imagenet", "small"):
        expected = "depth 121, 169 or 201, or layers of each block; growth from 1 on; stem imagenet or small"
        got = f"depth {depth}, layers {layers}, growth {growth}, stem {stem}"
        raise SettingError("no such network", where="zoo densenet", expected=expected, got=got)
    channels, nodes = 2 * growth, list[Node]()
    nodes += [*conv_norm(channels, 7, 2)] if stem == "imagenet" else [*conv_norm(channels, 3)]
    nodes += [block("relu"), *([block("max_pool2d", size=3, stride=2, padding=1)] if stem == "imagenet" else [])]
    for number, count in enumerate(counts):
        nodes += [_layer(growth)] * count
        channels += count * growth
        if number < len(counts) - 1:
            channels //= 2
            nodes += [*_activated(), block("conv2d", channels=channels, kernel=1, bias=False), block("average_pool2d")]
    return network(nodes, _activated(), block("global_average_pool2d"), classes=classes)


def _layer(growth: int) -> Parallel:
    """What there is, and some more channels made of it."""
    body = chain(
        _activated(), conv_norm(4 * growth, 1), block("relu"),
        block("conv2d", channels=growth, kernel=3, bias=False),
    )  # fmt: skip
    return Parallel((block("dropout", rate=0.0), body))  # the identity: a branch needs a block


def _activated() -> list[Node]:
    return [block("batch_norm2d"), block("relu")]


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"growth": 4, "layers": [2, 3], "stem": "small"}, "image:3x8x10"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    counts = {121: 7_978_856, 169: 14_149_480, 201: 20_013_928}  # torchvision's documentation
    return [({"depth": depth, "classes": 1000}, "image:3x224x224", count) for depth, count in counts.items()]
