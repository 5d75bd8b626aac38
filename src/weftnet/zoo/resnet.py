"""Residual networks for photographs.

    stem – four stages of residual blocks, each halving the image and doubling the channels – average – dense classes

    depth   blocks a stage   block         channels
    18      2 2 2 2          basic         64 128 256 512
    34      3 4 6 3          basic         64 128 256 512
    50      3 4 6 3          bottleneck    256 512 1024 2048

Source: K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, 2015,
https://arxiv.org/abs/1512.03385.
As torchvision's: a bottleneck's stride is in its 3×3 convolution. The stem "small" (a 3×3 convolution, no pooling) is
what CIFAR versions of these networks use.
Parameters: 1000 classes, depth 18: 11,689,512, 34: 21,797,672, 50: 25,557,032; depth 18, small stem, 10 classes:
11,173,962.
"""

from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Node
from weftnet.errors import SettingError
from weftnet.zoo._residual import basic, bottleneck, conv_norm
from weftnet.zoo._write import block, network

_STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}


def resnet(
    depth: Literal[18, 34, 50] = 18, stem: Literal["imagenet", "small"] = "imagenet", classes: int | None = None
) -> Architecture:
    """A residual network of 18, 34 or 50 layers.

    Args:
        depth: layers with weights.
        stem: "imagenet" shrinks the image fourfold at once, "small" keeps it.
        classes: outputs; without it the 512 or 2048 features come out.
    """
    if depth not in _STAGES or stem not in ("imagenet", "small"):
        raise SettingError(
            "no such network", where="zoo resnet", expected="depth 18, 34 or 50, stem imagenet or small",
            got=f"depth {depth}, stem {stem}",
        )  # fmt: skip
    nodes: list[Node] = []
    if stem == "imagenet":
        nodes += [*conv_norm(64, 7, 2), block("relu"), block("max_pool2d", size=3, stride=2, padding=1)]
    else:
        nodes += [*conv_norm(64, 3), block("relu")]
    for stage, count in enumerate(_STAGES[depth]):
        width = 64 * 2**stage
        for i in range(count):
            stride = 2 if stage and not i else 1
            if depth == 50:
                nodes.append(bottleneck(4 * width, stride, project=not i))
            else:
                nodes.append(basic(width, stride, project=stride > 1))
    return network(nodes, block("global_average_pool2d"), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"stem": "small"}, "image:3x16x16"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"depth": 18, "classes": 1000}, "image:3x224x224", 11_689_512),  # torchvision's documentation
        ({"depth": 34, "classes": 1000}, "image:3x224x224", 21_797_672),
        ({"depth": 50, "classes": 1000}, "image:3x224x224", 25_557_032),
        ({"depth": 18, "stem": "small", "classes": 10}, "image:3x32x32", 11_173_962),
    ]
