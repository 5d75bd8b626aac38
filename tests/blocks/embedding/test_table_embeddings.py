"""The embeddings of a table's columns against loops over examples, values and bins."""

import math

import numpy as np
import pytest
import torch
from oracles import exports, functional, gradients_match, normal, same, unchecked

from weftnet.blocks.embedding.feature_tokens import FeatureTokens
from weftnet.blocks.embedding.periodic_embedding import PeriodicEmbedding
from weftnet.blocks.embedding.piecewise_linear_embedding import PiecewiseLinearEmbedding

#: a number, a category of three labels, two numbers
COLUMNS = [1, 3, 1, 1]
PLACES = [[0], [1, 2, 3], [4], [5]]


def each_column(x, columns, vector):
    """(batch, columns, dim): for each column the sum of `vector(example, place)` over its places."""
    return torch.stack([
        torch.stack([sum(vector(example, i) for i in places) for places in columns]) for example in x
    ])  # fmt: skip


@pytest.mark.parametrize("columns", [None, COLUMNS])
def test_tokens_are_the_sums_of_their_columns(columns):
    f, weights = functional(FeatureTokens(6, 5, columns))
    places = PLACES if columns else [[i] for i in range(6)]

    def oracle(x, weight, bias):
        return each_column(x, places, lambda example, i: example[i] * weight[i]) + bias

    assert len(weights[1]) == len(places)
    gradients_match(f, oracle, [normal(4, 6), *weights])


def table(count=400):
    """Zeros beside other values, a flag, a constant, values of three levels, normal ones, a heavy tail."""
    random = np.random.default_rng(0)
    columns = [
        np.where(random.random(count) < 0.9, 0, random.normal(5, 2, count)), random.random(count) < 0.3,
        np.full(count, 0.7), random.integers(0, 3, count), random.normal(size=count), random.standard_cauchy(count),
    ]  # fmt: skip
    return torch.from_numpy(np.stack(columns, 1).astype(np.float64))


def share(x, edges, t):
    """Equation 1 for the bin between edges t − 1 and t."""
    if x < edges[t - 1]:
        return 0 * x
    return 0 * x + 1 if x >= edges[t] else (x - edges[t - 1]) / (edges[t] - edges[t - 1])


@pytest.mark.parametrize("columns", [None, COLUMNS])
def test_shares_of_bins_are_those_of_the_paper(columns):
    block = PiecewiseLinearEmbedding(6, dim=5, bins=4, columns=columns).double()
    x = table()
    block.learn(x)
    edges = [sorted({*map(float, x[:, i])}) for i in range(6)]
    edges[0] = sorted([0.0, *np.quantile(x[:, 0][x[:, 0] != 0], [0, 1 / 3, 2 / 3, 1])])
    edges[4:] = [np.quantile(x[:, i], [0, 0.25, 0.5, 0.75, 1]) for i in (4, 5)]
    f, weights = functional(block)
    places = PLACES if columns else [[i] for i in range(6)]

    def oracle(x, weight, bend, bias):
        def vector(example, i):
            bins = range(1, len(edges[i]))
            return example[i] * weight[i] + sum(share(example[i], edges[i], t) * bend[i, t - 1] for t in bins)

        return each_column(x, places, vector) + bias

    gradients_match(f, oracle, [1.2 * table(40) - 0.3, *weights])


def test_what_was_learnt_is_kept_and_exported():
    block, other = (PiecewiseLinearEmbedding(6, dim=5, bins=4, columns=COLUMNS).double() for _ in range(2))
    block.learn(table())
    torch.nn.init.normal_(block.bend)
    other.load_state_dict(block.state_dict())
    same(other(table(9)), block(table(9)))
    exports(block, table(9))


def test_it_starts_as_a_linear_one():
    block, linear = PiecewiseLinearEmbedding(6, dim=5).double(), FeatureTokens(6, 5).double()
    linear.load_state_dict({name: block.state_dict()[name] for name in ("weight", "bias")})
    x = normal(3, 6)
    same(block(x), linear(x))


@pytest.mark.parametrize("form", ["pbld", "plr"])
def test_waves_are_those_of_the_papers(form):
    f, weights = functional(PeriodicEmbedding(3, dim=4, frequencies=5, form=form))

    def pbld(x, frequency, phase, weight, bias):
        rows = [
            [torch.cat([value.reshape(1), (2 * math.pi * frequency[i] * value + phase[i]).cos() @ weight[i] + bias[i]])
             for i, value in enumerate(example)] for example in x
        ]  # fmt: skip
        return torch.stack([torch.stack(row) for row in rows])

    def plr(x, frequency, weight, bias):
        rows = []
        for example in x:
            turns = [2 * math.pi * frequency[i] * value for i, value in enumerate(example)]
            waves = [torch.cat([turn.sin(), turn.cos()]) @ weight[i] + bias[i] for i, turn in enumerate(turns)]
            rows.append(torch.stack(waves).clamp(min=0))
        return torch.stack(rows)

    gradients_match(f, pbld if form == "pbld" else plr, [normal(4, 3), *weights])
    exports(PeriodicEmbedding(3, form=form), torch.randn(4, 3))


def test_the_first_frequencies_are_as_wide_as_asked():
    block = PeriodicEmbedding(200, frequencies=50, std=0.3)
    assert block.frequency.std().item() == pytest.approx(0.3, rel=0.05)
    assert block.phase is not None
    assert block.phase.abs().max().item() == pytest.approx(math.pi, rel=0.01)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: FeatureTokens(6, columns=[1, 2]),
            "feature_tokens: columns: expected positive widths that add up to 6",
        ),
        (lambda: FeatureTokens(2, columns=[2, 0]), "columns: expected positive widths that add up to 2, got 2, 0"),
        (lambda: PiecewiseLinearEmbedding(3, bins=0), "piecewise_linear_embedding: bins: expected a positive integer"),
        (lambda: PeriodicEmbedding(3, dim=1), "periodic_embedding: dim: expected at least 2"),
        (lambda: PeriodicEmbedding(3, std=0.0), "periodic_embedding: std: expected a positive number, got 0.0"),
    ],
)
def test_settings_are_checked(make, message):
    with unchecked(), pytest.raises(ValueError, match=message):
        make()
