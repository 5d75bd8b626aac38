"""Words and their letters, beside a loop in float64."""

import pytest
import torch
from oracles import exports, functional, gradients_match
from torch import Tensor

from weftnet.blocks import BLOCKS

WORDS, LETTERS = 7, 5
X = torch.tensor([[[3, 1, 2, 4, 3, 2], [6, 2, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]],
                  [[1, 4, 4, 1, 0, 0], [2, 3, 2, 1, 1, 0], [5, 1, 3, 0, 0, 0]]])  # fmt: skip


def written(words: Tensor, letters: Tensor, filters: Tensor, bias: Tensor) -> Tensor:
    half, rows = filters.shape[2] // 2, []
    for sentence in X.tolist():
        for word, *spelling in sentence:
            real = [letter for letter in spelling if letter]
            found = []
            for j in range(len(real)):
                seen = [(k, j + k - half) for k in range(filters.shape[2])]
                terms = [filters[:, :, k] @ letters[real[at]] for k, at in seen if 0 <= at < len(real)]
                found.append(bias + torch.stack(terms).sum(0))
            spelt = torch.stack(found).amax(0) if found else torch.zeros(len(bias), dtype=torch.float64)
            rows.append(torch.cat((words[word], spelt)))
    return torch.stack(rows).view(*X.shape[:2], -1)


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_values_and_gradients_are_those_of_the_loop(kernel: int) -> None:
    block = BLOCKS.get("word_embedding")(WORDS, LETTERS, 4, 3, 6, kernel)
    f, weights = functional(block)
    gradients_match(lambda *w: f(X, *w), written, weights)


def test_export_and_dropout() -> None:
    block = BLOCKS.get("word_embedding")(WORDS, LETTERS, 4, 3, 6, dropout=0.5).double()
    assert not torch.equal(block(X), block(X))
    exports(block, X)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kernel": 4}, "word_embedding: kernel: expected an odd number of letters, got 4"),
        ({"dropout": 1.0}, r"word_embedding: dropout: expected 0 ≤ rate < 1, got 1\.0"),
        ({"filters": 0}, "word_embedding: filters: expected a positive integer, got 0"),
    ],
)
def test_what_it_refuses(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BLOCKS.get("word_embedding")(WORDS, LETTERS, **settings)
