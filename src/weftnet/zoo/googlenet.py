"""GoogLeNet: inception modules, which look at every place with filters of several sizes at once.

    stem – 2 inceptions – pool – 5 inceptions – pool – 2 inceptions – average – dropout – dense classes
    inception    [ conv 1×1 | conv 1×1, conv 3×3 | conv 1×1, conv k×k | pool 3×3, conv 1×1 ]

conv is a convolution without bias, batch normalisation and relu; [ | ] concatenates channels.
Source: C. Szegedy and others, Going deeper with convolutions, 2014, https://arxiv.org/abs/1409.4842, table 1;
normalisation: S. Ioffe, C. Szegedy, 2015, https://arxiv.org/abs/1502.03167.
Differs: no two further classifiers on the way. torchvision has 3×3 filters where the paper has k = 5: `kernel=3`.
Parameters: 1000 classes, kernel 3: 6,624,904, as torchvision's; kernel 5: 7,005,832.
"""

from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Node, Parallel
from weftnet.errors import SettingError
from weftnet.zoo._write import block, chain, dropout, network

#: channels: 1×1 | before 3×3, 3×3 | before k×k, k×k | behind the pool
_MODULES = (
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    ((192, 96, 208, 16, 48, 64), (160, 112, 224, 24, 64, 64), (128, 128, 256, 24, 64, 64), (112, 144, 288, 32, 64, 64),
     (256, 160, 320, 32, 128, 128)),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)  # fmt: skip


def googlenet(
    kernel: Literal[3, 5] = 5, narrower: int = 1, stem: Literal["imagenet", "small"] = "imagenet",
    classes: int | None = None,
) -> Architecture:  # fmt: skip
    """The network of 22 layers.

    Args:
        kernel: of the largest filters.
        narrower: how many times fewer channels than the paper's.
        stem: "imagenet" shrinks the image eightfold before the first module, "small" keeps it.
        classes: outputs; without it the features come out.
    """
    if kernel not in (3, 5) or narrower not in (1, 2, 4, 8, 16) or stem not in ("imagenet", "small"):
        expected = "kernel 3 or 5, narrower 1, 2, 4, 8 or 16, stem imagenet or small"
        got = f"kernel {kernel}, narrower {narrower}, stem {stem}"
        raise SettingError("no such network", where="zoo googlenet", expected=expected, got=got)
    pool, large = block("max_pool2d", size=3, stride=2, padding=1), stem == "imagenet"
    nodes: list[Node] = [*_conv(64 // narrower, 7, 2), pool] if large else []
    nodes += [*_conv(64 // narrower, 1), *_conv(192 // narrower, 3), *([pool] if large else [])]
    for number, modules in enumerate(_MODULES):
        nodes += [pool] if number else []
        nodes += [_inception([each // narrower for each in sizes], kernel) for sizes in modules]
    return network(nodes, block("global_average_pool2d"), dropout(0.2), classes=classes)


def _inception(sizes: list[int], kernel: int) -> Parallel:
    one, before_three, three, before_large, large, pooled = sizes
    return Parallel((
        chain(_conv(one, 1)), chain(_conv(before_three, 1), _conv(three, 3)),
        chain(_conv(before_large, 1), _conv(large, kernel)),
        chain(block("max_pool2d", size=3, stride=1, padding=1), _conv(pooled, 1)),
    ))  # fmt: skip


def _conv(channels: int, kernel: int, stride: int = 1) -> list[Node]:
    convolution = block("conv2d", channels=channels, kernel=kernel, stride=stride, bias=False)
    return [convolution, block("batch_norm2d", eps=1e-3), block("relu")]


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"narrower": 16, "stem": "small"}, "image:3x9x12"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [({"kernel": 3, "classes": 1000}, "image:3x224x224", 6_624_904)]  # torchvision's documentation
