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
Parameters: without the last layer, v3, depth 50: 39,633,472; v3+, depth 50: 40,346,784.
"""

from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Chain, Node, Parallel
from weftnet.errors import SettingError
from weftnet.zoo._residual import NARROW, STAGES, conv_norm, stage, stem
from weftnet.zoo._write import block, chain, dropout, network

_WIDTH, _FINE = 256, 48


def deeplab(
    version: Literal["v3", "v3+"] = "v3+",
    depth: Literal[18, 34, 50, 101, 152] = 50,
    reduced: Literal[8, 16, 32] = 16,
    width: int = _WIDTH,
) -> Architecture:
    """The network; its residual part is the node `body`, or its first and its further stages `first` and `further`.

    Args:
        version: v3, or v3+ with a decoder that sees fine details.
        depth: of the residual network.
        reduced: how many times smaller than the image the pyramid is; 32 where blocks are basic.
        width: channels of the pyramid and of the decoder.
    """
    fits = depth in STAGES and reduced in (8, 16, 32) and (depth >= NARROW or reduced == 32) and width >= 1
    if version not in ("v3", "v3+") or not fits:
        expected = "version v3 or v3+, depth 18 or 34 with reduced 32, or 50, 101, 152; width from 1 on"
        got = f"version {version}, depth {depth}, reduced {reduced}, width {width}"
        raise SettingError("no such network", where="zoo deeplab", expected=expected, got=got)
    stages = [stage(depth, number, reduced=reduced) for number in range(4)]
    first, further = chain(stem(), stages[0]), chain(*stages[1:])
    pyramid = _pyramid(width, max(1, 96 // reduced), 0.5 if version == "v3" else 0.1)
    if version == "v3":
        return network(Chain((*first.nodes, *further.nodes), label="body"), pyramid, _conv(width, 3))
    fine = chain(_conv(_FINE, 1))
    up = [block("upsample2d", factor=reduced // 4, mode="bilinear")]
    coarse = chain(Chain(further.nodes, label="further"), pyramid, up)
    return network(Chain(first.nodes, label="first"), Parallel((fine, coarse)), _conv(width, 3), _conv(width, 3))


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
