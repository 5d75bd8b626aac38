"""Low-rank factors: a wide layer becomes two thin ones where that is less arithmetic.

    dense (m × n)                dense(rank, no bias) – dense(m)                       rank · (m + n) of m · n
    conv (o × i·kernel)          conv(rank, kernel, no bias) – conv(o, 1)              rank · (i·kernel + o)
    embedding (vocabulary × d)   embedding(rank) – dense(d, no bias)                   rank · (vocabulary + d)
    lstm, gru, rnn               dense(rank, no bias) – lstm reading `rank` features   of its input weights

The rank is the smallest that keeps a share `energy` of Σ s², and a layer is factorised only where its weights shrink to
MAX_SHARE or less. Composite blocks (attention, transformer layers) stay as they are.
Source: M. Jaderberg and others, Speeding up convolutional neural networks with low rank expansions, 2014,
https://arxiv.org/abs/1405.3866; with the split between a k × k and a 1 × 1 convolution: X. Zhang and others, 2015,
https://arxiv.org/abs/1505.06798.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from weftnet.architecture.edits import Edit, apply
from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.compose.flow import Resolved
from weftnet.compose.network import Network, build
from weftnet.compress.cut import blocks_of
from weftnet.compress.emit import write_torch
from weftnet.compress.factor import factors, rank_for
from weftnet.compress.resources import NotApplicable, Resources, network_of
from weftnet.compress.sizes import is_whole
from weftnet.compress.unroll import unroll
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded

#: a layer is factorised if its factors have at most this share of its weights
MAX_SHARE = 0.8


@dataclass(frozen=True)
class Factorisation:
    """The replacement of a layer.

    Args:
        block: the layer's path.
        nodes: the two blocks that replace it.
        rank: of the product.
        tensors: of the two, by name below the layer's path: "0.linear.weight".
    """

    block: str
    nodes: tuple[Block, Block]
    rank: int
    tensors: Mapping[str, Tensor]


class LowRank:
    """Two thin layers for a wide one, then fine-tuning."""

    order: ClassVar[int] = 2
    engine: ClassVar[str] = "torch"
    variants: ClassVar[Sequence[Mapping[str, Any]]] = ({"energy": 0.8}, {"energy": 0.6})

    @staticmethod
    def label(*, energy: float) -> str:
        """low_rank-80."""
        return f"low_rank-{energy * 100:.0f}"

    @staticmethod
    def apply(loaded: Loaded, resources: Resources, folder: Path, *, energy: float) -> Run | NotApplicable:
        """A run of the network whose wide layers keep a share `energy` of their squared singular values."""
        network, inputs = network_of(loaded)
        factorisations = factorise(network, loaded.architecture, lambda weight: rank_for(weight, energy), MAX_SHARE)
        if not factorisations:
            return NotApplicable(
                f"no dense, convolutional, embedding or recurrent layer would shrink to {MAX_SHARE:.0%}"
            )
        architecture, smaller = replace_layers(network, loaded.architecture, inputs, factorisations)
        ranks = {each.block: each.rank for each in factorisations}
        step = {"method": "low_rank", "energy": energy, "ranks": ranks}
        return write_torch(loaded, architecture, smaller, folder, resources, step)


def factorise(
    network: Network, architecture: Architecture, rank_of: Callable[[Tensor], int], max_share: float
) -> list[Factorisation]:
    """The layers that shrink to a share `max_share` of their weights or less, and the replacement of each.

    Args:
        network: with its weights.
        architecture: of that network.
        rank_of: a weight (m, n) → its rank.
        max_share: the largest share.
    """
    written = blocks_of(unroll(architecture).parts["network"])
    factorisations = []
    for block in network.rows:
        if block.kind != "block" or (matrix := _matrix(network, block)) is None:
            continue
        rank = rank_of(matrix)
        if rank * sum(matrix.shape) <= max_share * matrix.numel():
            module = network.get_submodule(block.path)
            nodes, tensors = _FACTORISE[_family(block)](written[block.path], module, matrix, rank)
            factorisations.append(Factorisation(block.path, nodes, rank, tensors))
    return factorisations


def replace_layers(
    network: Network, architecture: Architecture, inputs: Mapping[str, Signal], factorisations: Sequence[Factorisation]
) -> tuple[Architecture, Network]:
    """The architecture with each factorised layer replaced by a chain of two, and its network."""
    written = blocks_of(unroll(architecture).parts["network"])
    edits = [
        Edit(("network", *each.block.split(".")), "replace", [Chain(each.nodes, written[each.block].label)])
        for each in factorisations
    ]
    architecture = apply(unroll(architecture), edits)
    state = network.state_dict()
    for each in factorisations:
        state = {name: tensor for name, tensor in state.items() if not name.startswith(each.block + ".")}
        state |= {f"{each.block}.{name}": tensor for name, tensor in each.tensors.items()}
    smaller = build(architecture, {"network": inputs})["network"]
    smaller.load_state_dict(state)
    assert isinstance(smaller, Network)  # what build returns
    return architecture, smaller.eval()


def _family(block: Resolved) -> str:
    return "recurrent" if is_whole(block) else block.name


def _matrix(network: Network, block: Resolved) -> Tensor | None:
    """The weight (m, n) to factorise; None where there is none, or its channels are in groups."""
    if _family(block) not in _FACTORISE or block.settings.get("groups", 1) != 1 or len(block.reads) != 1:
        return None
    (layer,) = network.get_submodule(block.path).children()
    if is_whole(block):
        return torch.cat([weight for name, weight in _inputs_of(layer).items()])
    weight = layer.get_parameter("weight").detach()
    return weight.T if block.name == "embedding" else weight.flatten(1)


def _inputs_of(layer: torch.nn.Module) -> dict[str, Tensor]:
    """The input weights of a recurrent layer's first cells, by name."""
    return {name: value.detach() for name, value in layer.named_parameters() if name.startswith("weight_ih_l0")}


