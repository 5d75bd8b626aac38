"""The residual quantiser against its definition written as a loop, values and gradients."""

import pytest
import torch
from oracles import normal, padding_neutral, randomise, same, unchecked
from sklearn.cluster import KMeans
from torch import Tensor

from weftnet.blocks.quantisation.residual_vector_quantiser import ResidualVectorQuantiser, centres
from weftnet.blocks.quantisation.vector_quantiser import VectorQuantiser


def by_loop(
    block: ResidualVectorQuantiser, x: Tensor, beta: float, mask: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """One position and one level at a time; distances as they are defined; the straight-through gradient."""
    places, tables = mask.nonzero().tolist(), list(block.table)
    y, tokens = torch.zeros_like(x), torch.zeros(*x.shape[:2], len(tables), dtype=torch.long)
    codebook, commitment = x.new_zeros(()), x.new_zeros(())
    for i, t in places:
        rest, total = x[i, t], torch.zeros_like(x[i, t])
        for level, table in enumerate(tables):
            distances = [float((rest - each).square().sum().detach()) for each in table]
            k = distances.index(min(distances))
            codebook = codebook + (rest.detach() - table[k]).square().mean() / len(places)
            commitment = commitment + beta * (rest - table[k].detach()).square().mean() / len(places)
            rest, total = rest - table[k].detach(), total + table[k].detach()
            tokens[i, t, level] = k
        y[i, t] = x[i, t] + (total - x[i, t]).detach()
    return y, tokens, codebook, commitment


@pytest.mark.parametrize("masked", [False, True])
def test_values_and_gradients_are_those_of_the_definition(masked: bool) -> None:
    block = randomise(ResidualVectorQuantiser(4, vocabulary=7, levels=3, beta=0.4))
    assert isinstance(block, ResidualVectorQuantiser)
    x, mask = normal(2, 5, 4), torch.arange(5) < torch.tensor([[5], [3]])
    results = []
    for which in range(2):
        leaf, real = x.clone().requires_grad_(), mask if masked else torch.ones_like(mask)
        block.zero_grad()
        given = by_loop(block, leaf, 0.4, real) if which == 0 else block(leaf, mask if masked else None)
        y, tokens, codebook, commitment = given
        weights = torch.linspace(-1, 1, 40, dtype=y.dtype).reshape(y.shape)
        ((y * weights).sum() + 2 * codebook + 3 * commitment).backward()
        results.append([*(each.detach() for each in given), leaf.grad, *(each.grad for each in block.parameters())])
        assert tokens.dtype == torch.long
    assert len(results[0]) == 5 + 3
    for mine, wanted in zip(*results, strict=True):
        same(mine, wanted)


def test_padding_changes_nothing() -> None:
    block = randomise(ResidualVectorQuantiser(3, vocabulary=5, levels=2))

    class First(torch.nn.Module):
        def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
            return block(x, mask).y

    padding_neutral(First(), normal(3, 6, 3), [6, 4, 1], lambda n: n)


def test_tokens_stand_for_the_vectors() -> None:
    residual = randomise(ResidualVectorQuantiser(4, vocabulary=9, levels=3))
    single = randomise(VectorQuantiser(4, vocabulary=9))
    x = normal(2, 5, 4)
    for block in (residual, single):
        given = block(x)
        same(block.vectors(given.tokens), given.y)  # type: ignore[operator]  # both have it
    assert (residual.bits, single.bits) == (12, 4)


def test_the_first_look_puts_all_vectors_to_use_and_leaves_less_level_by_level() -> None:
    """Values in one corner of the space, of which random vectors would be nearest to few."""
    block, x = ResidualVectorQuantiser(6, vocabulary=32, levels=3).double(), 5 + normal(30, 100, 6)
    block.learn(x)
    kept = [each.detach().clone() for each in block.table]
    given = block(x)
    assert [len(given.tokens[..., level].unique()) for level in range(3)] == [32, 32, 32]
    left = [x - sum(table[given.tokens[..., each]] for each, table in enumerate(kept[: n + 1])) for n in range(3)]
    sizes = [float(each.square().mean()) for each in left]
    assert sizes[0] > 1.3 * sizes[1] > 1.3 * 1.3 * sizes[2]
    torch.manual_seed(99)
    block.learn(x)  # again, and by no chance but its own
    assert all(torch.equal(one, other) for one, other in zip(kept, block.table, strict=True))


def test_centres_are_about_as_good_as_those_of_scikit_learn() -> None:
    values = normal(700, 3)
    found = centres(values, 20, seed=0)
    wrong = float(torch.cdist(values, found).min(1).values.square().sum())
    best = KMeans(20, n_init=5, random_state=0).fit(values.numpy()).inertia_
    assert best <= wrong < 1.15 * best


@pytest.mark.parametrize("values", [torch.zeros(5, 2), torch.ones(1, 2), torch.arange(6.0).reshape(3, 2)])
def test_fewer_values_than_vectors(values: Tensor) -> None:
    assert centres(values, 8, seed=0).isfinite().all()


def test_settings_are_checked() -> None:
    with unchecked(), pytest.raises(ValueError, match="residual_vector_quantiser: levels: expected a positive integer"):
        ResidualVectorQuantiser(4, levels=0)
    with pytest.raises(ValueError, match="residual_vector_quantiser: beta: expected a number ≥ 0, got -1"):
        ResidualVectorQuantiser(4, beta=-1.0)
