"""embedding against a product with one-hot vectors."""

import pytest
import torch
from oracles import exports, gradients_match
from torch import Tensor
from torch.func import functional_call

from weftnet.blocks.embedding.embedding import Embedding


@pytest.mark.parametrize("shape", [(2, 5), (3,), (2, 3, 4)])
def test_equals_one_hot_product(shape: tuple[int, ...]) -> None:
    block = Embedding(7, 3)
    tokens = torch.randint(7, shape)

    def mine(weight: Tensor) -> Tensor:
        return functional_call(block, {"table.weight": weight}, (tokens,))

    def oracle(weight: Tensor) -> Tensor:
        return torch.nn.functional.one_hot(tokens, 7).double() @ weight

    gradients_match(mine, oracle, [torch.randn(7, 3, dtype=torch.float64)])


def test_exports() -> None:
    exports(Embedding(7, 3), torch.randint(7, (2, 5)))


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="embedding: vocabulary: expected a positive integer, got 0"):
        Embedding(0, 3)
    with pytest.raises(ValueError, match=r"embedding: std: expected a positive number, got 0\.0"):
        Embedding(4, 3, std=0.0)


def test_vectors_start_with_the_requested_deviation() -> None:
    assert Embedding(500, 40, std=0.1).table.weight.std().item() == pytest.approx(0.1, rel=0.02)
    torch.manual_seed(3)
    mine = Embedding(5, 4).table.weight
    torch.manual_seed(3)
    torch.nn.Embedding(5, 4)  # draws once itself; then ours
    assert torch.equal(mine, torch.nn.init.normal_(torch.empty(5, 4)))
