"""MobileNetV3: inverted residuals with gates, for phones, in two sizes.

    stem – blocks – conv 1×1 – average – dense – hard swish – dropout – dense classes
    block   x' + norm(conv 1×1(gate(f(norm(depthwise k×k ↓stride(f(norm(conv 1×1(x)))))))))        f: relu or hard swish

Kernels, widths, gates and activations were found by a search; see the tables in the source.
Source: A. Howard and others, Searching for MobileNetV3, 2019, https://arxiv.org/abs/1905.02244, tables 1 and 2.
As torchvision's.
Parameters: 1000 classes, large: 5,483,032, small: 2,542,856.
"""

from typing import Any, Literal

from weftnet.architecture.spec import Architecture
from weftnet.errors import SettingError
from weftnet.zoo._gated import Gated, gated
from weftnet.zoo._inverted import Edges, normed, rounded
from weftnet.zoo._write import block, dropout, network

_R, _H = "relu", "hard_swish"
#: kernel, channels inside, channels, whether gated, activation, stride
_LARGE = (
    (3, 16, 16, False, _R, 1), (3, 64, 24, False, _R, 2), (3, 72, 24, False, _R, 1), (5, 72, 40, True, _R, 2),
    (5, 120, 40, True, _R, 1), (5, 120, 40, True, _R, 1), (3, 240, 80, False, _H, 2), (3, 200, 80, False, _H, 1),
    (3, 184, 80, False, _H, 1), (3, 184, 80, False, _H, 1), (3, 480, 112, True, _H, 1), (3, 672, 112, True, _H, 1),
    (5, 672, 160, True, _H, 2), (5, 960, 160, True, _H, 1), (5, 960, 160, True, _H, 1),
)  # fmt: skip
_SMALL = (
    (3, 16, 16, True, _R, 2), (3, 72, 24, False, _R, 2), (3, 88, 24, False, _R, 1), (5, 96, 40, True, _H, 2),
    (5, 240, 40, True, _H, 1), (5, 240, 40, True, _H, 1), (5, 120, 48, True, _H, 1), (5, 144, 48, True, _H, 1),
    (5, 288, 96, True, _H, 2), (5, 576, 96, True, _H, 1), (5, 576, 96, True, _H, 1),
)  # fmt: skip
_EDGES = Edges(eps=1e-3, momentum=0.01)
_STEM = 16


def mobilenet_v3(
    size: Literal["large", "small"] = "large", width: float = 1.0, classes: int | None = None
) -> Architecture:
    """One of the two sizes.

    Args:
        size: large or small.
        width: factor of the channels.
        classes: outputs; without it the 1280 or 1024 features come out.
    """
    if size not in ("large", "small") or not width > 0:
        got = f"size {size}, width {width}"
        raise SettingError("no such network", where="zoo mobilenet_v3", expected="large or small, width > 0", got=got)
    table, last, hidden = (_LARGE, 960, 1280) if size == "large" else (_SMALL, 576, 1024)
    before, blocks = rounded(_STEM * width), []
    for kernel, inside, channels, squeezed, activation, stride in table:
        wide, now = rounded(inside * width), rounded(channels * width)
        gate = {"hidden": rounded(wide / 4), "gate": "hard"} if squeezed else None
        blocks.append(gated(Gated(kernel, stride, before, wide, now, activation, gate), _EDGES))
        before = now
    return network(
        [*normed(rounded(_STEM * width), 3, 2, _EDGES), block(_H)], blocks,
        [*normed(rounded(last * width), 1, 1, _EDGES), block(_H), block("global_average_pool2d")],
        [block("dense", dim=hidden), block(_H), *dropout(0.2)], classes=classes,
    )  # fmt: skip


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"size": "small", "width": 0.25}, "image:3x33x40"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 1000}, "image:3x224x224", 5_483_032),  # torchvision's documentation
        ({"size": "small", "classes": 1000}, "image:3x224x224", 2_542_856),
    ]
