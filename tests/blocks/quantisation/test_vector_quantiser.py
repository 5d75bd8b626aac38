"""The quantiser against the paper's equations written as a loop, values and gradients."""

import pytest
import torch
from oracles import randomise, same
from torch import Tensor

from weftnet.blocks.quantisation.vector_quantiser import VectorQuantiser


def by_loop(x: Tensor, table: Tensor, beta: float, mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Equations 1 to 3, one position at a time; y with the straight-through gradient."""
    y, tokens = torch.zeros_like(x), torch.zeros(x.shape[:2], dtype=torch.long)
    codebook, commitment, count = x.new_zeros(()), x.new_zeros(()), 0
    for i, t in mask.nonzero().tolist():
        k = min(range(len(table)), key=lambda j: float((x[i, t] - table[j]).detach().square().sum()))
        tokens[i, t] = k
        y[i, t] = x[i, t] + (table[k] - x[i, t]).detach()
        codebook = codebook + (x[i, t].detach() - table[k]).square().sum()
        commitment = commitment + beta * (x[i, t] - table[k].detach()).square().sum()
        count += x.shape[2]
    return y, tokens, codebook / count, commitment / count


@pytest.mark.parametrize("masked", [False, True])
def test_values_and_gradients_are_those_of_the_paper(masked: bool) -> None:
    block = randomise(VectorQuantiser(4, vocabulary=7, beta=0.4))
    x = torch.randn(2, 5, 4, dtype=torch.float64)
    mask = torch.arange(5) < torch.tensor([[5], [3]])
    results = []
    for which in range(2):
        leaf = x.clone().requires_grad_()
        block.zero_grad()
        given = block(leaf, mask if masked else None) if which == 0 else by_loop(
            leaf, block.table, 0.4, mask if masked else torch.ones_like(mask)
        )  # fmt: skip
        y, tokens, codebook, commitment = given
        (
            (y * torch.linspace(-1, 1, 40, dtype=y.dtype).reshape(y.shape)).sum() + 2 * codebook + 3 * commitment
        ).backward()
        results.append([*(each.detach() for each in given), leaf.grad, block.table.grad])
        assert tokens.dtype == torch.long
    for mine, wanted in zip(*results, strict=True):
        same(mine, wanted)


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="vector_quantiser: vocabulary: expected a positive integer, got 0"):
        VectorQuantiser(4, vocabulary=0)
    with pytest.raises(ValueError, match="vector_quantiser: beta: expected a number ≥ 0, got -1"):
        VectorQuantiser(4, beta=-1.0)
