"""Dilations for strides: a classifier's convolutions whose image stays large, with the weights that it has.

    stride      1                     of a convolution that would make the image smaller than 1/`most`
    dilation    how many times smaller the image would have been, as the convolution reads it

So every filter still reads the pixels of the picture that it was trained to read, at more places.
Source: F. Yu, V. Koltun, Multi-scale context aggregation by dilated convolutions, 2015, https://arxiv.org/abs/1511.07122;
L. Chen and others, Rethinking atrous convolution, 2017, https://arxiv.org/abs/1706.05587, section 3.1.
"""

from collections.abc import Sequence
from dataclasses import replace

from weftnet.architecture.spec import Block, Chain, Node, Parallel, Residual
from weftnet.errors import SettingError


def dilated(nodes: Sequence[Node], stride: int, most: int, where: str) -> tuple[Node, ...]:
    """Nodes one after another whose convolutions make an image no smaller than 1/`most`.

    Args:
        nodes: of a backbone.
        stride: how many times smaller than the picture is what they read.
        most: the largest stride.
        where: for an error.

    Raises:
        SettingError: there are combinators other than chains, residuals and branches.
    """
    made = []
    for node in nodes:
        changed, stride = _node(node, stride, most, where)
        made.append(changed)
    return tuple(made)


def _node(node: Node, stride: int, most: int, where: str) -> tuple[Node, int]:
    """The node, and the stride that would be behind it."""
    match node:
        case Block():
            return _block(node, stride, most)
        case Chain(nodes):
            inner = []
            for each in nodes:
                changed, stride = _node(each, stride, most, where)
                inner.append(changed)
            return replace(node, nodes=tuple(inner)), stride
        case Residual(body, shortcut):
            changed, behind = _node(body, stride, most, where)
            other = None if shortcut is None else _node(shortcut, stride, most, where)[0]
            return replace(node, body=changed, shortcut=other), behind
        case Parallel(branches):
            pairs = [_node(branch, stride, most, where) for branch in branches]
            return replace(node, branches=tuple(changed for changed, _ in pairs)), pairs[0][1]
        case _:
            what, got = "its strides can't become dilations", type(node).__name__.lower()
            raise SettingError(what, where=where, expected="blocks, chains, residuals, branches", got=got)


def _block(node: Block, stride: int, most: int) -> tuple[Node, int]:
    own = node.settings.get("stride", 1)
    if "kernel" not in node.settings or not isinstance(own, int):
        return node, stride
    dilation, settings = max(1, stride // most), dict(node.settings)
    if stride * own > most:
        settings.pop("stride", None)
    if dilation > 1 and settings["kernel"] != 1:
        settings["dilation"] = dilation * settings.get("dilation", 1)
    return replace(node, settings=settings), stride * own
