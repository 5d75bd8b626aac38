"""Residual vector quantisation: a table says roughly what a position is, the next one what is left, and so on.

    r_1 = x;   for each level l:
        k_l = argmin_j ‖r_l − e_l[j]‖²                            e_l: (vocabulary, dim)
        r_{l+1} = r_l − sg(e_l[k_l])
    y = x + sg(Σ_l e_l[k_l] − x)                                  the vectors forward; backward as if y were x
    codebook   = Σ_l mean (sg(r_l) − e_l[k_l])²                   moves the tables to the values
    commitment = beta · Σ_l mean (r_l − sg(e_l[k_l]))²            keeps the values at the tables

sg stops the gradient. The tables start as the centres of k-means over what the first examples leave to each level
(`weftnet.train.first_look`), so that nearly all vectors are in use from the first step on; until then they are random.
The losses are means over all real positions and features; the recipe's `auxiliary` weighs them. The outputs are y, the
tokens k (levels a position) and the losses; `vectors` gives y for tokens.
Source: N. Zeghidour and others, SoundStream, 2021, section III.C, https://arxiv.org/abs/2107.03312.
Differs: tables are moved by gradients, not by running means, and unused vectors are not restarted
(`docs/decisions/0045`); all levels are always trained.
Cost: levels · vocabulary · dim parameters; 2 · levels · vocabulary · dim FLOPs a position.
When: Where a good reconstruction is wanted for few bits: each further table names what those before it left over.
Codecs of sound have it.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.quantisation._nearest import nearest

#: positions that k-means sees, and its rounds
_POSITIONS, _ROUNDS = 8192, 8


class ResidualQuantised(NamedTuple):
    """What the quantiser gives."""

    y: Float[Tensor, "*batch dim"]
    tokens: Int[Tensor, "*batch levels"]
    codebook: Float[Tensor, ""]
    commitment: Float[Tensor, ""]


class ResidualVectorQuantiser(nn.Module):
    """Several tables, one after another, for each position.

    Args:
        dim: features of a position.
        vocabulary: vectors of each table.
        levels: tables, and so tokens of a position.
        beta: how strongly values are held at the tables.
    """

    def __init__(self, dim: int, vocabulary: int = 256, levels: int = 4, beta: float = 0.25) -> None:
        super().__init__()
        positive("residual_vector_quantiser", dim=dim, vocabulary=vocabulary, levels=levels)
        if not beta >= 0:
            raise ValueError(f"residual_vector_quantiser: beta: expected a number ≥ 0, got {beta}")
        self.beta, self.vocabulary = beta, vocabulary
        # what is left of a value is smaller, level by level
        self.table = nn.ParameterList(torch.randn(vocabulary, dim) / 2**level for level in range(levels))

    @property
    def bits(self) -> int:
        """Of a position: ⌈log₂ vocabulary⌉ a token."""
        return len(self.table) * math.ceil(math.log2(self.vocabulary))

    def forward(
        self, x: Float[Tensor, "*batch dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> ResidualQuantised:
        """The sum of the vectors of all levels, their numbers, and the losses over the real positions; 0 at padding."""
        real = x.new_ones(*x.shape[:-1], 1) if mask is None else mask.unsqueeze(-1).to(x.dtype)
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        residual, total, chosen = x, torch.zeros_like(x), []
        codebook, commitment = x.new_zeros(()), x.new_zeros(())
        count = real.sum().clamp(min=1) * x.shape[-1]
        for table in self.table:
            tokens = nearest(residual, table)
            found = table[tokens]
            codebook = codebook + ((residual.detach() - found).square() * real).sum() / count
            commitment = commitment + self.beta * ((residual - found.detach()).square() * real).sum() / count
            residual, total = residual - found.detach(), total + found
            chosen.append(tokens)
        y, tokens = x + (total - x).detach(), torch.stack(chosen, -1)
        if mask is not None:
            y, tokens = y.masked_fill(~mask.unsqueeze(-1), 0), tokens.masked_fill(~mask.unsqueeze(-1), 0)
        return ResidualQuantised(y, tokens, codebook, commitment)

    def vectors(self, tokens: Int[Tensor, "*batch levels"]) -> Float[Tensor, "*batch dim"]:
        """What these tokens stand for: y of the positions that have them."""
        return torch.stack([table[tokens[..., level]] for level, table in enumerate(self.table)]).sum(0)

    @torch.no_grad()
    def learn(self, x: Float[Tensor, "*batch dim"]) -> None:
        """Put the tables at the centres of what these values leave to each level; evenly spaced positions are seen."""
        values = x.flatten(0, -2)
        residual = values[:: math.ceil(len(values) / _POSITIONS)]
        for level, table in enumerate(self.table):
            table.copy_(centres(residual, self.vocabulary, level))
            residual = residual - table[nearest(residual, table)]


def centres(values: Tensor, count: int, seed: int) -> Tensor:
    """(count, dim) centres of (n, dim) values by Lloyd's algorithm, from values that are drawn; as many as differ.

    A centre without values goes to one that is drawn, at random within the values' deviation.
    """
    draw = torch.Generator().manual_seed(seed)

    def drawn() -> Tensor:
        rows = torch.randint(len(values), (count,), generator=draw)
        if len(values) >= count:
            rows = torch.randperm(len(values), generator=draw)[:count]
        noise = torch.randn(count, values.shape[1], generator=draw).to(values)
        return values[rows.to(values.device)] + 0.01 * values.std(0, correction=0) * noise

    found = drawn()
    for _ in range(_ROUNDS):
        own = nearest(values, found)
        members = torch.bincount(own, minlength=count).unsqueeze(1)
        means = torch.zeros_like(found).index_add_(0, own, values) / members.clamp(min=1)
        found = torch.where(members > 0, means, drawn())
    return found
