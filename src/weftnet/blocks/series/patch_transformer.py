"""Forecast by attention between patches of a series; every series by itself, with the same weights.

    z = (x − μ) / σ                         μ, σ² = mean and variance of the window of each series, σ² + 1e-5
    p[n] = z[first + n·stride … + size]     patches; what they don't fill is left out at the beginning
    h = layers(W p + b + positions)         encoder layers over the patches, norm behind each residual
    y = σ · (V flatten(h) + c) + μ          (steps) of each series

Source: Y. Nie, N. Nguyen, P. Sinthong, J. Kalagnanam, A time series is worth 64 words: long-term forecasting with
Transformers, 2023 (PatchTST), https://arxiv.org/abs/2211.14730; μ and σ: T. Kim and others, Reversible instance
normalization, 2022, https://openreview.net/forum?id=cGDAkQo1C0p
As Hugging Face's PatchTST with layer norm, learnt positions and norm last; the authors' own has batch norm, and repeats
the last value to fill one patch more.
Cost: patches · (size + 1) · dim_model and the layers' (see transformer_encoder_layer), for every series;
(size + 1 + patches) · dim_model + patches · dim_model · steps + steps parameters, and the layers'.
When: For forecasts from long windows with thousands of steps to learn from; with fewer, `along_time` behind
`subtract_last`.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.regularisation._drop import Drop
from weftnet.blocks.transformer.transformer_encoder_layer import TransformerEncoderLayer

_EPS = 1e-5


class PatchTransformer(nn.Module):
    """The next steps of every series, from patches of its window.

    Args:
        time: steps of the window.
        steps: ahead.
        size: steps of a patch.
        stride: from the beginning of one patch to that of the next.
        dim_model: size of a patch's vector.
        heads: of attention, a divisor of dim_model.
        dim_hidden: size inside the feed-forward networks; 2 · dim_model by default.
        depth: encoder layers.
        dropout: rate behind the positions and in the layers, in training.
    """

    def __init__(
        self, time: int, steps: int, size: int = 16, stride: int = 8, dim_model: int = 128, heads: int = 16,
        dim_hidden: int | None = None, depth: int = 3, dropout: float = 0.2,
    ) -> None:  # fmt: skip
        super().__init__()
        positive(
            "patch_transformer", time=time, steps=steps, size=size, stride=stride, dim_model=dim_model, depth=depth
        )
        if size > time:
            raise ValueError(f"patch_transformer: size: expected at most the window's {time} steps, got {size}")
        self.size, self.stride = size, stride
        patches = (time - size) // stride + 1
        self.first = time - size - stride * (patches - 1)
        self.embed = nn.Linear(size, dim_model)
        self.positions = nn.Parameter(0.02 * torch.randn(patches, dim_model))
        self.drop = Drop(dropout)
        hidden = dim_hidden or 2 * dim_model
        self.layers = nn.ModuleList(
            TransformerEncoderLayer(dim_model, heads, hidden, dropout, norm_first=False) for _ in range(depth)
        )
        self.head = nn.Linear(patches * dim_model, steps)

    def forward(self, x: Float[Tensor, "batch time dim"]) -> Float[Tensor, "batch time_out dim"]:
        """Forecast every series."""
        batch, _, dim = x.shape
        mean = x.mean(1, keepdim=True)
        scale = (x.var(1, keepdim=True, correction=0) + _EPS).sqrt()
        series = ((x - mean) / scale).transpose(1, 2).flatten(0, 1)  # (batch · dim, time)
        patches = series[:, self.first :].unfold(1, self.size, self.stride)
        h = self.drop(self.embed(patches) + self.positions)
        for layer in self.layers:
            h = layer(h)
        y: Tensor = self.head(h.flatten(1)).view(batch, dim, -1).transpose(1, 2)
        return y * scale + mean
