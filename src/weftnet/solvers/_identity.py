"""The dense layer behind a block that a solver fills: it becomes the identity, so that the block gives the outputs."""

from collections.abc import Sequence

from torch import nn

from weftnet.errors import SettingError


def identity_behind(model: nn.ModuleDict, widths: Sequence[int], block: str) -> nn.Linear:
    """The only dense layer of a network, now the identity.

    Args:
        model: the networks by part.
        widths: of the outputs of its blocks that can be filled.
        block: what such a block is, for the message.

    Raises:
        SettingError: the network does not consist of one such block and a dense layer as wide as it.
    """
    heads = [module for module in model.modules() if isinstance(module, nn.Linear)]
    if len(widths) != 1 or [tuple(head.weight.shape) for head in heads] != [(widths[0], widths[0])]:
        expected = f"one {block}, and a dense layer as wide behind it"
        raise SettingError("the network can't be solved for", where="solver", expected=expected)
    nn.init.eye_(heads[0].weight)
    nn.init.zeros_(heads[0].bias)
    return heads[0]
