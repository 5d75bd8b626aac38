"""A one-stage detector without anchors: backbone – feature pyramid – two towers at each of three levels.

    fine, middle, coarse      images of the backbone, each coarser than the one before (`_levels.py`)
    pyramid                   what the coarse ones know flows into the finer ones
    places                    of every level: where it is, what is there, how far its borders are; one after another

The task appends a box and the likelihood of each class at every place. The backbone is any entry of the zoo that makes
images smaller and smaller, `backbone: resnet`; its own is of residual blocks, each level twice as wide as the last:

    conv 3×3 ↓2 – stage(2·width) ↓2 – [stage(4·width) ↓2] – [stage(8·width) ↓2] – [stage(16·width) ↓2]

    size       width   blocks a stage   channels   depth of a tower
    small      16      1                48         1
    medium     24      2                64         1
    large      32      2                96         2

Source: Z. Tian and others, FCOS: Fully convolutional one-stage object detection, 2019,
https://arxiv.org/abs/1904.01355; towers: Z. Ge and others, YOLOX, 2021, https://arxiv.org/abs/2107.08430.
Differs: three levels, which the backbone gives; the residual blocks of He and others, 2015, as its own backbone.
Parameters: 64×64×3, without the head: small 1,430,896, medium 6,650,712, large 12,484,704.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from weftnet.architecture.spec import Architecture, Block, Chain, Graph, Node, Wire
from weftnet.errors import SettingError
from weftnet.zoo._backbone import backbone_of
from weftnet.zoo._levels import Level, levels, partners
from weftnet.zoo._residual import basic, conv_norm
from weftnet.zoo._write import block, network


class _Size(NamedTuple):
    width: int
    blocks: int
    channels: int
    depth: int


_SIZES = {"small": _Size(16, 1, 48, 1), "medium": _Size(24, 2, 64, 1), "large": _Size(32, 2, 96, 2)}
_NAMES = {0: "fine", 1: "middle", 2: "coarse"}


def detector(
    size: Literal["small", "medium", "large"] = "small", backbone: str = "", options: Mapping[str, Any] | None = None
) -> Architecture:
    """A detector, which gives the places of all levels.

    Args:
        size: of the pyramid and the towers, and of the backbone where none is named.
        backbone: an entry of the zoo; its own one by default.
        options: settings of the backbone.
    """
    if size not in _SIZES:
        raise SettingError("no such network", where="zoo detector", expected=f"size {', '.join(_SIZES)}", got=str(size))
    own, before = _SIZES[size], "image"
    nodes: dict[str, Wire] = {}
    found = _levels(size, backbone, options)
    for place, level in enumerate(found):
        nodes[_NAMES[place]] = Wire((before,), Chain(level.nodes))
        before = _NAMES[place]
    pyramid = Block("feature_pyramid", {"channels": own.channels})
    nodes["pyramid"] = Wire({name: name for name in _NAMES.values()}, pyramid)
    for place, name in _NAMES.items():
        output = name if place else None
        tower = Block("decoupled_tower", {"stride": found[place].stride, "dim": own.channels, "depth": own.depth})
        nodes[f"{name}_places"] = Wire(("pyramid",), tower, output=output)
    joined = "fine_places"
    for name in ("middle", "coarse"):
        nodes[f"to_{name}"] = Wire({"x": joined, "coarser": f"{name}_places"}, Block("concatenate_places"))
        joined = f"to_{name}"
    return Architecture({"network": Graph(("image",), nodes, (joined,))})


def start_map(backbone: str, options: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Path here → path in a run of the backbone, for a training that starts from it: `start: {from: RUN, map: …}`."""
    return partners(_levels("small", backbone, options), _NAMES)


def _levels(size: str, backbone: str, options: Mapping[str, Any] | None) -> list[Level]:
    named = backbone_of(backbone, options, where := "zoo detector")
    return levels(_residual(_SIZES[size]), where) if named is None else levels(named, f"{where}: backbone {backbone}")


def _residual(size: _Size) -> Architecture:
    """The detector's own backbone."""
    nodes: list[Node] = [*conv_norm(size.width, 3, 2), block("relu")]
    for stage in range(1, 5):
        for number in range(size.blocks):
            nodes.append(basic(size.width * 2**stage, 1 if number else 2, project=not number))
    return network(nodes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"size": "small"}, "image:3x64x48"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the docstring has them."""
    return [
        ({"size": "small"}, "image:3x64x64", 1_430_896),
        ({"size": "medium"}, "image:3x64x64", 6_650_712),
        ({"size": "large"}, "image:3x64x64", 12_484_704),
    ]
