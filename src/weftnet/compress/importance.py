"""How much a unit matters: the weights that compute it and the weights that read it.

    importance(u) = mean over the member layers l of  s_l(u) / mean_u s_l(u),    s_l(u) = Σ w² over l's weights of u

This is the group magnitude of G. Fang and others, DepGraph, 2023, https://arxiv.org/abs/2301.12900, section 3.3 (p = 2,
each layer divided by its own mean so that large layers don't dominate small ones). It needs no data and no gradient.
Embeddings, normalisations and recurrent layers count like all others; biases and running statistics don't.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from weftnet.compress.groups import Group
from weftnet.compress.slices import slices


def importance(group: Group, state: Mapping[str, Tensor]) -> Tensor:
    """(units) the importance of each unit; 1 on average.

    Args:
        group: the coupled channels.
        state: the network's tensors by name.
    """
    total, layers = torch.zeros(group.size, dtype=torch.float64), 0
    for member in group.members:
        score = torch.zeros(group.size, dtype=torch.float64)
        for each in slices(member, state):
            if "bias" not in each.name and "running" not in each.name:
                squares = state[each.name].double().square().movedim(each.axis, 0)
                score.index_add_(0, group.units[each.channels], squares.reshape(len(squares), -1).sum(1)[each.places])
        if float(score.sum()) > 0:
            total += score / score.mean()
            layers += 1
    return total / max(layers, 1)
