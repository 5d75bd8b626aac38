"""Which weights are hidden matrices, decided by layer types and their order, not by names.

A hidden matrix is a weight with two axes or more of a layer that multiplies its input by it (dense, convolution,
recurrent), except the last of them: the head, whose outputs are the model's. Tables of embeddings are not, as their
rows are looked up; nor are parameters that a block holds itself (learned positions, a class token), which are added. A
table that an embedding shares with a dense layer counts as a table.
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from torch import nn
from torch.nn.modules.conv import _ConvNd

_MULTIPLYING = (nn.Linear, nn.Bilinear, _ConvNd, nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention)
_TABLES = (nn.Embedding, nn.EmbeddingBag)


def hidden_matrices(networks: Iterable[nn.Module]) -> list[nn.Parameter]:
    """The hidden matrices of networks that one optimiser trains, in order; each once.

    Args:
        networks: in the order in which values pass through them; the last one ends in the head.
    """
    layers = [layer for network in networks for layer in network.modules()]
    tables = {id(table) for layer in layers if isinstance(layer, _TABLES) for table in layer.parameters(recurse=False)}
    weights = [each for layer in layers if isinstance(layer, _MULTIPLYING) for each in layer.parameters(recurse=False)]
    matrices = list({id(weight): weight for weight in weights if weight.ndim >= 2}.values())
    return [matrix for matrix in matrices[:-1] if id(matrix) not in tables]


def needs_matrices(optimiser: Callable[..., Any]) -> bool:
    """Whether an optimiser asks for the hidden matrices, by an argument `hidden`: it works on whole ones."""
    return "hidden" in inspect.signature(optimiser).parameters
