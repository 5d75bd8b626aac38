"""Residual networks for photographs.

    stem – four stages of residual blocks, each halving the image and doubling the channels – average – dense classes

    depth   blocks a stage   block         channels
    18      2 2 2 2          basic         64 128 256 512
    34      3 4 6 3          basic         64 128 256 512
    50      3 4 6 3          bottleneck    256 512 1024 2048
    101     3 4 23 3         bottleneck    256 512 1024 2048
    152     3 8 36 3         bottleneck    256 512 1024 2048

Variants of bottlenecks: `groups` of `width` channels in their 3×3 convolution (ResNeXt-50 32×4d: depth 50, groups 32,
width 4; Wide ResNet-50-2: width 128), and `squeeze`, gates for their channels (SE-ResNet).
Source: K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, 2015,
https://arxiv.org/abs/1512.03385; groups: S. Xie and others, Aggregated residual transformations for deep neural
networks, 2016, https://arxiv.org/abs/1611.05431; width: S. Zagoruyko, N. Komodakis, Wide residual networks, 2016,
https://arxiv.org/abs/1605.07146; squeeze: J. Hu and others, 2017, https://arxiv.org/abs/1709.01507.
As torchvision's: a bottleneck's stride is in its 3×3 convolution. The stem "small" (a 3×3 convolution, no pooling) is
what CIFAR versions of these networks use.
Parameters: 1000 classes, depth 18: 11,689,512, 34: 21,797,672, 50: 25,557,032, 101: 44,549,160, 152: 60,192,808;
ResNeXt-50 32×4d: 25,028,904, SE-ResNet-50: 28,088,024; depth 18, small stem, 10 classes: 11,173,962.
"""

from collections.abc import Mapping
from typing import Any, Literal

from weftnet.architecture.spec import Architecture
from weftnet.errors import SettingError
from weftnet.zoo._residual import NARROW, STAGES, Inner, conv_norm, stage
from weftnet.zoo._residual import stem as shrinking
from weftnet.zoo._weights import IMAGENET_MEAN, IMAGENET_STD, Checkpoint, Found, Names, Picture, Published
from weftnet.zoo._write import block, network

_PAIR = ("convolution", "normalization")


def resnet(
    depth: Literal[18, 34, 50, 101, 152] = 18,
    stem: Literal["imagenet", "small"] = "imagenet",
    groups: int = 1,
    width: int = 64,
    squeeze: bool = False,
    classes: int | None = None,
) -> Architecture:
    """A residual network of 18 to 152 layers.

    Args:
        depth: layers with weights.
        stem: "imagenet" shrinks the image fourfold at once, "small" keeps it.
        groups: of the 3×3 convolutions of bottlenecks.
        width: channels of a group in the first stage.
        squeeze: whether the channels of bottlenecks are gated.
        classes: outputs; without it the 512 or 2048 features come out.
    """
    inner = Inner(groups, width, squeeze)
    known = depth in STAGES and stem in ("imagenet", "small") and min(groups, width) >= 1
    if not known or (inner != Inner() and depth < NARROW):
        raise SettingError(
            "no such network", where="zoo resnet", expected="depth 18, 34, 50, 101 or 152, stem imagenet or small; "
            "groups, width and squeeze are of bottlenecks, from depth 50 on",
            got=f"depth {depth}, stem {stem}, groups {groups}, width {width}, squeeze {squeeze}",
        )  # fmt: skip
    first = shrinking() if stem == "imagenet" else [*conv_norm(64, 3), block("relu")]
    stages = [stage(depth, number, inner) for number in range(4)]
    return network(first, *stages, block("global_average_pool2d"), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"stem": "small"}, "image:3x16x16"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"depth": 18, "classes": 1000}, "image:3x224x224", 11_689_512),  # torchvision's documentation
        ({"depth": 34, "classes": 1000}, "image:3x224x224", 21_797_672),
        ({"depth": 50, "classes": 1000}, "image:3x224x224", 25_557_032),
        ({"depth": 101, "classes": 1000}, "image:3x224x224", 44_549_160),
        ({"depth": 152, "classes": 1000}, "image:3x224x224", 60_192_808),
        ({"depth": 50, "groups": 32, "width": 4, "classes": 1000}, "image:3x224x224", 25_028_904),  # ResNeXt-50 32x4d
        ({"depth": 50, "width": 128, "classes": 1000}, "image:3x224x224", 68_883_240),  # Wide ResNet-50-2
        ({"depth": 50, "squeeze": True, "classes": 1000}, "image:3x224x224", 28_088_024),  # timm's documentation
        ({"depth": 18, "stem": "small", "classes": 10}, "image:3x32x32", 11_173_962),
    ]


