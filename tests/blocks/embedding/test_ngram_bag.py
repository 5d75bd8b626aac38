"""A bag of n-grams beside a loop over the text in float64."""

import math
from collections import Counter

import pytest
import torch
from torch import Tensor

from weftnet.blocks.embedding.ngram_bag import NgramBag

VOCABULARY, BUCKETS = 7, 11


def code(gram: tuple[int, ...]) -> int:
    if len(gram) == 1:
        return gram[0]
    value = gram[0] + 1
    for n, token in enumerate(gram[1:], 1):
        value = (value * 1_000_003 + token + n) % (2**31 - 1)
    return VOCABULARY + value % BUCKETS


def bag(text: list[int], block: NgramBag) -> Tensor:
    grams = [tuple(text[i : i + n]) for n in range(1, block.longest + 1) for i in range(len(text) - n + 1)]
    tf = Counter(map(code, grams))
    if block.idf is None:
        weights = {g: count / len(grams) for g, count in tf.items()}
    else:
        weights = {g: (1 + math.log(count)) * float(block.idf[g]) for g, count in tf.items()}
        norm = math.sqrt(sum(value**2 for value in weights.values()))
        weights = {g: value / norm for g, value in weights.items()}
    table = block.table.weight.double()
    return sum((a * table[g] for g, a in weights.items()), torch.zeros(table.shape[1], dtype=torch.float64))


@pytest.mark.parametrize("weighting", ["mean", "tfidf"])
@pytest.mark.parametrize("longest", [1, 2, 4])
def test_values_and_gradients_are_those_of_the_loop(weighting: str, longest: int) -> None:
    torch.manual_seed(longest)
    block = NgramBag(VOCABULARY, 5, longest, BUCKETS, weighting).double()  # type: ignore[arg-type]
    if block.idf is not None:
        block.idf.copy_(torch.rand(len(block.idf)) + 0.5)
    lengths = [9, 1, 3, 0]
    x = torch.randint(0, 3, (4, 9))  # few tokens: n-grams repeat
    mask = torch.arange(9) < torch.tensor(lengths)[:, None]
    y = block(x, mask)
    want = torch.stack([bag(row[:length].tolist(), block) for row, length in zip(x, lengths, strict=True)])
    torch.testing.assert_close(y, want)
    assert not want[3].any()
    upstream = torch.randn_like(y)
    (got,) = torch.autograd.grad((y * upstream).sum(), block.table.weight)
    (expected,) = torch.autograd.grad((want * upstream).sum(), block.table.weight)
    torch.testing.assert_close(got, expected)


@pytest.mark.parametrize("weighting", ["mean", "tfidf"])
def test_what_stands_in_the_padding_changes_nothing(weighting: str) -> None:
    block = NgramBag(VOCABULARY, 3, 3, BUCKETS, weighting)  # type: ignore[arg-type]
    x = torch.randint(0, VOCABULARY, (2, 6))
    other = torch.cat([x[:, :4], (x[:, 4:] + 1) % VOCABULARY, x[:, :2]], 1)
    mask = torch.arange(6) < 4
    torch.testing.assert_close(
        block(x, mask.expand(2, 6)), block(other, torch.cat([mask, mask[4:]]).expand(2, 8)), rtol=0, atol=1e-6
    )


def test_wrong_settings() -> None:
    with pytest.raises(ValueError, match="ngram_bag: longest: expected a positive integer, got 0"):
        NgramBag(3, 4, longest=0)
    with pytest.raises(ValueError, match="ngram_bag: std"):
        NgramBag(3, 4, std=0.0)
