"""Which groups can be trusted: each is cut alone, and the cut network must compute what the silenced one does.

torch-pruning reads autograd's graph, where a reshape does not say which axes it joins: after `image_rows`, say, one
channel is many features in an order it can't see. Such a group fails here and is left alone.
"""

from collections.abc import Mapping

import torch

from netloom.build.network import Network
from netloom.compress.cut import Removal, check, cut
from netloom.compress.groups import Group, groups
from netloom.data.batch import Batch
from netloom.errors import NetloomError
from netloom.signal import Signal
from netloom.spec import Architecture


def sound_groups(
    network: Network, architecture: Architecture, inputs: Mapping[str, Signal], batch: Batch
) -> list[Group]:
    """The groups of a network that can be made smaller."""
    return [group for group in groups(network, batch) if _sound(group, network, architecture, inputs, batch)]


def _sound(
    group: Group, network: Network, architecture: Architecture, inputs: Mapping[str, Signal], batch: Batch
) -> bool:
    if group.size < 2:
        return False
    third = [Removal(group, torch.arange(0, group.size - 1, 3))]
    try:
        _, smaller = cut(network, architecture, inputs, third)
        check(network, smaller, third, batch)
    except (NetloomError, RuntimeError, IndexError):  # it does not fit together, or not to the weights
        return False
    return True
