"""A codec in two: what turns a recording into codes, and what turns codes into a recording.

    encoder(wave)  → codes (batch, frames, levels), −1 at padding, and bits (batch, 1)
    decoder(codes) → the wave that the whole network gives

Both are networks of the same modules. They meet at the quantiser: a node of the chain that gives `tokens` beside its
vectors, and whose block has `vectors`, which gives the vectors of tokens, and `bits`, those that a position takes.
"""

from dataclasses import replace
from typing import Any, NamedTuple

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Wire
from weftnet.compose.dividing import made_of
from weftnet.compose.flow import Resolved
from weftnet.compose.network import Network
from weftnet.errors import SettingError

#: the decoder's input, and outputs of the encoder
CODES, BITS = "codes", "bits"
_TOKENS, _VECTORS = "tokens", "vectors"


class Counted(NamedTuple):
    """Codes, and the bits that they take."""

    codes: Int[Tensor, "batch time levels"]
    bits: Float[Tensor, "batch dim"]


class Counting(nn.Module):
    """A quantiser's tokens as codes: with an axis of levels, and −1 at padding."""

    def __init__(self, bits: int) -> None:
        super().__init__()
        self.bits = bits

    def forward(self, x: Int[Tensor, "batch time *levels"], mask: Bool[Tensor, "batch time"] | None = None) -> Counted:
        """The codes, and `bits` for each real position."""
        codes = x if x.dim() == 3 else x.unsqueeze(2)
        if mask is not None:
            codes = codes.masked_fill(~mask.unsqueeze(2), -1)
        frames = (codes[:, :, 0] >= 0).sum(1, keepdim=True)
        return Counted(codes, frames.float() * self.bits)


class Looking(nn.Module):
    """The vectors that codes stand for."""

    def __init__(self, quantiser: nn.Module, *, flat: bool) -> None:
        super().__init__()
        self.quantiser, self.flat = quantiser, flat

    def forward(
        self, x: Int[Tensor, "batch time levels"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Zero at padding."""
        tokens = x.clamp(min=0)
        y: Tensor = self.quantiser.vectors(tokens.squeeze(2) if self.flat else tokens)  # type: ignore[operator]
        return y if mask is None else y.masked_fill(~mask.unsqueeze(2), 0)


def quantiser(network: Network) -> str:
    """The node of the network that gives codes.

    Raises:
        SettingError: there is none, or several, or it is not a node of a chain.
    """
    nodes = network.resolved.children
    found = [
        name
        for name, node in nodes.items()
        if _TOKENS in node.others and hasattr(network.get_submodule(name), _VECTORS)
    ]
    if network.resolved.kind != "chain" or len(found) != 1:
        raise SettingError(
            "a codec has one quantiser, between what encodes and what decodes",
            where="task codec",
            expected="a chain with residual_vector_quantiser or vector_quantiser among its nodes",
            got=f"{len(found)} in a {network.resolved.kind}",
        )
    return found[0]


def halves(network: Network) -> tuple[Network, Network]:
    """The encoder and the decoder.

    Raises:
        SettingError: it has no quantiser between two halves.
    """
    middle, nodes = quantiser(network), dict(network.resolved.children)
    place = list(nodes).index(middle)
    block: Any = network.get_submodule(middle)
    names, tokens = list(nodes)[: place + 1], nodes[middle].others[_TOKENS]
    frames, flat = tokens.size("time"), len(tokens.sizes) == 1
    levels = 1 if flat else tokens.sizes[1]
    codes = Signal(("time", "dim"), (frames, levels), "int", {"vocabulary": block.vocabulary}, tokens.padded)
    bits = Signal(("dim",), (1,))
    ((read, signal),) = network.resolved.reads.items()
    counting = _node(Counting, CODES, nodes[middle].path, tokens, codes, {BITS: bits})
    wires = {name: Wire((before,)) for name, before in zip(names, [read, *names[:-1]], strict=True)}
    wires |= {CODES: Wire((middle,), output=_TOKENS), BITS: Wire((CODES,), output=BITS)}
    modules: dict[str, nn.Module] = {name: network.get_submodule(name) for name in names}
    first = replace(
        network.resolved, kind="graph", name="graph", reads={read: signal}, gives={CODES: codes, BITS: bits},
        children={**{name: nodes[name] for name in names}, CODES: counting}, wires=wires, outputs=(CODES, BITS),
    )  # fmt: skip
    encoder = made_of(network, first, {**modules, CODES: Counting(block.bits)})
    rest = {name: nodes[name] for name in list(nodes)[place + 1 :]}
    looking = _node(Looking, _VECTORS, CODES, codes, nodes[middle].output, {})
    second = replace(
        network.resolved, reads={CODES: codes}, by={CODES: CODES}, children={_VECTORS: looking, **rest},
        gives=network.resolved.gives,
    )  # fmt: skip
    modules = {name: network.get_submodule(name) for name in rest}
    return encoder, made_of(network, second, {_VECTORS: Looking(block, flat=flat), **modules})


def _node(cls: type[nn.Module], name: str, by: str, reads: Signal, gives: Signal, others: Any) -> Resolved:
    return Resolved("block", name, name, {"x": reads}, {"x": by}, {"y": gives}, cls=cls, others=others)
