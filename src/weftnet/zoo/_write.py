"""How zoo entries are written: `network(block("conv2d", channels=32), block("relu"), classes=10)`."""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture, Block, Chain, Node
from weftnet.errors import SettingError


def block(name: str, /, **settings: Any) -> Block:
    """A block and its settings; tuples become lists, as YAML has them."""
    return Block(name, {key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()})


def chain(*parts: Node | Sequence[Node]) -> Chain:
    """Nodes one after another; sequences among them are spliced in."""
    nodes: list[Node] = []
    for part in parts:
        nodes.extend(part if isinstance(part, Sequence) else [part])
    return Chain(tuple(nodes))


def network(*parts: Node | Sequence[Node], classes: int | None = None) -> Architecture:
    """The architecture of a single network, with a last dense layer if `classes` is set."""
    last = [] if classes is None else [block("dense", dim=classes)]
    return Architecture({"network": chain(*parts, last)})


def dropout(rate: float) -> list[Node]:
    """Dropout, or nothing if the rate is 0."""
    return [block("dropout", rate=rate)] if rate else []


def dense_stack(widths: Sequence[int], activation: str = "relu", rate: float = 0.0) -> list[Node]:
    """Dense layers, each followed by its activation and dropout."""
    return [node for width in widths for node in (block("dense", dim=width), block(activation), *dropout(rate))]


def halved(entry: str, shape: Sequence[int], times: int) -> tuple[int, int]:
    """Height and width of an image (channels, height, width) after it was halved some times.

    Raises:
        SettingError: the shape is not that of an image, or can't be halved so often.
    """
    factor = 2**times
    if len(shape) != 3 or min(shape) < 1 or shape[1] % factor or shape[2] % factor:
        raise SettingError(
            f"the image can't be halved {times} times",
            where=f"zoo {entry}",
            expected=f"shape: [channels, height, width] with height and width divisible by {factor}",
            got=str(list(shape)),
            fix="give fewer widths, or write the decoder as dense layers",
        )
    return shape[1] // factor, shape[2] // factor