def weights() -> list[Checkpoint]:
    """Checkpoints that are known; timm has torchvision's names."""
    common: dict[str, Any] = {"recipe": {"lr": 1e-3}}
    hub = "https://huggingface.co/"
    return [
        Checkpoint(
            "torchvision",
            ("conv1.weight", "bn1.weight", "layer1.0.conv1.weight", "layer4.0.downsample.0.weight"),
            _torchvision,
            lambda settings: _names(settings, hugging_face=False),
            lambda settings, found: Picture(224, IMAGENET_MEAN, IMAGENET_STD),
            known=[
                *(Published(f"ResNet-{n}, ImageNet", f"torchvision:resnet{n}", "BSD-3-Clause") for n in STAGES),
                *(Published(f"resnet{n}.a1_in1k", f"{hub}timm/resnet{n}.a1_in1k", "Apache-2.0") for n in STAGES),
            ],
            **common,
        ),
        Checkpoint(
            "transformers",
            ("embedder.embedder.convolution.weight", "encoder.stages.0.layers.0.layer.0.convolution.weight"),
            _hugging_face,
            lambda settings: _names(settings, hugging_face=True),
            lambda settings, found: Picture(224, IMAGENET_MEAN, IMAGENET_STD, "bicubic"),
            prefixes=("resnet.",),
            known=[Published(f"ResNet-{n}, ImageNet", f"{hub}microsoft/resnet-{n}", "Apache-2.0") for n in STAGES],
            **common,
        ),
    ]  # fmt: skip


def _settings(found: Found, stages: list[str], third: str, stem: str, head: str) -> dict[str, Any]:
    """The depth by the blocks of each stage and by their layers; the stem by its kernel; the classes by the head."""
    counts, narrow = tuple(map(found.count, stages)), found.has(third)
    depths = [depth for depth, own in STAGES.items() if own == counts and (depth >= NARROW) == narrow]
    kernel = found.size(stem, 2)
    if not depths or kernel not in (3, 7) or found.size(stem) != 64:
        raise ValueError(f"no depth has blocks {counts} of {3 if narrow else 2} layers behind a kernel of {kernel}")
    classes = {"classes": found.size(head)} if found.has(head) else {}
    return {"depth": depths[0], "stem": "imagenet" if kernel == 7 else "small", **classes}


def _torchvision(found: Found) -> dict[str, Any]:
    stages = [f"layer{number}.#." for number in (1, 2, 3, 4)]
    settings = _settings(found, stages, "layer1.0.conv3.weight", "conv1.weight", "fc.weight")
    if settings["depth"] < NARROW:
        return settings
    second = "layer1.0.conv2.weight"
    groups = found.size(second) // found.size(second, 1)
    inner = {"groups": groups, "width": found.size(second) // groups}
    return settings | {name: value for name, value in inner.items() if value != Inner()._asdict()[name]}


def _hugging_face(found: Found) -> dict[str, Any]:
    found.only("hidden_act", "relu")
    found.only("downsample_in_first_stage", False)
    found.only("downsample_in_bottleneck", False)
    stages = [f"encoder.stages.{number}.layers.#." for number in range(4)]
    third = "encoder.stages.0.layers.0.layer.2.convolution.weight"
    return _settings(found, stages, third, "embedder.embedder.convolution.weight", "classifier.1.weight")


def _names(settings: Mapping[str, Any], hugging_face: bool) -> Names:
    stem = [f"embedder.embedder.{name}" for name in _PAIR] if hugging_face else ["conv1", "bn1"]
    names, counts = {str(k): name for k, name in enumerate(stem)}, STAGES[settings["depth"]]
    convolutions = 3 if settings["depth"] >= NARROW else 2
    number = 4 if settings.get("stem", "imagenet") == "imagenet" else 3
    for place, count in enumerate(counts):
        for i in range(count):
            for k in range(convolutions):
                there = [f"encoder.stages.{place}.layers.{i}.layer.{k}.{name}" for name in _PAIR]
                there = there if hugging_face else [f"layer{place + 1}.{i}.{name}{k + 1}" for name in ("conv", "bn")]
                names |= {f"{number}.0.body.{3 * k + each}": name for each, name in enumerate(there)}
            if i == 0 and (place or convolutions == 3):
                there = [f"encoder.stages.{place}.layers.0.shortcut.{name}" for name in _PAIR]
                there = there if hugging_face else [f"layer{place + 1}.0.downsample.{k}" for k in (0, 1)]
                names |= {f"{number}.0.shortcut.{each}": name for each, name in enumerate(there)}
            number += 1
    head = "classifier.1" if hugging_face else "fc"
    return names | ({str(number + 1): head} if settings.get("classes") else {})