def _dense(block: Block, module: torch.nn.Module, matrix: Tensor, rank: int) -> tuple[tuple[Block, Block], Any]:
    first, second = factors(matrix, rank)
    tensors = {"0.linear.weight": first, "1.linear.weight": second, **_others(module, "linear", "weight")}
    return (Block("dense", {"dim": rank, "bias": False}), replace(block, label=None)), tensors


def _conv(block: Block, module: torch.nn.Module, matrix: Tensor, rank: int) -> tuple[tuple[Block, Block], Any]:
    first, second = factors(matrix, rank)
    (layer,) = module.children()
    shape = layer.get_parameter("weight").shape
    size = "channels" if block.name == "conv2d" else "dim"
    one = {size: block.settings[size], "kernel": 1} | {k: v for k, v in block.settings.items() if k == "bias"}
    tensors = {
        "0.conv.weight": first.reshape(rank, *shape[1:]),
        "1.conv.weight": second.reshape(shape[0], rank, *(1 for _ in shape[2:])),
        **_others(module, "conv", "weight"),
    }
    wide = {**block.settings, size: rank, "bias": False}
    return (Block(block.name, wide), Block(block.name, one)), tensors


def _embedding(block: Block, module: torch.nn.Module, matrix: Tensor, rank: int) -> tuple[tuple[Block, Block], Any]:
    first, second = factors(matrix, rank)  # (rank, vocabulary), (dim, rank)
    tensors = {"0.table.weight": first.T.contiguous(), "1.linear.weight": second}
    narrow = {**block.settings, "dim": rank}
    return (Block("embedding", narrow), Block("dense", {"dim": block.settings["dim"], "bias": False})), tensors


def _recurrent(block: Block, module: torch.nn.Module, matrix: Tensor, rank: int) -> tuple[tuple[Block, Block], Any]:
    first, second = factors(matrix, rank)
    ((kind, layer),) = module.named_children()
    names = list(_inputs_of(layer))
    parts = second.chunk(len(names))
    tensors = {"0.linear.weight": first} | {f"1.{kind}.{n}": part for n, part in zip(names, parts, strict=True)}
    tensors |= _others(module, kind, *names)
    settings = {name: value for name, value in block.settings.items() if name != "dim_in"}
    return (Block("dense", {"dim": rank, "bias": False}), Block(block.name, settings)), tensors


def _others(module: torch.nn.Module, inner: str, *replaced: str) -> dict[str, Tensor]:
    """The tensors of a layer that are not replaced, under their names in the second one."""
    state = module.get_submodule(inner).state_dict()
    return {f"1.{inner}.{name}": tensor for name, tensor in state.items() if name not in replaced}


_FACTORISE: Mapping[str, Any] = {
    "dense": _dense, "conv1d": _conv, "conv2d": _conv, "embedding": _embedding, "recurrent": _recurrent,
}  # fmt: skip
