"""tree_ensemble against a walk through each tree, node by node."""

import pytest
import torch
from oracles import exports
from torch import Tensor

from weftnet.blocks.trees.tree_ensemble import TreeEnsemble


def grown(trees: int = 5, leaves: int = 6, depth: int = 5, dim: int = 3) -> TreeEnsemble:
    """Random trees: a random leaf is split until there are enough leaves."""
    block = TreeEnsemble(4, dim, trees, leaves, depth)
    for tree in range(trees):
        levels = {0: 0}
        for _ in range(leaves - 1):
            shallow = [node for node, level in levels.items() if level < depth]
            node = shallow[int(torch.randint(len(shallow), ()))]
            level, first = levels.pop(node), int(block.left[tree].ne(torch.arange(2 * leaves - 1)).sum()) * 2 + 1
            block.left[tree, node], block.feature[tree, node] = first, int(torch.randint(4, ()))
            block.threshold[tree, node] = torch.randn(()).round(decimals=1)
            levels |= {first: level + 1, first + 1: level + 1}
    block.value.normal_()
    return block


def walked(block: TreeEnsemble, x: Tensor) -> Tensor:
    total = torch.zeros(block.dim)
    for tree in range(len(block.left)):
        node = 0
        while int(block.left[tree, node]) != node:
            above = x[int(block.feature[tree, node])] > block.threshold[tree, node]
            node = int(block.left[tree, node]) + int(above)
        total += block.value[tree, node]
    return total


def test_equals_a_walk() -> None:
    block = grown()
    x = torch.randn(40, 4).round(decimals=1)  # many values are a threshold
    assert torch.allclose(block(x), torch.stack([walked(block, row) for row in x]), atol=1e-5)


def test_a_missing_value_goes_left_and_an_infinite_one_stays_in_its_leaf() -> None:
    block = grown()
    x = torch.tensor([[torch.nan] * 4, [torch.inf] * 4, [-torch.inf] * 4])
    assert torch.allclose(block(x)[0], block(x)[2])
    assert block(x).isfinite().all()


@pytest.mark.parametrize("gives", ["log", "logit"])
def test_probabilities_become_logits(gives: str) -> None:
    block = TreeEnsemble(2, 2, 1, 1, 1, gives)  # type: ignore[arg-type]
    block.value[0, 0] = torch.tensor([0.25, 0.0])
    p = torch.tensor([0.25, 1e-6])
    expected = p.log() if gives == "log" else p.log() - (1 - p).log()
    assert torch.allclose(block(torch.zeros(1, 2))[0], expected, atol=1e-4)


def test_exports() -> None:
    exports(grown(), torch.randn(6, 4))


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="tree_ensemble: leaves: expected a positive integer, got 0"):
        TreeEnsemble(2, 1, leaves=0)
