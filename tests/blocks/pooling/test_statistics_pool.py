"""The statistics of a sequence, against Python's and torch's own."""

from itertools import pairwise

import pytest
import torch
from oracles import exports, gradients_match, normal, padding_neutral
from torch import Tensor

from weftnet.blocks import BLOCKS


def written(x: Tensor, deltas: bool) -> Tensor:
    rows = []
    for row in x:
        found = [row.mean(0), (row.var(0, correction=0) + 1e-5).sqrt(), row.max(0).values]
        if deltas:
            changes = torch.stack([later - step for step, later in pairwise(row)])
            found += [changes.mean(0), (changes.var(0, correction=0) + 1e-5).sqrt()]
        rows.append(torch.cat(found))
    return torch.stack(rows)


@pytest.mark.parametrize("deltas", [True, False])
def test_it_is_its_formula(deltas: bool) -> None:
    block = BLOCKS.get("statistics_pool")(deltas)
    gradients_match(block, lambda x: written(x, deltas), [normal(3, 7, 4)])
    padding_neutral(block, normal(4, 7, 3) - 5, [7, 3, 2, 1], None)
    exports(block, normal(3, 7, 4), torch.arange(7) < torch.tensor([[7], [1], [4]]))


def test_a_sequence_without_a_real_step_gives_zero_and_finite_gradients() -> None:
    x = normal(2, 4, 3).requires_grad_()
    y = BLOCKS.get("statistics_pool")()(x, torch.tensor([[True] * 4, [False] * 4]))
    assert not y[1].any()
    (gradient,) = torch.autograd.grad(y.square().sum(), x)
    assert gradient.isfinite().all()
    assert not gradient[1].any()


def test_constant_steps_have_finite_gradients() -> None:
    x = torch.ones(1, 5, 2, requires_grad=True)
    (gradient,) = torch.autograd.grad(BLOCKS.get("statistics_pool")()(x).sum(), x)
    assert gradient.isfinite().all()
