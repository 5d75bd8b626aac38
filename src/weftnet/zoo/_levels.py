"""A backbone in levels: the nodes of another entry's network up to each size of image that it makes.

    level 1    all nodes up to the last image that is s times smaller than the picture
    level 2    those behind them, up to the last one that is smaller than that, and so on

What makes vectors of the image – pooling over all of it, dense layers – is left out. A detector takes the three
coarsest images, from a quarter of the picture on; where there are fewer, strided convolutions make the others.

Norms follow new pictures as fast as others do: the momentum of 0.01 that networks from TensorFlow have remembers
hundreds of steps, and a short training is judged by means of features that are long gone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import torch

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Chain, Node, rebuilt
from weftnet.compose.flow import Resolved
from weftnet.compose.resolve import resolve
from weftnet.errors import ArchitectureError, SettingError
from weftnet.zoo._residual import conv_norm
from weftnet.zoo._write import block

#: levels, pixels of a side of the picture by which sizes are told, and the least stride: finer images are too large
_LEVELS, _SIDE, _FINEST = 3, 256, 4


@dataclass(frozen=True)
class Level:
    """Some nodes of a backbone, one after another.

    Args:
        nodes: that make the image of this level from that of the level before.
        stride: pixels of the picture for each pixel of the image.
        paths: of the nodes in the backbone; "" for those that were added, and for those without weights.
        channels: that each node gives.
    """

    nodes: tuple[Node, ...]
    stride: int
    paths: tuple[str, ...]
    channels: tuple[int, ...]

    def __add__(self, after: "Level") -> "Level":
        """Both as one."""
        return Level(
            self.nodes + after.nodes, after.stride, self.paths + after.paths, self.channels + after.channels
        )  # fmt: skip

    def narrow(self) -> "Level":
        """Without a last pointwise convolution that widens, and what follows it: that belongs to the classifier."""
        last = len(self.nodes) - 1
        while last > 0 and isinstance(node := self.nodes[last], Block) and "channels" not in node.settings:
            last -= 1
        node = self.nodes[last]
        pointwise = isinstance(node, Block) and node.settings.get("kernel") == 1
        if last < 1 or not pointwise or self.channels[last] <= self.channels[last - 1]:
            return self
        return Level(self.nodes[:last], self.stride, self.paths[:last], self.channels[:last])


def levels(architecture: Architecture, where: str) -> list[Level]:
    """The three coarsest levels, the finest first.

    Raises:
        SettingError: the network is no chain that makes smaller and smaller images.
    """
    every = images(architecture, where)
    fine = [n for n, level in enumerate(every) if level.stride >= _FINEST][-_LEVELS:][:1] or [len(every) - 1]
    found = [reduce(add, every[: fine[0] + 1]), *every[fine[0] + 1 :]]
    while len(found) < _LEVELS:
        added = (*conv_norm(channels := found[-1].channels[-1], 3, 2), block("relu"))
        found.append(Level(added, 2 * found[-1].stride, ("",) * len(added), (channels,) * len(added)))
    return found


def images(architecture: Architecture, where: str) -> list[Level]:
    """A level for each size of image that the network makes, the finest first.

    Raises:
        SettingError: the network is no chain that makes images of a picture.
    """
    flat = list(_flat(architecture.parts.get("network"), ""))
    if not flat:
        raise SettingError("the backbone is no chain of nodes", where=where, got=", ".join(architecture.parts))
    strides: list[int] = []
    picture = Signal(("channels", "height", "width"), (3, _SIDE, _SIDE))
    try:
        whole = resolve(Chain(tuple(node for _, node in flat)), {"image": picture})
    except ArchitectureError as error:
        raise SettingError("the backbone reads no image", where=where, got=str(error).splitlines()[0]) from error
    for child in whole.children.values():
        if child.output.kind != "image" or (strides and _SIDE / child.output.size("height") < strides[-1]):
            break
        strides.append(round(_SIDE / child.output.size("height")))
    ends = {stride: place + 1 for place, stride in enumerate(strides)}  # the last image of each size
    if not ends:
        raise SettingError("the backbone makes no image", where=where, got=str(whole.output))
    found, start = [], 0
    for stride, end in ends.items():
        part, made = flat[start:end], list(whole.children.values())[start:end]
        paths = tuple(path if _weighs(child) else "" for (path, _), child in zip(part, made, strict=True))
        channels = tuple(child.output.size("channels") for child in made)
        found.append(Level(tuple(_swift(node) for _, node in part), stride, paths, channels))
        start = end
    return found


def _swift(node: Node) -> Node:
    """With norms of the usual momentum."""
    if isinstance(node, Block) and node.name == "batch_norm2d":
        return replace(node, settings={key: value for key, value in node.settings.items() if key != "momentum"})
    return rebuilt(node, _swift)


def _weighs(node: Resolved) -> bool:
    """Whether a node has weights, or statistics."""
    with torch.device("meta"):
        return any(leaf.cls(**leaf.settings).state_dict() for leaf in node.leaves() if leaf.kind == "block")


def _flat(node: Node | None, path: str) -> Iterator[tuple[str, Node]]:
    """Pairs (path, node) of a chain, its inner chains opened."""
    if node is None or not isinstance(node, Chain):
        return
    for number, child in enumerate(node.nodes):
        own = f"{path}.{child.label or number}".removeprefix(".")
        if isinstance(child, Chain):
            yield from _flat(child, own)
        else:
            yield own, child


def partners(found: list[Level], names: Mapping[int, str]) -> dict[str, str]:
    """Path here → path in the backbone, for a training that starts from a run of it: `start: {map: …}`.

    Args:
        found: the levels.
        names: of the nodes that they became, by place.
    """
    return {
        f"{names[place]}.{number}": path
        for place, level in enumerate(found)
        for number, path in enumerate(level.paths)
        if path
    }
