"""CoAtNet: convolutions while the image is large, attention between all of its pixels once it is small.

    stem    conv 3×3 ↓2 – norm – gelu – conv 3×3
    C       x' + drop(conv 1×1(gate(gelu(norm(depthwise 3×3 ↓stride(gelu(norm(conv 1×1 ×4(norm(x)))))))))
    T       h = x' + drop(attention(norm(x) ↓stride)),   y = h + drop(conv 1×1(gelu(conv 1×1 ×4(norm(h)))))
    stages C, C, T, T, each halving the image first – average – norm – dense – tanh – dense classes

↓ halves: by means of 2×2 pixels where no convolution does; x' is x, or its means of 2×2 pixels, conv 1×1. The norms
of C are over the batch, those of T over the channels of a pixel; attention has a bias by how far pixels lie apart
(`relative_attention2d`), 32 channels a head. Bodies are left out with a rate that grows to `drop`.

    size    layers       channels               stem    parameters, in the paper
    0       2 3 5 2      96 192 384 768         64      25 M
    1       2 6 14 2     96 192 384 768         64      42 M
    2       2 6 14 2     128 256 512 1024       128     75 M
    3       2 6 14 2     192 384 768 1536       192     168 M
    4       2 12 28 2    192 384 768 1536       192     275 M

Source: Z. Dai, H. Liu, Q. Le, M. Tan, CoAtNet: marrying convolution and attention for all data sizes, 2021,
https://arxiv.org/abs/2106.04803, table 3 and equation 5; the order of norms, activations and gates as in timm's
`coatnet_0_224` … `coatnet_4_224`.
Parameters: 224×224 pixels, 1000 classes, size 0: 25,036,820, 1: 42,225,776, 2: 74,684,744, 3: 166,966,264,
4: 275,425,288.
"""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture, Chain, Node, Residual
from weftnet.errors import SettingError
from weftnet.zoo._write import block, chain, network

#: layers of the stages, channels of the first, width of the stem
_SIZES = (
    ((2, 3, 5, 2), 96, 64), ((2, 6, 14, 2), 96, 64), ((2, 6, 14, 2), 128, 128), ((2, 6, 14, 2), 192, 192),
    ((2, 12, 28, 2), 192, 192),
)  # fmt: skip
_EXPAND, _CONVOLVED = 4, 2


def coatnet(
    size: int = 0,
    layers: Sequence[int] | None = None,
    channels: int | None = None,
    head: int = 32,
    drop: float = 0.2,
    classes: int | None = None,
) -> Architecture:
    """One of five sizes, or one of your own.

    Args:
        size: 0 to 4.
        layers: of each stage, instead of those of a size; the first two stages convolve, further ones attend.
        channels: of the first stage, likewise; they double with each stage.
        head: channels of an attention head.
        drop: the largest share of examples for which a body is left out, in training.
        classes: outputs; without it the features come out.
    """
    known = size in range(len(_SIZES))
    own = _SIZES[size if known else 0]
    counts, width = own[0] if layers is None else tuple(layers), own[1] if channels is None else channels
    stem = own[2] if channels is None else channels
    if not known or not counts or min(counts) < 1 or width < 1 or head < 1 or width % head or not 0 <= drop < 1:
        got = f"size {size}, layers {layers}, channels {channels}, head {head}, drop {drop}"
        expected = "size 0 to 4, or layers and channels, a multiple of head; drop from 0 to below 1"
        raise SettingError("no such network", where="zoo coatnet", expected=expected, got=got)
    nodes: list[Node] = [
        *_conv(stem, 3, stride=2), block("gelu"), block("conv2d", channels=stem, kernel=3, bias=False),
    ]  # fmt: skip
    before, done, total = stem, 0, sum(counts)
    for stage, count in enumerate(counts):
        now = width * 2**stage
        for i in range(count):
            rate = drop * done / max(total - 1, 1)
            left_out: list[Node] = [block("input_dropout", rate=rate)] if rate else []
            shortcut = _shortcut(before, now) if i == 0 else None
            if stage < _CONVOLVED:
                nodes.append(Residual(chain(_convolved(now, 2 if i == 0 else 1), left_out), shortcut))
            else:
                halve = [block("average_pool2d", size=2)] if i == 0 else []
                read = block("relative_attention2d", channels=now, heads=now // head)
                nodes += [Residual(chain(_norm(), halve, read, left_out), shortcut), _further(now, left_out)]
            before, done = now, done + 1
    ends = [block("global_average_pool2d"), block("layer_norm", eps=1e-6)]
    hidden = [block("dense", dim=before), block("tanh")]
    return network(nodes, ends, hidden, classes=classes)


def _conv(channels: int, kernel: int, **more: Any) -> list[Node]:
    return [block("conv2d", channels=channels, kernel=kernel, bias=False, **more), block("batch_norm2d")]


def _norm() -> Node:
    return block("layer_norm2d")


def _shortcut(before: int, now: int) -> Chain:
    widened = [block("conv2d", channels=now, kernel=1)] if now != before else []
    return chain(block("average_pool2d", size=2), widened)


def _convolved(channels: int, stride: int) -> list[Node]:
    wide = _EXPAND * channels
    return [
        block("batch_norm2d"), *_conv(wide, 1), block("gelu"),
        *_conv(wide, 3, groups=wide, **({"stride": stride} if stride > 1 else {})), block("gelu"),
        block("squeeze_excite", hidden=channels // 4, activation="silu"), block("conv2d", channels=channels, kernel=1),
    ]  # fmt: skip


def _further(channels: int, left_out: list[Node]) -> Residual:
    wide = block("conv2d", channels=_EXPAND * channels, kernel=1)
    return Residual(chain(_norm(), wide, block("gelu"), block("conv2d", channels=channels, kernel=1), left_out))


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"layers": [1, 1, 2], "channels": 8, "head": 4}, "image:3x32x48"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    counts = (25_036_820, 42_225_776, 74_684_744, 166_966_264, 275_425_288)  # of timm's networks
    return [({"size": size, "classes": 1000}, "image:3x224x224", count) for size, count in enumerate(counts)]
