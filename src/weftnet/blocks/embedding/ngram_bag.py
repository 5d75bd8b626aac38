"""The bag of a text's n-grams: the weighted sum of one vector for each; word order counts within an n-gram alone.

    g       n tokens that stand together, n = 1 … longest
    tf(g)   how often g stands in the text
    a(g) = tf(g) / Σ_g tf(g)                                weighting = mean
    a(g) = v(g) / √Σ_g v(g)²,  v(g) = (1 + ln tf(g)) · idf(g)      weighting = tfidf
    y = Σ over the distinct g of a(g) · table[h(g)]         table: (vocabulary + buckets, dim)
    h(g) = the token itself for n = 1, else vocabulary + hash(g) mod buckets

Several n-grams may share a vector. Steps of padding belong to no n-gram; a text without any gives 0. All idf are 1
until a solver writes them; no step changes them.
Source: hashed n-grams: A. Joulin, E. Grave, P. Bojanowski, T. Mikolov, Bag of tricks for efficient text classification,
2016, https://arxiv.org/abs/1607.01759; tf-idf: G. Salton, C. Buckley, Term-weighting approaches in automatic text
retrieval, 1988, https://doi.org/10.1016/0306-4573(88)90021-0.
Differs from torch: `nn.EmbeddingBag` reads no n-grams; the hash is a polynomial one, the same everywhere.
Cost: (vocabulary + buckets)·dim parameters; 2·time·longest·dim operations.
When: For texts whose words decide more than their order: topics, sentiment. It is fast, and hard to beat with few
texts.
"""

from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from weftnet.blocks._settings import positive

_BASE, _MODULUS = 1_000_003, (1 << 31) - 1


class NgramBag(nn.Module):
    """The weighted sum of the vectors of a text's n-grams.

    Args:
        vocabulary: number of different tokens; tokens are 0 … vocabulary − 1.
        dim: size of each vector.
        longest: tokens of the longest n-gram.
        buckets: vectors that the n-grams of two and more tokens share.
        weighting: of the n-grams.
        std: deviation of the initial weights.
    """

    idf: Tensor

    def __init__(
        self, vocabulary: int, dim: int, longest: int = 2, buckets: int = 65536,
        weighting: Literal["mean", "tfidf"] = "mean", std: float = 0.1,
    ) -> None:  # fmt: skip
        super().__init__()
        positive("ngram_bag", vocabulary=vocabulary, dim=dim, longest=longest, buckets=buckets)
        if not std > 0:
            raise ValueError(f"ngram_bag: std: expected a positive number, got {std}")
        self.vocabulary, self.longest, self.buckets = vocabulary, longest, buckets
        self.table = nn.Embedding(vocabulary + buckets * (longest > 1), dim)
        nn.init.normal_(self.table.weight, std=std)
        self.register_buffer("idf", torch.ones(self.table.num_embeddings) if weighting == "tfidf" else None)

    def forward(
        self, x: Int[Tensor, "batch time"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch dim"]:
        """Add up the n-grams' vectors."""
        codes, weights = self.features(x, mask)
        y: Tensor = (weights.to(self.table.weight.dtype).unsqueeze(1) @ self.table(codes)).squeeze(1)
        return y

    def features(
        self, x: Int[Tensor, "batch time"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> tuple[Int[Tensor, "batch places"], Float[Tensor, "batch places"]]:
        """For each place of an n-gram its h(g), and a(g) / tf(g): the sum over the places is that over the n-grams."""
        codes, real = self._places(x, torch.ones_like(x, dtype=torch.bool) if mask is None else mask)
        if self.idf is None:
            return codes, real / real.sum(1, keepdim=True).clamp(min=1)
        codes, tf = _counted(codes.masked_fill(~real, -1))
        value = (1 + tf.log()) * self.idf[codes.clamp(min=0)] * (codes >= 0)
        norm = (value.square() / tf).sum(1, keepdim=True).sqrt()
        return codes.clamp(min=0), value / tf / norm.clamp(min=torch.finfo(norm.dtype).tiny)

    def _places(self, x: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """h(g) of every place, and whether an n-gram stands there."""
        codes, there = [x], [real]
        hashed, time = x + 1, torch.arange(x.shape[1], device=x.device)
        for n in range(1, self.longest):  # rolled, not cut: exported, every length of the axis has the same form
            hashed = (hashed * _BASE + x.roll(-n, 1) + n) % _MODULUS
            codes.append(self.vocabulary + hashed % self.buckets)
            there.append(there[-1] & real.roll(-n, 1) & (time < x.shape[1] - n))
        return torch.cat(codes, 1), torch.cat(there, 1)


def _counted(codes: Tensor) -> tuple[Tensor, Tensor]:
    """Each row in ascending order, and how often each of its values is there."""
    ordered = codes.sort(1).values
    run = (ordered != ordered.roll(1, 1)).long().cumsum(1)
    run = run - run[:, :1]
    counts = torch.zeros(codes.shape, device=codes.device).scatter_add(1, run, torch.ones_like(codes).float())
    return ordered, counts.gather(1, run)
