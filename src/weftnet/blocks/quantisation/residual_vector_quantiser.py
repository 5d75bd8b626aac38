"""Residual vector quantisation: a table says roughly what a position is, the next one what is left, and so on.

    r_1 = x;   for each level l:
        z_l = W_l r_l + b_l                                       (code_dim), in which nearness is measured
        k_l = argmax_j z_l · e_l[j] / ‖e_l[j]‖                    the nearest by direction; e_l: (vocabulary, code_dim)
        o_l = V_l (z_l + sg(e_l[k_l] − z_l)) + c_l                e_l[k_l] forward; backward as if it were z_l
        r_{l+1} = r_l − o_l
    y = Σ_l o_l
    codebook   = Σ_l mean (sg(z_l) − e_l[k_l])²                   moves the tables to the values
    commitment = beta · Σ_l mean (z_l − sg(e_l[k_l]))²            keeps the values at the tables

sg stops the gradient. The losses are means over all real positions and features; the recipe's `auxiliary` weighs them.
The outputs are y, the tokens k (levels a position) and the losses; `vectors` gives y for tokens.
Source: N. Zeghidour and others, SoundStream, 2021, section III.C, https://arxiv.org/abs/2107.03312; few dimensions and
directions, with gradients instead of running means: R. Kumar and others, High-fidelity audio compression with improved
RVQGAN, 2023, section 3.1 and appendix A, https://arxiv.org/abs/2306.06546.
Differs from SoundStream: no running means and no restart of unused vectors (`docs/decisions/0045`); from RVQGAN: all
levels are always trained, and the maps have no weight norm.
Cost: levels · (2 · dim · code_dim + code_dim + dim + vocabulary · code_dim) parameters; some 2 FLOPs a position for
each of them but the biases.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class ResidualQuantised(NamedTuple):
    """What the quantiser gives."""

    y: Float[Tensor, "*batch dim"]
    tokens: Int[Tensor, "*batch levels"]
    codebook: Float[Tensor, ""]
    commitment: Float[Tensor, ""]


class Level(nn.Module):
    """One table, and the maps to its few dimensions and back."""

    def __init__(self, dim: int, vocabulary: int, code_dim: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(dim, code_dim), nn.Linear(code_dim, dim)
        self.table = nn.Parameter(torch.randn(vocabulary, code_dim))

    def forward(self, r: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """z (*batch, code_dim), tokens (*batch), and the vectors that they name (*batch, code_dim)."""
        z: Tensor = self.down(r)
        tokens = (z @ F.normalize(self.table, dim=1).T).argmax(-1)
        return z, tokens, self.table[tokens]


class ResidualVectorQuantiser(nn.Module):
    """Several tables, one after another, for each position.

    Args:
        dim: features of a position.
        vocabulary: vectors of each table.
        levels: tables, and so tokens of a position.
        code_dim: dimensions in which vectors are compared.
        beta: how strongly values are held at the tables.
    """

    def __init__(self, dim: int, vocabulary: int = 256, levels: int = 4, code_dim: int = 8, beta: float = 0.25) -> None:
        super().__init__()
        positive("residual_vector_quantiser", dim=dim, vocabulary=vocabulary, levels=levels, code_dim=code_dim)
        if not beta >= 0:
            raise ValueError(f"residual_vector_quantiser: beta: expected a number ≥ 0, got {beta}")
        self.beta, self.vocabulary = beta, vocabulary
        self.level = nn.ModuleList(Level(dim, vocabulary, code_dim) for _ in range(levels))

    @property
    def bits(self) -> int:
        """Of a position: ⌈log₂ vocabulary⌉ a token."""
        return len(self.level) * math.ceil(math.log2(self.vocabulary))

    def forward(
        self, x: Float[Tensor, "*batch dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> ResidualQuantised:
        """The sum of the vectors of all levels, their numbers, and the losses over the real positions; 0 at padding."""
        real = x.new_ones(*x.shape[:-1], 1) if mask is None else mask.unsqueeze(-1).to(x.dtype)
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        residual, y, chosen = x, torch.zeros_like(x), []
        codebook, commitment = x.new_zeros(()), x.new_zeros(())
        for level in self._levels():
            z, tokens, nearest = level(residual)
            out = level.up(z + (nearest - z).detach())
            residual, y = residual - out, y + out
            chosen.append(tokens)
            count = real.sum().clamp(min=1) * z.shape[-1]
            codebook = codebook + ((z.detach() - nearest).square() * real).sum() / count
            commitment = commitment + self.beta * ((z - nearest.detach()).square() * real).sum() / count
        tokens = torch.stack(chosen, -1)
        if mask is not None:
            y, tokens = y.masked_fill(~mask.unsqueeze(-1), 0), tokens.masked_fill(~mask.unsqueeze(-1), 0)
        return ResidualQuantised(y, tokens, codebook, commitment)

    def vectors(self, tokens: Int[Tensor, "*batch levels"]) -> Float[Tensor, "*batch dim"]:
        """What these tokens stand for: y of the positions that have them."""
        each = [level.up(level.table[tokens[..., place]]) for place, level in enumerate(self._levels())]
        return torch.stack(each).sum(0)

    def _levels(self) -> Iterator[Level]:
        for level in self.level:
            assert isinstance(level, Level)
            yield level
