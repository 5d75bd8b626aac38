"""Inverted residuals: wide inside, narrow between, as MobileNetV2 and the EfficientNets have them.

    block   x' + norm(conv 1×1(relu6(norm(depthwise k×k ↓stride(relu6(norm(conv 1×1 ×expand(x))))))))

x' = x where neither size nor channels change; nothing otherwise. Without expansion the first convolution is left out.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from weftnet.architecture.spec import Chain, Node, Residual
from weftnet.zoo._write import block, chain

#: repeats, kernel, stride, expand, channels of a network that is scaled in width and depth
SCALED = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)  # fmt: skip


class Inverted(NamedTuple):
    """One block's sizes."""

    kernel: int
    stride: int
    expand: int
    channels_in: int
    channels: int

    @property
    def residual(self) -> bool:
        """Whether its input is added."""
        return self.stride == 1 and self.channels_in == self.channels

    @property
    def layers(self) -> tuple[int, ...]:
        """The numbers of its convolutions and norms, in the order of the network."""
        return (0, 1, 3, 4, 6, 7) if self.expand > 1 else (0, 1, 3, 4)

    def path(self, number: int) -> str:
        """Where its nodes are, if it is the node of this number."""
        return f"{number}.body" if self.residual else str(number)


class Edges(NamedTuple):
    """How convolutions treat edges, and the settings of the norms."""

    padding: str = "same"
    eps: float = 1e-5
    momentum: float = 0.1


def normed(channels: int, kernel: int, stride: int, edges: Edges, groups: int = 1) -> list[Node]:
    """A convolution and its norm."""
    settings: dict[str, Any] = {"channels": channels, "kernel": kernel, "bias": False}
    settings |= {"stride": stride} if stride > 1 else {}
    settings |= {"groups": groups} if groups > 1 else {}
    settings |= {"padding": edges.padding} if edges.padding != "same" else {}
    plain = Edges()._asdict()
    others = {name: value for name, value in edges._asdict().items() if name != "padding" and value != plain[name]}
    return [block("conv2d", **settings), block("batch_norm2d", **others)]


def convolved(channels: int, kernel: int, stride: int, edges: Edges, groups: int = 1) -> list[Node]:
    """The same with relu6 behind."""
    return [*normed(channels, kernel, stride, edges, groups), block("relu6")]


def inverted(each: Inverted, edges: Edges) -> Node:
    """A block."""
    wide = each.channels_in * each.expand
    body: Chain = chain(
        convolved(wide, 1, 1, edges) if each.expand > 1 else [],
        convolved(wide, each.kernel, each.stride, edges, groups=wide),
        normed(each.channels, 1, 1, edges),
    )
    return Residual(body) if each.residual else body


def rounded(channels: float) -> int:
    """To the nearest multiple of eight, but not more than a tenth down."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


def stages(blocks: Sequence[Inverted]) -> list[tuple[int, int]]:
    """(stage, number within it) of each block: a stage begins where the channels change."""
    places, stage, within = [], -1, 0
    for i, each in enumerate(blocks):
        begins = i == 0 or each.channels != blocks[i - 1].channels
        stage, within = (stage + 1, 0) if begins else (stage, within + 1)
        places.append((stage, within))
    return places


def block_names(each: Inverted, here: str, layers: Sequence[str]) -> Mapping[str, str]:
    """Convolutions and norms of a block: here → there."""
    return {f"{here}.{number}": name for number, name in zip(each.layers, layers, strict=True)}
