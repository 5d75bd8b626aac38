"""EfficientNet: inverted residuals with gates, scaled in width, depth and size of the image together.

    stem – blocks – conv 1×1 – norm – silu – average – dropout – dense classes
    block   x' + drop(norm(conv 1×1(gate(silu(norm(depthwise k×k ↓stride(silu(norm(conv 1×1 ×expand(x)))))))))

    stage    repeats   kernel   stride   expand   channels        size   width   depth   input   dropout
    1        1         3        1        1        16              0      1.0     1.0     224     0.2
    2        2         3        2        6        24              1      1.0     1.1     240     0.2
    3        2         5        2        6        40              2      1.1     1.2     260     0.3
    4        3         3        2        6        80              3      1.2     1.4     300     0.3
    5        3         5        1        6        112             4      1.4     1.8     380     0.4
    6        4         5        2        6        192             5      1.6     2.2     456     0.4
    7        1         3        1        6        320             6      1.8     2.6     528     0.5
                                                                  7      2.0     3.1     600     0.5

Channels are multiplied by width and rounded to a multiple of eight, repeats by depth and rounded up. A gate's hidden
layer has a quarter of what its block reads. Bodies are left out with a rate that grows to 0.2 (stochastic depth).
Source: M. Tan, Q. Le, EfficientNet: rethinking model scaling for convolutional neural networks, 2019,
https://arxiv.org/abs/1905.11946. As torchvision's, whose edges are symmetric where TensorFlow's are not.
Parameters: 1000 classes, size 0: 5,288,548, 1: 7,794,184, 2: 9,109,994, 3: 12,233,232, 4: 19,341,616, 7: 66,347,960.
"""

import math
from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Node
from weftnet.errors import SettingError
from weftnet.zoo._gated import Gated, gated
from weftnet.zoo._inverted import SCALED, Edges, normed, rounded
from weftnet.zoo._write import block, dropout, network

#: width, depth, side of the image, rate of dropout
_SIZES = (
    (1.0, 1.0, 224, 0.2), (1.0, 1.1, 240, 0.2), (1.1, 1.2, 260, 0.3), (1.2, 1.4, 300, 0.3), (1.4, 1.8, 380, 0.4),
    (1.6, 2.2, 456, 0.4), (1.8, 2.6, 528, 0.5), (2.0, 3.1, 600, 0.5),
)  # fmt: skip
_STEM, _LAST, _DROP = 32, 1280, 0.2


def efficientnet(
    size: int = 0, edges: Literal["same", "tensorflow"] = "same", eps: float = 1e-5, classes: int | None = None
) -> Architecture:
    """One of the eight sizes.

    Args:
        size: 0 to 7: wider and deeper, for larger images.
        edges: how convolutions with a stride pad, see conv2d.
        eps: of the norms.
        classes: outputs; without it the features come out.
    """
    if size not in range(len(_SIZES)) or edges not in ("same", "tensorflow"):
        expected, got = "size 0 to 7, edges same or tensorflow", f"size {size}, edges {edges}"
        raise SettingError("no such network", where="zoo efficientnet", expected=expected, got=got)
    how, (width, depth, _, rate) = Edges(edges, eps), _SIZES[size]
    before, blocks = rounded(_STEM * width), list[Node]()
    total = sum(math.ceil(repeats * depth) for repeats, *_ in SCALED)
    for repeats, kernel, stride, expand, channels in SCALED:
        now = rounded(channels * width)
        for i in range(math.ceil(repeats * depth)):
            gate = {"hidden": max(1, before // 4), "activation": "silu"}
            drop = _DROP * len(blocks) / total
            each = Gated(kernel, 1 if i else stride, before, before * expand, now, "silu", gate, drop)
            blocks.append(gated(each, how))
            before = now
    return network(
        [*normed(rounded(_STEM * width), 3, 2, how), block("silu")], blocks,
        [*normed(rounded(_LAST * width), 1, 1, how), block("silu"), block("global_average_pool2d"), *dropout(rate)],
        classes=classes,
    )  # fmt: skip


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {}, "image:3x33x40"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    counts = {0: 5_288_548, 1: 7_794_184, 2: 9_109_994, 3: 12_233_232, 4: 19_341_616, 7: 66_347_960}  # torchvision's
    return [
        ({"size": size, "classes": 1000}, f"image:3x{_SIZES[size][2]}x{_SIZES[size][2]}", count)
        for size, count in counts.items()
    ]
