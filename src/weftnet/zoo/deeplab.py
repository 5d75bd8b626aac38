"""DeepLab: dilated convolutions side by side see near and far of every pixel; for segmentation.

    residual network, of which the last stages have dilations for strides – pyramid – decoder
    pyramid    [ conv 1×1 | conv 3×3 dilated by r | by 2 r | by 3 r | mean of the image, conv 1×1 ] – conv 1×1 – dropout
    decoder    v3: conv 3×3;   v3+: [ the first stage, conv 1×1 to 48 | the pyramid, enlarged ] – conv 3×3 – conv 3×3

conv is a convolution without bias, batch normalisation and relu, of 256 channels; r = 96 / reduced: 6 or 12. The task
appends a 1×1 convolution to the classes, and draws lines between the pixels up to the image's size.
Source: L. Chen and others, Rethinking atrous convolution for semantic image segmentation, 2017,
https://arxiv.org/abs/1706.05587 (v3); L. Chen and others, Encoder-decoder with atrous separable convolution, 2018,
https://arxiv.org/abs/1802.02611 (v3+).
Differs from v3+'s paper: a residual network for Xception, plain convolutions for separable ones. v3 is torchvision's,
without its further classifier on the way.

The first part may be any entry of the zoo that makes images smaller and smaller, `backbone: efficientnet_lite`, and may
start from published weights (`start_map`): its strides beyond `reduced` become dilations, and a last pointwise
convolution that widens, which belongs to its classifier, is left out. Where a picture has few pixels, `enlarged` shows
a backbone that was trained on larger ones the things as large as it knows them.
Parameters: without the last layer, v3, depth 50: 39,633,472; v3+, depth 50: 40,346,784.
"""

from collections.abc import Mapping
from functools import reduce
from operator import add
from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Chain, Node, Parallel
from weftnet.errors import SettingError
from weftnet.zoo._backbone import backbone_of, entry
from weftnet.zoo._dilation import dilated
from weftnet.zoo._levels import Level, images, partners
from weftnet.zoo._residual import NARROW, STAGES, conv_norm, stage, stem
from weftnet.zoo._write import block, chain, dropout, network

_WIDTH, _FINE = 256, 48


def deeplab(
    version: Literal["v3", "v3+"] = "v3+",
    depth: Literal[18, 34, 50, 101, 152] = 50,
    reduced: Literal[8, 16, 32] = 16,
    width: int = _WIDTH,
    backbone: str = "",
    options: Mapping[str, Any] | None = None,
    enlarged: int = 1,
) -> Architecture:
    """The network; its first part is the node `body`, or its first and its further stages `first` and `further`.

    Args:
        version: v3, or v3+ with a decoder that sees fine details.
        depth: of the residual network.
        reduced: how many times smaller than the image the pyramid is; 32 where blocks are basic.
        width: channels of the pyramid and of the decoder.
        backbone: an entry of the zoo in place of the residual network.
        options: settings of the backbone.
        enlarged: how many times as high and wide the picture becomes before all else: 1, 2 or 4.
    """
    fits = depth in STAGES and reduced in (8, 16, 32) and (backbone or depth >= NARROW or reduced == 32) and width >= 1
    if version not in ("v3", "v3+") or not fits or enlarged not in (1, 2, 4):
        expected = "version v3, v3+; depth 18 or 34 with reduced 32, or 50, 101, 152; width 1 or more; enlarged 1, 2, 4"
        got = f"version {version}, depth {depth}, reduced {reduced}, width {width}, enlarged {enlarged}"
        raise SettingError("no such network", where="zoo deeplab", expected=expected, got=got)
    larger = [block("upsample2d", factor=enlarged, mode="bilinear")] if enlarged > 1 else []
    first, further = _body(depth, reduced, backbone, options)
    pyramid = _pyramid(width, max(1, 96 // reduced), 0.5 if version == "v3" else 0.1)
    if version == "v3":
        return network(larger, Chain((*first, *further), label="body"), pyramid, _conv(width, 3))
    fine = chain(_conv(_FINE, 1))
    up = [block("upsample2d", factor=reduced // 4, mode="bilinear")]
    coarse = chain(Chain(further, label="further"), pyramid, up)
    both = Parallel((fine, coarse), label="seen")
    return network(larger, Chain(first, label="first"), both, _conv(width, 3), _conv(width, 3))


def start_map(backbone: str, options: Mapping[str, Any] | None = None, version: str = "v3+") -> dict[str, str]:
    """Path here → path in a run of the backbone, for a training that starts from it: `start: {from: RUN, map: …}`."""
    first, further = _levels(entry(backbone, options), backbone)
    if version == "v3":
        return partners([first + further], {0: "body"})
    return partners([first, further], {0: "first", 1: "seen.1.further"})


def _body(
    depth: int, reduced: int, backbone: str, options: Mapping[str, Any] | None
) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """What gives an image of a quarter of the picture's size, and what gives the pyramid's."""
    named = backbone_of(backbone, options, "zoo deeplab")
    if named is None:
        stages = [stage(depth, number, reduced=reduced) for number in range(4)]
        return chain(stem(), stages[0]).nodes, chain(*stages[1:]).nodes
    first, further = _levels(named, backbone)
    nodes = dilated(further.nodes, first.stride, reduced, "zoo deeplab")
    made = images(network(first.nodes, nodes), f"zoo deeplab: backbone {backbone}")[-1].stride
    if made != reduced:
        what, expected = "the backbone makes images of another size", f"{reduced} times smaller, as reduced says"
        raise SettingError(what, where=f"zoo deeplab: backbone {backbone}", expected=expected, got=f"{made} times")
    return first.nodes, nodes


def _levels(architecture: Architecture, backbone: str) -> tuple[Level, Level]:
    """The nodes up to a quarter of the picture's size, and those behind them.

    Raises:
        SettingError: it gives no image of a quarter.
    """
    where = f"zoo deeplab: backbone {backbone}"
    every = images(architecture, where)
    strides = [level.stride for level in every]
    if 4 not in strides[:-1]:
        expected, got = "images of a quarter of its size, and smaller ones", ", ".join(map(str, strides))
        raise SettingError("the backbone makes no such images of a picture", where=where, expected=expected, got=got)
    count = strides.index(4) + 1
    return reduce(add, every[:count]), reduce(add, [*every[count:-1], every[-1].narrow()])


def _pyramid(width: int, rate: int, dropped: float) -> list[Node]:
    branches: list[Node] = [chain(_conv(width, 1))]
    branches += [chain(_conv(width, 3, rate * times)) for times in (1, 2, 3)]
    branches += [chain(block("spatial_mean2d"), _conv(width, 1))]
    return [Parallel(tuple(branches)), *_conv(width, 1), *dropout(dropped)]


def _conv(channels: int, kernel: int, dilation: int = 1) -> list[Node]:
    return [*conv_norm(channels, kernel, dilation=dilation), block("relu")]


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"depth": 18, "reduced": 32, "width": 8}, "image:3x32x64"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    # torchvision's documentation of deeplabv3_resnet50, less its auxiliary classifier and the last layer of 21 classes
    return [({"version": "v3", "reduced": 8}, "image:3x64x64", 42_004_074 - 2_365_205 - 5_397)]
