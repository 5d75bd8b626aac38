"""Words by a vector of their own and by how they are spelt.

    x[t] = [word; letters …]                               numbers, 0 where a word has no further letter
    c[j] = Σ_k filters[k] · letters[x[t, 1 + j + k]]        over a window of `kernel` letters, those beyond the word 0
    y[t] = [words[x[t, 0]]; max_j c[j]]                    over the word's letters

What a word is, its spelling often tells: an ending, a capital, a digit; also of a word that training never saw.
Source: X. Ma, E. Hovy, End-to-end sequence labeling via bi-directional LSTM-CNNs-CRF, 2016, section 2.1,
https://arxiv.org/abs/1603.01354; with LSTMs over the letters: G. Lample and others, Neural architectures for named
entity recognition, 2016, https://arxiv.org/abs/1603.01360.
Differs from torch, which has none; tables start at U(±√(3/dim)) as in both papers, the filters as torch's convolution.
Cost: vocabulary · dim + alphabet · dim_letters + filters · (kernel · dim_letters + 1) parameters;
2 · letters · kernel · dim_letters · filters operations a word.
When: For tagging words with few sentences: a word that was never seen is known by its letters.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class WordEmbedding(nn.Module):
    """The vector of each word, beside what a convolution finds in its letters.

    Args:
        vocabulary: number of different words, 0 … vocabulary − 1.
        alphabet: number of different letters, 0 … alphabet − 1; 0 stands for none.
        dim: size of a word's own vector.
        dim_letters: size of a letter's vector.
        filters: what is looked for in the letters: the further values of a step.
        kernel: letters that a filter sees at once, an odd number.
        dropout: rate on the letters' vectors, in training.
    """

    embeds: ClassVar[bool] = True
    adapts: ClassVar[Mapping[str, str]] = {"words.weight": "vocabulary"}

    def __init__(
        self, vocabulary: int, alphabet: int, dim: int = 100, dim_letters: int = 30, filters: int = 30, kernel: int = 3,
        dropout: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        positive("word_embedding", vocabulary=vocabulary, alphabet=alphabet, dim=dim, dim_letters=dim_letters,
                 filters=filters)  # fmt: skip
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"word_embedding: kernel: expected an odd number of letters, got {kernel}")
        if not 0 <= dropout < 1:
            raise ValueError(f"word_embedding: dropout: expected 0 ≤ rate < 1, got {dropout}")
        self.words, self.letters = nn.Embedding(vocabulary, dim), nn.Embedding(alphabet, dim_letters)
        for table in (self.words, self.letters):
            nn.init.uniform_(table.weight, -((3 / table.embedding_dim) ** 0.5), (3 / table.embedding_dim) ** 0.5)
        self.filters = nn.Conv1d(dim_letters, filters, kernel, padding=kernel // 2)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Int[Tensor, "batch time dim_in"]) -> Float[Tensor, "batch time dim_out"]:
        """Look up every word and read its letters."""
        letters = x[:, :, 1:].flatten(0, 1)  # (words, letters)
        real = (letters != 0).unsqueeze(2)
        vectors = torch.where(real, self.dropout(self.letters(letters)), torch.zeros(()).to(self.letters.weight))
        found = self.filters(vectors.transpose(1, 2)).transpose(1, 2)  # (words, letters, filters)
        highest = found.masked_fill(~real, -torch.inf).amax(1)
        spelt = torch.where(real.any(1), highest, torch.zeros_like(highest))
        return torch.cat((self.words(x[:, :, 0]), spelt.view(*x.shape[:2], -1)), 2)
