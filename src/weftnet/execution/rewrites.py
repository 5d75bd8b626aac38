"""Rewrites of the order in which blocks run, which change neither a value nor a gradient, to the bit.

    maxₖ max(xₖ, 0) = max(maxₖ xₖ, 0)

So a maximum pool may run before the rectifier in front of it, which then has size² times fewer values to read, write
and differentiate. The gradient is the same: where the largest value is positive it is the same one on both sides;
where it is not, the rectifier passes none.

Parameters, their names and the blocks' paths stay as they are: only the order of execution changes.
"""

from torch import nn

from weftnet.blocks import BLOCKS
from weftnet.compose.network import Combined

_POOLS = ("max_pool2d", "global_max_pool2d")


def pool_first(model: nn.Module) -> int:
    """Let every maximum pool of images run before a rectifier in front of it.

    Args:
        model: whose chains are changed: an executor's own.

    Returns:
        How many pools run earlier.
    """
    relu, pools = BLOCKS.get("relu"), tuple(BLOCKS.get(name) for name in _POOLS)
    moved = 0
    for chain in model.modules():
        if not isinstance(chain, Combined) or chain._kind != "chain":
            continue
        order = list(chain._written)
        for place in range(len(order) - 1):
            first, second = chain.get_submodule(order[place]), chain.get_submodule(order[place + 1])
            if isinstance(first, relu) and isinstance(second, pools):
                order[place], order[place + 1] = order[place + 1], order[place]
                moved += 1
        chain._order = tuple(order)
    return moved
