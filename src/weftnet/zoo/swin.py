"""Swin Transformer: attention within windows, which are shifted from layer to layer, on images that halve.

    conv 4×4 ↓4 – norm – stage – (2×2 pixels to one, norm, conv 1×1 – stage) three times – norm – average – classes
    layer   h = x + drop(attention(norm(x))),   y = h + drop(conv 1×1(gelu(conv 1×1 to 4·channels(norm(h)))))

norm is over the channels of each pixel; every second layer's windows are shifted by half of their side; bodies are left
out with a rate that grows to `drop`.

    size     layers      heads          channels                size     layers      heads          channels
    tiny     2 2 6 2     3 6 12 24      96 192 384 768          base     2 2 18 2    4 8 16 32      128 256 512 1024
    small    2 2 18 2    3 6 12 24      96 192 384 768

Source: Z. Liu and others, Swin Transformer: hierarchical vision transformer using shifted windows, 2021,
https://arxiv.org/abs/2103.14030.
Differs in the order of the four pixels' channels where pixels are merged, which is one of the weights' rows.
Parameters: 1000 classes, tiny: 28,288,354, small: 49,606,258, base: 87,768,224.
"""

from collections.abc import Sequence
from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Node, Residual
from weftnet.errors import SettingError
from weftnet.zoo._write import block, chain, network

#: layers of each stage, channels of the first; a head has 32
_SIZES = {"tiny": ((2, 2, 6, 2), 96), "small": ((2, 2, 18, 2), 96), "base": ((2, 2, 18, 2), 128)}
_EPS = 1e-5


def swin(
    size: Literal["tiny", "small", "base"] = "tiny",
    layers: Sequence[int] | None = None,
    channels: int | None = None,
    head: int = 32,
    patch: int = 4,
    window: int = 7,
    drop: float = 0.1,
    classes: int | None = None,
) -> Architecture:
    """One of three sizes, or one of your own.

    Args:
        size: tiny, small or base.
        layers: of each stage, instead of those of a size.
        channels: of the first stage, likewise; they double with each stage.
        head: channels of an attention head.
        patch: height and width of the patches that the stem makes pixels of.
        window: pixels of a window's side.
        drop: the largest share of examples for which a body is left out, in training.
        classes: outputs; without it the features come out.
    """
    own = _SIZES.get(size, ((), 0))
    counts, width = (own[0] if layers is None else tuple(layers)), own[1] if channels is None else channels
    if not counts or min(counts) < 1 or width < 1 or head < 1 or width % head or not 0 <= drop < 1:
        got = f"size {size}, layers {layers}, channels {channels}, head {head}, drop {drop}"
        expected = "size tiny, small or base, or layers and channels, a multiple of head; drop from 0 to below 1"
        raise SettingError("no such network", where="zoo swin", expected=expected, got=got)
    nodes: list[Node] = [block("conv2d", channels=width, kernel=patch, stride=patch, padding="valid"), _norm()]
    done, total = 0, sum(counts)
    for stage, count in enumerate(counts):
        now = width * 2**stage
        merged = [block("space_to_depth2d"), _norm(), block("conv2d", channels=now, kernel=1, bias=False)]
        nodes += merged if stage else []
        for i in range(count):
            left_out = drop * done / max(total - 1, 1)
            sizes = {"heads": now // head, "window": window, **({"shifted": True} if i % 2 else {})}
            nodes += [
                _around(left_out, block("window_attention2d", **sizes)),
                _around(
                    left_out, block("conv2d", channels=4 * now, kernel=1), block("gelu"),
                    block("conv2d", channels=now, kernel=1),
                ),
            ]  # fmt: skip
            done += 1
    return network(nodes, [_norm(), block("global_average_pool2d")], classes=classes)


def _norm() -> Node:
    return block("layer_norm2d", eps=_EPS)


def _around(drop: float, *body: Node) -> Residual:
    return Residual(chain(_norm(), body, [block("input_dropout", rate=drop)] if drop else []))


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"layers": [2, 1], "channels": 8, "head": 4, "patch": 2, "window": 3}, "image:3x12x16"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    counts = {"tiny": 28_288_354, "small": 49_606_258, "base": 87_768_224}  # torchvision's documentation
    return [({"size": size, "classes": 1000}, "image:3x224x224", count) for size, count in counts.items()]
