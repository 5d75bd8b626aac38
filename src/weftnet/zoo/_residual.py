"""The residual blocks of He et al. 2015, with the projection where shape changes (their option B), and stages of them.

    basic        relu(x' + bn(conv 3×3(relu(bn(conv 3×3 ↓stride(x))))))
    bottleneck   relu(x' + gate(bn(conv 1×1(relu(bn(conv 3×3 ↓stride(relu(bn(conv 1×1(x))))))))))

x' = x, or bn(conv 1×1 ↓stride(x)) where stride or width differ. A bottleneck strides in its 3×3 convolution, as in
torchvision ("v1.5"); the paper has it in the first 1×1. Its gate is squeeze_excite, or nothing.
"""

from typing import Any, NamedTuple

from weftnet.architecture.spec import Chain, Node, Residual
from weftnet.zoo._write import block, chain

#: blocks of each stage, by depth; from 50 on they are bottlenecks
STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
#: the depth from which on blocks are bottlenecks
NARROW = 50


class Inner(NamedTuple):
    """What varies within a bottleneck.

    Args:
        groups: of its 3×3 convolution.
        width: channels of a group in the first stage; it doubles with the stages.
        squeeze: whether its channels are gated.
    """

    groups: int = 1
    width: int = 64
    squeeze: bool = False


_PLAIN = Inner()


def conv_norm(channels: int, kernel: int, stride: int = 1, dilation: int = 1, groups: int = 1) -> list[Node]:
    """A convolution without bias, which the normalisation's shift replaces."""
    more: dict[str, Any] = ({"dilation": dilation} if dilation > 1 else {}) | ({"groups": groups} if groups > 1 else {})
    return [
        block("conv2d", channels=channels, kernel=kernel, stride=stride, bias=False, **more), block("batch_norm2d"),
    ]  # fmt: skip


def basic(channels: int, stride: int, project: bool) -> Chain:
    """Two 3×3 convolutions."""
    body = chain(conv_norm(channels, 3, stride), block("relu"), conv_norm(channels, 3))
    return _around(body, channels, stride, project)


def bottleneck(channels: int, stride: int, project: bool, inner: Inner = _PLAIN, dilation: int = 1) -> Chain:
    """1×1 to a quarter of the channels – or as many as there are in groups –, 3×3, 1×1 back."""
    narrow = channels // 4 * inner.width // 64 * inner.groups
    body = chain(
        conv_norm(narrow, 1), block("relu"), conv_norm(narrow, 3, stride, dilation, inner.groups), block("relu"),
        conv_norm(channels, 1), [block("squeeze_excite")] if inner.squeeze else [],
    )  # fmt: skip
    return _around(body, channels, stride, project)


def stage(depth: int, number: int, inner: Inner = _PLAIN, reduced: int = 32) -> list[Node]:
    """The blocks of a stage, counted from 0, of a network of this depth.

    Args:
        depth: a key of `STAGES`.
        number: of the stage.
        inner: of bottlenecks.
        reduced: how many times smaller the image becomes in all; beyond it, dilations replace strides.
    """
    channels, before = 64 * 2**number, 4 * 2 ** max(number - 1, 0)
    now = 4 * 2**number
    blocks: list[Node] = []
    for i in range(STAGES[depth][number]):
        strides = number > 0 and i == 0 and now <= reduced
        # the first block of a stage still reads with the dilation of the one before
        dilation = max(1, (before if i == 0 else now) // reduced)
        if depth >= NARROW:
            blocks.append(bottleneck(4 * channels, 1 + strides, i == 0, inner, dilation))
        else:
            blocks.append(basic(channels, 1 + strides, number > 0 and i == 0))
    return blocks


def stem() -> list[Node]:
    """Four times smaller at once."""
    return [*conv_norm(64, 7, 2), block("relu"), block("max_pool2d", size=3, stride=2, padding=1)]


def _around(body: Chain, channels: int, stride: int, project: bool) -> Chain:
    shortcut = chain(conv_norm(channels, 1, stride)) if project else None
    return chain(Residual(body, shortcut), block("relu"))
