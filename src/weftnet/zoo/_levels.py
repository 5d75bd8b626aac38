"""A backbone in levels: the nodes of another entry's network up to each of its three coarsest images.

    level 1    all nodes up to the last image that is s times smaller than the picture
    level 2    those behind them, up to the last one that is smaller than that, and so on

What makes vectors of the image – pooling over all of it, dense layers – is left out. Where the network makes fewer than
three sizes of image, from a quarter of the picture on, strided convolutions make the others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Chain, Node
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
    """

    nodes: tuple[Node, ...]
    stride: int
    paths: tuple[str, ...]


def levels(architecture: Architecture, where: str) -> list[Level]:
    """Three levels, the finest first.

    Raises:
        SettingError: the network is no chain that makes smaller and smaller images.
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
    coarsest = [stride for stride in sorted(ends) if stride >= _FINEST][-_LEVELS:] or sorted(ends)[-1:]
    if not coarsest:
        raise SettingError("the backbone makes no image", where=where, got=str(whole.output))
    found, start = [], 0
    for stride in coarsest:
        part = flat[start : ends[stride]]
        made = list(whole.children.values())[start : ends[stride]]
        paths = tuple(path if _weighs(child) else "" for (path, _), child in zip(part, made, strict=True))
        found.append(Level(tuple(node for _, node in part), stride, paths))
        start = ends[stride]
    channels = list(whole.children.values())[start - 1].output.size("channels")
    while len(found) < _LEVELS:
        added = (*conv_norm(channels, 3, 2), block("relu"))
        found.append(Level(added, 2 * found[-1].stride, ("",) * len(added)))
    return found


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
