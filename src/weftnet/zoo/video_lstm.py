"""A network of images for each frame of a video, and an LSTM that reads what it gives: frames × CNN + LSTM.

    each frame: network of images → features
    layers × (lstm – dropout) along the frames – last frame, or from both ends the mean of all – dense classes

    own network of images: for every width conv2d 3×3 – batch norm – relu – max pool 2×2, flatten – dense – relu

The own network tells where in the frame something is, by its dense layer. One that ends in the average of an image, as
most of the zoo do, tells what is there: it doesn't see that something moves.

With `backbone` any entry of the zoo that reads an image and gives a vector looks at the frames, pretrained ones too:
its nodes lie under `0.body`, which a start's map names.
Source: J. Donahue and others, Long-term recurrent convolutional networks for visual recognition and description, 2014,
https://arxiv.org/abs/1411.4389.
Parameters: those of the network of images, and 4·hidden·(features + hidden + 2) for the first LSTM. Widths 16, 32 over
16×16 pixels of three colours, 64 features, hidden 64: 27·16 + 2·16 + 144·32 + 2·32 + 64·(4·4·32 + 1)
+ 4·64·(64 + 64 + 2) = 71,248.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from weftnet.architecture.spec import Architecture, Each, Node
from weftnet.errors import SettingError
from weftnet.zoo._backbone import backbone_of
from weftnet.zoo._residual import conv_norm
from weftnet.zoo._write import block, dropout, network


def video_lstm(
    widths: Sequence[int] = (32, 64, 64),
    features: int = 64,
    hidden: int = 128,
    layers: int = 1,
    bidirectional: bool = False,
    rate: float = 0.1,
    backbone: str = "",
    options: Mapping[str, Any] | None = None,
    classes: int | None = None,
) -> Architecture:
    """A network of images on every frame, then LSTMs along them.

    Args:
        widths: channels of the own network's convolutions.
        features: of a frame, as the own network gives them.
        hidden: size of each LSTM's state.
        layers: LSTMs on top of one another; without any the mean of all frames goes on, in no order.
        bidirectional: whether they read from both ends, and the mean of all frames goes on.
        rate: of dropout behind each LSTM, in training.
        backbone: the entry of the zoo that looks at the frames, instead of the own network.
        options: of the backbone.
        classes: outputs; without it the features come out.
    """
    where = "zoo video_lstm"
    if not widths or min((*widths, features, hidden, layers + 1)) < 1 or not 0 <= rate < 1:
        expected = "positive widths, features and hidden, layers from 0 on, a rate from 0 to below 1"
        got = f"widths {list(widths)}, hidden {hidden}, layers {layers}, rate {rate}"
        raise SettingError("no such network", where=where, expected=expected, got=got)
    looks = backbone_of(backbone, options, where) or network(_own(widths, features))
    if set(looks.parts) != {"network"}:
        raise SettingError("a backbone is one network", where=where, got=f"{backbone}: {', '.join(looks.parts)}")
    both = {"bidirectional": True} if bidirectional else {}
    along: list[Node] = []
    for _ in range(layers):
        along += [block("lstm", dim=hidden, **both), *dropout(rate)]
    ends = block("global_average_pool1d" if bidirectional or not layers else "last_step")
    return network(Each(looks.parts["network"]), along, ends, classes=classes)


def _own(widths: Sequence[int], features: int) -> list[Node]:
    nodes: list[Node] = []
    for width in widths:  # pooled before relu: the same values, a quarter of the work
        nodes += [*conv_norm(width, 3), block("max_pool2d", size=2), block("relu")]
    return [*nodes, block("flatten"), block("dense", dim=features), block("relu")]


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"widths": [4, 6], "features": 5, "hidden": 8}, "video:5x3x8x12"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters, counted by hand."""
    counted = 27 * 16 + 2 * 16 + 144 * 32 + 2 * 32 + 64 * (16 * 32 + 1) + 4 * 64 * (64 + 64 + 2)
    return [({"widths": [16, 32], "hidden": 64}, "video:8x3x16x16", counted)]
