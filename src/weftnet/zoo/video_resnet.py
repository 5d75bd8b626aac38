"""Residual networks whose convolutions go over time too: for videos.

    stem – four stages of two basic blocks, the last three halving time and image and doubling the channels – average
    block   relu(x' + norm(conv(relu(norm(conv ↓stride(x))))))

    kind       stem                                    conv, 3×3×3 in time, height and width
    3d         3×7×7 ↓(1, 2, 2), 64                    3×3×3
    mixed      the same                                3×3×3 in the first stage, further ones 1×3×3: within frames
    (2+1)d     1×7×7 ↓(1, 2, 2), 45 – 3×1×1, 64        1×3×3 to m channels – norm – relu – 3×1×1

m = ⌊27·in·out / (9·in + 3·out)⌋, so that a (2+1)-D convolution has as many weights as a 3-D one.
Source: D. Tran and others, A closer look at spatiotemporal convolutions for action recognition, 2018,
https://arxiv.org/abs/1711.11248: R3D, MC3 and R(2+1)D of 18 layers. As torchvision's `r3d_18`, `mc3_18`,
`r2plus1d_18`.
Parameters: 400 classes, 3d: 33,371,472, mixed: 11,695,440, (2+1)d: 31,505,325.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Chain, Node, Residual
from weftnet.errors import SettingError
from weftnet.zoo._weights import Checkpoint, Found, Names
from weftnet.zoo._write import block, chain, network

_KINDS = ("3d", "mixed", "(2+1)d")
_FRAME = {"kernel": [1, 3, 3]}


def video_resnet(
    kind: Literal["3d", "mixed", "(2+1)d"] = "(2+1)d",
    widths: Sequence[int] = (64, 128, 256, 512),
    layers: int = 2,
    stem: Literal["large", "small"] = "large",
    classes: int | None = None,
) -> Architecture:
    """A residual network over time, height and width.

    Args:
        kind: of the convolutions.
        widths: channels of each stage.
        layers: blocks of each stage.
        stem: "large" halves the frames with windows of 7×7 pixels, "small" keeps them, with 3×3.
        classes: outputs; without it the features come out.
    """
    if kind not in _KINDS or stem not in ("large", "small") or not widths or min((*widths, layers)) < 1:
        got = f"kind {kind}, widths {list(widths)}, layers {layers}, stem {stem}"
        expected = "kind 3d, mixed or (2+1)d, positive widths and layers, stem large or small"
        raise SettingError("no such network", where="zoo video_resnet", expected=expected, got=got)
    nodes, before = _stem(kind, widths[0], stem), widths[0]
    for stage, width in enumerate(widths):
        for i in range(layers):
            stride = 2 if stage and i == 0 else 1
            nodes += _block(kind, stage, before, width, stride)
            before = width
    return network(nodes, block("global_average_pool3d"), classes=classes)


def _normed(channels: int, kernel: list[int], stride: list[int] | None = None) -> list[Node]:
    strides = {"stride": stride} if stride and max(stride) > 1 else {}
    return [block("conv3d", channels=channels, kernel=kernel, bias=False, **strides), block("batch_norm3d")]


def _stem(kind: str, width: int, stem: str) -> list[Node]:
    side, stride = (7, [1, 2, 2]) if stem == "large" else (3, None)
    if kind != "(2+1)d":
        return [*_normed(width, [3, side, side], stride), block("relu")]
    narrow = max(1, width * 45 // 64)
    return [
        *_normed(narrow, [1, side, side], stride), block("relu"), *_normed(width, [3, 1, 1]), block("relu"),
    ]  # fmt: skip


def _block(kind: str, stage: int, before: int, width: int, stride: int) -> list[Node]:
    flat = kind == "mixed" and stage > 0
    between = 27 * before * width // (9 * before + 3 * width)
    shorter = [1, stride, stride] if flat else [stride] * 3

    def conv(stride: int) -> list[Node]:
        if kind == "(2+1)d":
            within = _normed(between, [1, 3, 3], [1, stride, stride])
            return [*within, block("relu"), *_normed(width, [3, 1, 1], [stride, 1, 1])]
        return _normed(width, [1, 3, 3], [1, stride, stride]) if flat else _normed(width, [3, 3, 3], [stride] * 3)

    shortcut: Chain | None = chain(_normed(width, [1, 1, 1], shorter)) if stride > 1 or before != width else None
    return [Residual(chain(conv(stride), block("relu"), conv(1)), shortcut), block("relu")]


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"widths": [4, 6], "layers": 1, "stem": "small"}, "video:5x3x8x12"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    counts = {"3d": 33_371_472, "mixed": 11_695_440, "(2+1)d": 31_505_325}  # torchvision's documentation
    return [({"kind": kind, "classes": 400}, "video:16x3x112x112", count) for kind, count in counts.items()]


def weights() -> list[Checkpoint]:
    """Checkpoints that are known."""
    marks = ("stem.0.weight", "layer1.0.conv1.1.weight", "layer4.0.downsample.0.weight", "fc.weight")
    return [Checkpoint("torchvision", marks, _settings, _names, recipe={"lr": 1e-3})]


def _settings(found: Found) -> dict[str, Any]:
    factored = found.has("layer1.0.conv1.0.0.weight")
    flat = not factored and found.size("layer2.0.conv1.0.weight", 2) == 1
    counts = {found.count(f"layer{number}.#.") for number in (1, 2, 3, 4)}
    if counts != {2} or found.size("layer1.0.conv2.1.weight") != 64:
        raise ValueError(f"stages of {counts} blocks and {found.size('layer1.0.conv2.1.weight')} channels")
    kind = "(2+1)d" if factored else "mixed" if flat else "3d"
    return {"kind": kind, "classes": found.size("fc.weight")}


def _names(settings: Mapping[str, Any]) -> Names:
    factored = settings["kind"] == "(2+1)d"
    names = {str(k): f"stem.{k}" for k in ((0, 1, 3, 4) if factored else (0, 1))}
    number = 6 if factored else 3
    for stage in range(4):
        for i in range(2):
            here, there = f"{number}.body", f"layer{stage + 1}.{i}"
            if factored:
                inner = {0: "conv1.0.0", 1: "conv1.0.1", 3: "conv1.0.3", 4: "conv1.1"}
                inner |= {6: "conv2.0.0", 7: "conv2.0.1", 9: "conv2.0.3", 10: "conv2.1"}
            else:
                inner = {0: "conv1.0", 1: "conv1.1", 3: "conv2.0", 4: "conv2.1"}
            names |= {f"{here}.{k}": f"{there}.{name}" for k, name in inner.items()}
            if stage and i == 0:
                names |= {f"{number}.shortcut.{k}": f"{there}.downsample.{k}" for k in (0, 1)}
            number += 2
    return {**names, str(number + 1): "fc"}
