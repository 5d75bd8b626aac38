"""ConvNeXt: a convolutional network with what a Transformer taught.

    conv 4×4 ↓4 – norm – stage – (norm – conv 2×2 ↓2 – stage) three times – average – norm – dense classes
    block   x + drop(scale ⊙ conv 1×1(gelu(conv 1×1 to 4·channels(norm(depthwise 7×7(x))))))

norm is over the channels of each pixel; scale starts at 10⁻⁶; bodies are left out with a rate that grows to `drop`.

    size     blocks      channels               size     blocks      channels
    tiny     3 3 9 3     96 192 384 768         base     3 3 27 3    128 256 512 1024
    small    3 3 27 3    96 192 384 768

Source: Z. Liu and others, A ConvNet for the 2020s, 2022, https://arxiv.org/abs/2201.03545. As torchvision's and Hugging
Face's.
Parameters: 1000 classes, tiny: 28,589,128, small: 50,223,688, base: 88,591,464.
"""

from collections.abc import Sequence
from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Node, Residual
from weftnet.errors import SettingError
from weftnet.zoo._write import block, chain, network

#: blocks of each stage, channels of the first
_SIZES = {"tiny": ((3, 3, 9, 3), 96), "small": ((3, 3, 27, 3), 96), "base": ((3, 3, 27, 3), 128)}


def convnext(
    size: Literal["tiny", "small", "base"] = "tiny",
    blocks: Sequence[int] | None = None,
    channels: int | None = None,
    patch: int = 4,
    drop: float = 0.1,
    classes: int | None = None,
) -> Architecture:
    """One of three sizes, or one of your own.

    Args:
        size: tiny, small or base.
        blocks: of each stage, instead of those of a size.
        channels: of the first stage, likewise; they double with each stage.
        patch: height and width of the patches that the stem makes pixels of.
        drop: the largest share of examples for which a block's body is left out, in training.
        classes: outputs; without it the features come out.
    """
    own = _SIZES.get(size, ((), 0))
    counts, width = (own[0] if blocks is None else tuple(blocks)), own[1] if channels is None else channels
    if not counts or min(counts) < 1 or width < 1 or not 0 <= drop < 1:
        got = f"size {size}, blocks {blocks}, channels {channels}, drop {drop}"
        expected = "size tiny, small or base, or blocks and channels; drop from 0 to below 1"
        raise SettingError("no such network", where="zoo convnext", expected=expected, got=got)
    nodes: list[Node] = [_patches(width, patch), block("layer_norm2d")]
    done, total = 0, sum(counts)
    for stage, count in enumerate(counts):
        now = width * 2**stage
        nodes += [block("layer_norm2d"), _patches(now, 2)] if stage else []
        for _ in range(count):
            nodes.append(_block(now, drop * done / max(total - 1, 1)))
            done += 1
    return network(nodes, block("global_average_pool2d"), block("layer_norm", eps=1e-6), classes=classes)


def _patches(channels: int, side: int) -> Node:
    return block("conv2d", channels=channels, kernel=side, stride=side, padding="valid")


def _block(channels: int, drop: float) -> Residual:
    return Residual(chain(
        block("conv2d", channels=channels, kernel=7, groups=channels), block("layer_norm2d"),
        block("conv2d", channels=4 * channels, kernel=1), block("gelu"),
        block("conv2d", channels=channels, kernel=1), block("layer_scale2d"),
        [block("input_dropout", rate=drop)] if drop else [],
    ))  # fmt: skip


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"blocks": [1, 2], "channels": 6, "patch": 2}, "image:3x12x16"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    counts = {"tiny": 28_589_128, "small": 50_223_688, "base": 88_591_464}  # torchvision's documentation
    return [({"size": size, "classes": 1000}, "image:3x224x224", count) for size, count in counts.items()]
