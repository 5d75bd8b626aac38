"""Which groups can be pruned: each is cut alone, and the cut network must compute what the silenced one does.

torch-pruning reads autograd's graph, where a reshape does not record which axes it merges: after `image_rows`, say, one
channel is many features in an order it can't know. Such a group fails here and is left alone.
"""

from collections.abc import Mapping

import torch

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture
from weftnet.compose.network import Network
from weftnet.compress.cut import Removal, check, cut
from weftnet.compress.groups import Group, groups
from weftnet.data.batch import Batch
from weftnet.errors import WeftnetError


def prunable_groups(
    network: Network, architecture: Architecture, inputs: Mapping[str, Signal], batch: Batch
) -> list[Group]:
    """The groups of a network that can be pruned."""
    return [group for group in groups(network, batch) if _prunable(group, network, architecture, inputs, batch)]


def _prunable(
    group: Group, network: Network, architecture: Architecture, inputs: Mapping[str, Signal], batch: Batch
) -> bool:
    if group.size < 2:
        return False
    third = [Removal(group, torch.arange(0, group.size - 1, 3))]
    try:
        _, smaller = cut(network, architecture, inputs, third)
        check(network, smaller, third, batch)
    except (WeftnetError, RuntimeError, IndexError):  # the shapes don't fit together, or not the weights
        return False
    return True
