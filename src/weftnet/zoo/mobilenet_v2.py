"""MobileNetV2: inverted residuals for photographs on phones.

    stem – blocks – conv 1×1 – average – dropout – dense classes
    stem, conv     conv – norm – relu6
    block          x' + norm(conv 1×1(relu6(norm(depthwise 3×3 ↓stride(relu6(norm(conv 1×1 ×expand(x))))))))
                   x' = x where neither size nor channels change; nothing otherwise

    expand     1    6    6    6    6    6    6
    channels   16   24   32   64   96   160  320
    repeats    1    2    3    4    3    3    1
    stride     1    2    2    2    1    2    1

Channels are multiplied by width and rounded to a multiple of eight; the last convolution has no fewer than 1280.
Source: M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L. Chen, MobileNetV2: inverted residuals and linear bottlenecks,
2018, https://arxiv.org/abs/1801.04381.
As torchvision's; with `edges: tensorflow` and eps 0.001 as the published weights of the paper.
Parameters: width 1, 1000 classes: 3,504,872.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Chain
from weftnet.errors import SettingError
from weftnet.zoo._inverted import Edges, Inverted, block_names, convolved, inverted, rounded, stages
from weftnet.zoo._weights import IMAGENET_MEAN, IMAGENET_STD, Checkpoint, Found, Names, Picture, Published
from weftnet.zoo._write import block, dropout, network

#: expand, channels, repeats, stride
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
_LAST = 1280


def mobilenet_v2(
    width: float = 1.0, edges: Literal["same", "tensorflow"] = "same", eps: float = 1e-5, classes: int | None = None
) -> Architecture:
    """The network; its convolutions are the node `body`.

    Args:
        width: factor of the channels.
        edges: how convolutions with a stride pad, see conv2d.
        eps: of the norms.
        classes: outputs; without it the features come out.
    """
    if not width > 0 or edges not in ("same", "tensorflow"):
        got = f"width {width}, edges {edges}"
        raise SettingError(
            "no such network", where="zoo mobilenet_v2", expected="width > 0, edges same or tensorflow", got=got
        )
    how = Edges(edges, eps)
    body = [
        *convolved(rounded(32 * width), 3, 2, how),
        *(inverted(each, how) for each in _blocks(width)),
        *convolved(_last(width), 1, 1, how),
    ]
    return network(Chain(tuple(body), label="body"), block("global_average_pool2d"), dropout(0.2), classes=classes)


def _last(width: float) -> int:
    return max(_LAST, rounded(_LAST * width))


def _blocks(width: float) -> Iterator[Inverted]:
    before = rounded(32 * width)
    for expand, channels, repeats, stride in _STAGES:
        now = rounded(channels * width)
        for i in range(repeats):
            yield Inverted(3, 1 if i else stride, expand, before, now)
            before = now


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"width": 0.25}, "image:3x33x40"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [({"classes": 1000}, "image:3x224x224", 3_504_872)]  # torchvision's documentation


def weights() -> list[Checkpoint]:
    """Checkpoints that are known."""
    common: dict[str, Any] = {"recipe": {"lr": 1e-3}}
    hub = "https://huggingface.co/"
    return [
        Checkpoint(
            "torchvision",
            ("features.0.0.weight", "features.1.conv.0.0.weight", "features.18.0.weight"),
            lambda found: _read(found, "features.0.0.weight", "features.18.0.weight", "classifier.1.weight"),
            lambda settings: _names(settings, "torchvision"),
            lambda settings, found: Picture(224, IMAGENET_MEAN, IMAGENET_STD),
            known=[Published("torchvision: mobilenet_v2, ImageNet", "torchvision:mobilenet_v2", "BSD-3-Clause")],
            **common,
        ),
        Checkpoint(
            "timm",
            ("conv_stem.weight", "conv_head.weight", "blocks.0.0.conv_dw.weight"),
            _timm,
            lambda settings: _names(settings, "timm"),
            lambda settings, found: Picture(224, IMAGENET_MEAN, IMAGENET_STD, "bicubic"),
            known=[Published("mobilenetv2_100.ra_in1k", hub + "timm/mobilenetv2_100.ra_in1k", "Apache-2.0")],
            **common,
        ),
        Checkpoint(
            "transformers",
            ("conv_stem.first_conv.convolution.weight", "conv_1x1.convolution.weight"),
            _hugging_face,
            lambda settings: _names(settings, "transformers"),
            lambda settings, found: Picture(224, (127.5,) * 3, (127.5,) * 3),
            prefixes=("mobilenet_v2.",),
            known=[Published("MobileNetV2 1.0, ImageNet", hub + "google/mobilenet_v2_1.0_224")],
            **common,
        ),
    ]  # fmt: skip


def _read(found: Found, stem: str, last: str, head: str) -> dict[str, Any]:
    """The width, by the channels of the stem and before the last convolution; the classes by the last layer."""
    channels, before = found.size(stem), found.size(last, 1)
    for width in (1.0, 0.5, 0.75, 1.1, 1.2, 1.3, 1.4, 0.35, 0.25, 0.1):
        if (rounded(32 * width), rounded(320 * width), _last(width)) == (channels, before, found.size(last)):
            return {"width": width, **({"classes": found.size(head)} if found.has(head) else {})}
    raise ValueError(f"no width has {channels} channels at first and {before} before the last convolution")


def _timm(found: Found) -> dict[str, Any]:
    count = sum(found.count(f"blocks.{stage}.#.") for stage in range(len(_STAGES)))
    if count != len(list(_blocks(1.0))):
        raise ValueError(f"it has {count} blocks")
    return _read(found, "conv_stem.weight", "conv_head.weight", "classifier.weight")


def _hugging_face(found: Found) -> dict[str, Any]:
    found.only("hidden_act", "relu6")
    found.only("expand_ratio", 6)
    found.only("output_stride", 32)
    found.only("first_layer_is_expansion", True)
    sizes = _read(found, "conv_stem.first_conv.convolution.weight", "conv_1x1.convolution.weight", "classifier.weight")
    edges = "tensorflow" if found.config.get("tf_padding", True) else "same"
    return {"edges": edges, "eps": found.config.get("layer_norm_eps", 1e-3), **sizes}


def _names(settings: Mapping[str, Any], naming: str) -> Names:
    blocks = list(_blocks(settings.get("width", 1.0)))
    ends = {
        "torchvision": (("features.0.0", "features.0.1"), ("features.18.0", "features.18.1"), "classifier.1"),
        "timm": (("conv_stem", "bn1"), ("conv_head", "bn2"), "classifier"),
        "transformers": (
            ("conv_stem.first_conv.convolution", "conv_stem.first_conv.normalization"),
            ("conv_1x1.convolution", "conv_1x1.normalization"), "classifier",
        ),
    }  # fmt: skip
    stem, last, head = ends[naming]
    names = {f"body.{k}": name for k, name in enumerate(stem)}
    for i, (each, place) in enumerate(zip(blocks, stages(blocks), strict=True)):
        names |= block_names(each, f"body.{each.path(i + 3)}", _layers(naming, i, place))
    names |= {f"body.{len(blocks) + 3 + k}": name for k, name in enumerate(last)}
    return names | ({"3": head} if settings.get("classes") else {})


def _layers(naming: str, i: int, place: tuple[int, int]) -> list[str]:
    """Convolutions and norms of block i."""
    if naming == "torchvision":
        own = ("0.0", "0.1", "1.0", "1.1", "2", "3") if i else ("0.0", "0.1", "1", "2")
        return [f"features.{i + 1}.conv.{name}" for name in own]
    if naming == "timm":
        own = ("conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3") if i else ("conv_dw", "bn1", "conv_pw", "bn2")
        return [f"blocks.{place[0]}.{place[1]}.{name}" for name in own]
    parts = ("expand_1x1", "conv_3x3", "reduce_1x1") if i else ("conv_3x3", "reduce_1x1")
    there = f"layer.{i - 1}" if i else "conv_stem"
    return [f"{there}.{name}.{kind}" for name in parts for kind in ("convolution", "normalization")]
