"""The residual quantiser against its definition written as a loop, values and gradients."""

import pytest
import torch
from oracles import normal, padding_neutral, randomise, same, unchecked
from torch import Tensor

from weftnet.blocks.quantisation.residual_vector_quantiser import ResidualVectorQuantiser
from weftnet.blocks.quantisation.vector_quantiser import VectorQuantiser


def by_loop(
    block: ResidualVectorQuantiser, x: Tensor, beta: float, mask: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """One position and one level at a time; cosines of angles are compared; the straight-through gradient."""
    levels = [(each.down, each.up, each.table) for each in block.level]
    y, tokens = torch.zeros_like(x), torch.zeros(*x.shape[:2], len(levels), dtype=torch.long)
    codebook, commitment, count = x.new_zeros(()), x.new_zeros(()), int(mask.sum())
    for i, t in mask.nonzero().tolist():
        r, total = x[i, t], x.new_zeros(x.shape[2])
        for place, (down, up, table) in enumerate(levels):
            z = down.weight @ r + down.bias
            cosines = [float(torch.nn.functional.cosine_similarity(z, e, dim=0).detach()) for e in table]
            k = max(range(len(table)), key=cosines.__getitem__)
            o = up.weight @ (z + (table[k] - z).detach()) + up.bias
            r, total = r - o, total + o
            tokens[i, t, place] = k
            codebook = codebook + (z.detach() - table[k]).square().mean() / count
            commitment = commitment + beta * (z - table[k].detach()).square().mean() / count
        y[i, t] = total
    return y, tokens, codebook, commitment


@pytest.mark.parametrize("masked", [False, True])
def test_values_and_gradients_are_those_of_the_definition(masked: bool) -> None:
    block = randomise(ResidualVectorQuantiser(4, vocabulary=7, levels=3, code_dim=2, beta=0.4))
    assert isinstance(block, ResidualVectorQuantiser)
    x, mask = normal(2, 5, 4), torch.arange(5) < torch.tensor([[5], [3]])
    results = []
    for which in range(2):
        leaf = x.clone().requires_grad_()
        block.zero_grad()
        given = (
            block(leaf, mask if masked else None)
            if which == 0
            else by_loop(block, leaf, 0.4, mask if masked else torch.ones_like(mask))
        )
        y, tokens, codebook, commitment = given
        weights = torch.linspace(-1, 1, 40, dtype=y.dtype).reshape(y.shape)
        ((y * weights).sum() + 2 * codebook + 3 * commitment).backward()
        results.append([*(each.detach() for each in given), leaf.grad, *(each.grad for each in block.parameters())])
        assert tokens.dtype == torch.long
    assert len(results[0]) == 5 + 3 * 5
    for mine, wanted in zip(*results, strict=True):
        same(mine, wanted)


def test_padding_is_neutral() -> None:
    block = randomise(ResidualVectorQuantiser(3, vocabulary=5, levels=2, code_dim=2))

    class First(torch.nn.Module):
        def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
            return block(x, mask).y

    padding_neutral(First(), normal(3, 6, 3), [6, 4, 1], lambda n: n)


def test_tokens_stand_for_the_vectors() -> None:
    residual = randomise(ResidualVectorQuantiser(4, vocabulary=9, levels=3, code_dim=3))
    single = randomise(VectorQuantiser(4, vocabulary=9))
    x = normal(2, 5, 4)
    for block in (residual, single):
        given = block(x)
        same(block.vectors(given.tokens), given.y)  # type: ignore[operator]  # both have it
    assert (residual.bits, single.bits) == (12, 4)


def test_settings_are_checked() -> None:
    with unchecked(), pytest.raises(ValueError, match="residual_vector_quantiser: levels: expected a positive integer"):
        ResidualVectorQuantiser(4, levels=0)
    with pytest.raises(ValueError, match="residual_vector_quantiser: beta: expected a number ≥ 0, got -1"):
        ResidualVectorQuantiser(4, beta=-1.0)
