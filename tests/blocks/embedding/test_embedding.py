"""embedding against a product with one-hot vectors."""

import pytest
import torch
from oracles import exports, gradients_match
from torch import Tensor
from torch.func import functional_call

from netloom.blocks.embedding.embedding import Embedding


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
