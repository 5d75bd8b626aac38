"""Fully convolutional network: a classifier's convolutions, whose answer is an image; for segmentation.

    residual network, whose last stages have dilations for strides – conv 3×3 to a quarter – norm – relu – dropout

The task appends a 1×1 convolution to the classes, and draws lines between the pixels up to the image's size.
Source: J. Long, E. Shelhamer, T. Darrell, Fully convolutional networks for semantic segmentation, 2014,
https://arxiv.org/abs/1411.4038; with dilations: F. Yu, V. Koltun, Multi-scale context aggregation by dilated
convolutions, 2015, https://arxiv.org/abs/1511.07122. As torchvision's, without its further classifier on the way.
Parameters: depth 50, without the last layer: 32,946,240.
"""

from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Chain
from weftnet.errors import SettingError
from weftnet.zoo._residual import NARROW, STAGES, conv_norm, stage, stem
from weftnet.zoo._write import block, chain, dropout, network


def fcn(depth: Literal[18, 34, 50, 101, 152] = 50, reduced: Literal[8, 16, 32] = 8) -> Architecture:
    """The network; its residual part is the node `body`.

    Args:
        depth: of the residual network.
        reduced: how many times smaller than the image its output is; 32 where blocks are basic.
    """
    if depth not in STAGES or reduced not in (8, 16, 32) or (depth < NARROW and reduced != 32):
        expected, got = "depth 18 or 34 with reduced 32; 50, 101, 152", f"depth {depth}, reduced {reduced}"
        raise SettingError("no such network", where="zoo fcn", expected=expected, got=got)
    body = chain(stem(), *(stage(depth, number, reduced=reduced) for number in range(4)))
    features = 2048 if depth >= NARROW else 512
    head = [*conv_norm(features // 4, 3), block("relu"), *dropout(0.1)]
    return network(Chain(body.nodes, label="body"), head)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"depth": 18, "reduced": 32}, "image:3x32x64"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    # torchvision's documentation of fcn_resnet50, less its auxiliary classifier and the last layer of 21 classes
    return [({}, "image:3x64x64", 35_322_218 - 2_365_205 - 10_773)]
