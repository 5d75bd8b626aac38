"""U-Net: an encoder that halves the image, a decoder that doubles it, and at every size a bridge between the two.

    stem – level(depth)
    level(0)   convs                                                                       the smallest image
    level(n)   convs – [ itself | max-pool – level(n − 1) – upsample – conv ] – convs

The stem is a strided convolution, where a `stride` is asked for. convs are two (`convolutions`) in a row; conv is a 3×3
convolution, normalisation and relu; [ | ] concatenates channels; each halving doubles the channels.

Source: O. Ronneberger, P. Fischer, T. Brox, U-Net: Convolutional networks for biomedical image segmentation, 2015,
https://arxiv.org/abs/1505.04597.
Differs: padded convolutions, so that the output is as large as the input; normalisation; upsampling by repeated pixels
and a 3×3 convolution in place of a transposed one (Odena and others, 2016), which would leave a chequered pattern; the
stem, which is no part of it.
Parameters: width 64, depth 4, 64×64×3: 34,520,128.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Chain, Node, Parallel
from weftnet.zoo._residual import conv_norm
from weftnet.zoo._write import block, chain, network


def unet(width: int = 64, depth: int = 4, convolutions: int = 2, stride: int = 1) -> Architecture:
    """A U-Net, which gives `width` channels of an image as large as it reads, divided by `stride`.

    Args:
        width: channels at full size.
        depth: how often the image is halved; its sides are divisible by 2 to that power, times the stride.
        convolutions: of every level, on its way down and on its way up; one takes about two thirds of two's time.
        stride: of a convolution before all others; 1 for none.
    """
    stem: list[Node] = [*conv_norm(width, 3, stride), block("relu")] if stride > 1 else []
    return network(stem, _level(width, depth, convolutions))


def _level(width: int, depth: int, convolutions: int) -> Chain:
    """What happens to an image that is halved `depth` times more."""
    convs = _convs(width, convolutions)
    if not depth:
        return chain(convs)
    deeper = _level(2 * width, depth - 1, convolutions)
    below = chain(block("max_pool2d", size=2), deeper, block("upsample2d"), _convs(width, 1))
    bridge = Parallel((block("dropout", rate=0.0), below))  # the identity: a branch needs a block
    return chain(convs, bridge, convs)


def _convs(width: int, count: int) -> list[Node]:
    return [*conv_norm(width, 3), block("relu")] * count


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"width": 4, "depth": 2}, "image:3x8x12"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the docstring has them."""
    return [({}, "image:3x64x64", 34_520_128)]
