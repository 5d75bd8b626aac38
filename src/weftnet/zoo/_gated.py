"""Inverted residuals with gates for their channels, as MobileNetV3 and the EfficientNets have them.

    block   x' + drop(norm(conv 1×1(gate(f(norm(depthwise k×k ↓stride(f(norm(conv 1×1(x)))))))))

x' = x where neither size nor channels change; nothing otherwise. Without expansion the first convolution is left out.
"""

from typing import Any, NamedTuple

from weftnet.architecture.spec import Chain, Node, Residual
from weftnet.zoo._inverted import Edges, normed
from weftnet.zoo._write import block, chain


class Gated(NamedTuple):
    """One block.

    Args:
        kernel: of the depthwise convolution.
        stride: likewise.
        before: channels that it reads.
        wide: channels inside.
        channels: that it gives.
        activation: f.
        gate: settings of squeeze_excite; None for no gate.
        drop: share of the examples for which the body is left out, in training.
    """

    kernel: int
    stride: int
    before: int
    wide: int
    channels: int
    activation: str
    gate: dict[str, Any] | None = None
    drop: float = 0.0


def gated(each: Gated, edges: Edges) -> Node:
    """A block."""
    residual = each.stride == 1 and each.before == each.channels
    body: Chain = chain(
        [*normed(each.wide, 1, 1, edges), block(each.activation)] if each.wide != each.before else [],
        [*normed(each.wide, each.kernel, each.stride, edges, groups=each.wide), block(each.activation)],
        [block("squeeze_excite", **each.gate)] if each.gate is not None else [],
        normed(each.channels, 1, 1, edges),
        [block("input_dropout", rate=each.drop)] if residual and each.drop else [],
    )
    return Residual(body) if residual else body
