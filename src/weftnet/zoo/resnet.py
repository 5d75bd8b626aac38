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

from collections.abc import Mapping
from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Node
from weftnet.errors import SettingError
from weftnet.zoo._residual import basic, bottleneck, conv_norm
from weftnet.zoo._weights import IMAGENET_MEAN, IMAGENET_STD, Checkpoint, Found, Names, Picture, Published
from weftnet.zoo._write import block, network

_PAIR = ("convolution", "normalization")
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


def weights() -> list[Checkpoint]:
    """Checkpoints that are known; timm has torchvision's names."""
    common: dict[str, Any] = {"recipe": {"lr": 1e-3}}
    hub = "https://huggingface.co/"
    return [
        Checkpoint(
            "torchvision",
            ("conv1.weight", "bn1.weight", "layer1.0.conv1.weight", "layer4.0.downsample.0.weight"),
            lambda found: _settings(found, [f"layer{stage}.#." for stage in (1, 2, 3, 4)], "layer1.0.conv3.weight",
                                    "conv1.weight", "fc.weight"),
            lambda settings: _names(settings, hugging_face=False),
            lambda settings, found: Picture(224, IMAGENET_MEAN, IMAGENET_STD),
            known=[
                *(Published(f"ResNet-{n}, ImageNet", f"torchvision:resnet{n}", "BSD-3-Clause") for n in _STAGES),
                *(Published(f"resnet{n}.a1_in1k", f"{hub}timm/resnet{n}.a1_in1k", "Apache-2.0") for n in _STAGES),
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
            known=[Published(f"ResNet-{n}, ImageNet", f"{hub}microsoft/resnet-{n}", "Apache-2.0") for n in _STAGES],
            **common,
        ),
    ]  # fmt: skip


def _settings(found: Found, stages: list[str], third: str, stem: str, head: str) -> dict[str, Any]:
    """The depth by the blocks of each stage and by their layers; the stem by its kernel; the classes by the head."""
    counts, narrow = tuple(map(found.count, stages)), found.has(third)
    depths = [depth for depth, own in _STAGES.items() if own == counts and (depth == 50) == narrow]
    kernel = found.size(stem, 2)
    if not depths or kernel not in (3, 7) or found.size(stem) != 64:
        raise ValueError(f"no depth has blocks {counts} of {3 if narrow else 2} layers behind a kernel of {kernel}")
    classes = {"classes": found.size(head)} if found.has(head) else {}
    return {"depth": depths[0], "stem": "imagenet" if kernel == 7 else "small", **classes}


def _hugging_face(found: Found) -> dict[str, Any]:
    found.only("hidden_act", "relu")
    found.only("downsample_in_first_stage", False)
    found.only("downsample_in_bottleneck", False)
    stages = [f"encoder.stages.{stage}.layers.#." for stage in range(4)]
    third = "encoder.stages.0.layers.0.layer.2.convolution.weight"
    return _settings(found, stages, third, "embedder.embedder.convolution.weight", "classifier.1.weight")


def _names(settings: Mapping[str, Any], hugging_face: bool) -> Names:
    stem = [f"embedder.embedder.{name}" for name in _PAIR] if hugging_face else ["conv1", "bn1"]
    names, counts = {str(k): name for k, name in enumerate(stem)}, _STAGES[settings["depth"]]
    convolutions = 3 if settings["depth"] == 50 else 2
    number = 4 if settings.get("stem", "imagenet") == "imagenet" else 3
    for stage, count in enumerate(counts):
        for i in range(count):
            for k in range(convolutions):
                there = [f"encoder.stages.{stage}.layers.{i}.layer.{k}.{name}" for name in _PAIR]
                there = there if hugging_face else [f"layer{stage + 1}.{i}.{name}{k + 1}" for name in ("conv", "bn")]
                names |= {f"{number}.0.body.{3 * k + each}": name for each, name in enumerate(there)}
            if i == 0 and (stage or convolutions == 3):
                there = [f"encoder.stages.{stage}.layers.0.shortcut.{name}" for name in _PAIR]
                there = there if hugging_face else [f"layer{stage + 1}.0.downsample.{k}" for k in (0, 1)]
                names |= {f"{number}.0.shortcut.{each}": name for each, name in enumerate(there)}
            number += 1
    head = "classifier.1" if hugging_face else "fc"
    return names | ({str(number + 1): head} if settings.get("classes") else {})
