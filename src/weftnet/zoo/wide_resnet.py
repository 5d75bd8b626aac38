"""Wide residual networks for small images: few layers, many channels, activation before the convolutions.

    conv 3×3 (16) – stage(16·widen) – stage(32·widen) – stage(64·widen) – norm – relu – average – dense classes
    block        x' + conv 3×3(dropout(relu(norm(conv 3×3 ↓stride(a)))))          a = relu(norm(x))
                 x' = x, or conv 1×1 ↓stride(a) at the beginning of a stage

Source: S. Zagoruyko, N. Komodakis, Wide residual networks, 2016, https://arxiv.org/abs/1605.07146; activation before:
K. He and others, Identity mappings in deep residual networks, 2016, https://arxiv.org/abs/1603.05027.
Parameters: depth 28, widen 10, 32×32×3, 10 classes: 36,479,194 (36.5 M in the paper); depth 40, widen 4: 8,949,210.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Chain, Node, Residual
from weftnet.errors import SettingError
from weftnet.zoo._write import block, chain, network
from weftnet.zoo._write import dropout as dropped


def wide_resnet(depth: int = 28, widen: int = 10, dropout: float = 0.0, classes: int | None = None) -> Architecture:
    """A wide residual network for images of 8 to 64 pixels.

    Args:
        depth: layers with weights, 6 n + 4.
        widen: how many times wider than a plain residual network.
        dropout: rate between the convolutions of a block, in training.
        classes: outputs; without it the 64·widen features come out.
    """
    if depth < 10 or depth % 6 != 4 or widen < 1:
        expected, got = "depth 10, 16, 22, 28 …, widen from 1 on", f"depth {depth}, widen {widen}"
        raise SettingError("no such network", where="zoo wide_resnet", expected=expected, got=got)
    nodes: list[Node] = [_conv(16, 3)]
    for stage in range(3):
        channels = 16 * 2**stage * widen
        for i in range((depth - 4) // 6):
            stride = 2 if stage and not i else 1
            body = chain(_conv(channels, 3, stride), _activated(), dropped(dropout), _conv(channels, 3))
            if i == 0:
                nodes.append(chain(_activated(), Residual(body, chain(_conv(channels, 1, stride)))))
            else:
                nodes.append(Residual(chain(_activated(), body.nodes)))
    return network(nodes, _activated(), block("global_average_pool2d"), classes=classes)


def _conv(channels: int, kernel: int, stride: int = 1) -> Node:
    return block("conv2d", channels=channels, kernel=kernel, stride=stride, bias=False)


def _activated() -> Chain:
    return chain(block("batch_norm2d"), block("relu"))


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"depth": 10, "widen": 1}, "image:3x9x8"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 10}, "image:3x32x32", 36_479_194),  # https://github.com/szagoruyko/wide-residual-networks, PyTorch
    ]
