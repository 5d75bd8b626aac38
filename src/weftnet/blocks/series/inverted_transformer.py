"""Forecast by attention between series: each series of a window is one token, whatever its length.

    z = (x − μ) / σ                         μ, σ² = mean and variance of the window of each series, σ² + 1e-5
    h[c] = W z[:, c] + b                    a token of each series c, from its whole window
    h = norm(layers(h))                     encoder layers over the series, norm behind each residual; no positions
    y = σ · (V h + c) + μ                   (steps) of each series

Source: Y. Liu, T. Hu, H. Zhang, H. Wu, S. Wang, L. Ma, M. Long, iTransformer: inverted transformers are effective for
time series forecasting, 2024, https://arxiv.org/abs/2310.06625; μ and σ: Y. Liu and others, Non-stationary
transformers, 2022, https://arxiv.org/abs/2205.14415.
As the authors' code without time stamps, which become tokens there.
Cost: dim · (time + 1) · dim_model, the layers' over dim tokens (see transformer_encoder_layer), and
dim · (dim_model + 1) · steps; (time + 1) · dim_model + 2 · dim_model + (dim_model + 1) · steps parameters, and the
layers'.
When: For forecasts of many series that move together; of a single one, or many that don't, `patch_transformer`.
"""

from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.regularisation._drop import Drop
from weftnet.blocks.transformer.transformer_encoder_layer import TransformerEncoderLayer

_EPS = 1e-5


class InvertedTransformer(nn.Module):
    """The next steps of every series, from the windows of all.

    Args:
        time: steps of the window.
        steps: ahead.
        dim_model: size of a series' vector.
        heads: of attention, a divisor of dim_model.
        dim_hidden: size inside the feed-forward networks; dim_model by default.
        depth: encoder layers.
        dropout: rate behind the tokens and in the layers, in training.
    """

    def __init__(
        self, time: int, steps: int, dim_model: int = 256, heads: int = 8, dim_hidden: int | None = None,
        depth: int = 2, dropout: float = 0.1,
    ) -> None:  # fmt: skip
        super().__init__()
        positive("inverted_transformer", time=time, steps=steps, dim_model=dim_model, depth=depth)
        self.embed, self.drop = nn.Linear(time, dim_model), Drop(dropout)
        hidden = dim_hidden or dim_model
        self.layers = nn.ModuleList(
            TransformerEncoderLayer(dim_model, heads, hidden, dropout, norm_first=False) for _ in range(depth)
        )
        self.norm, self.head = nn.LayerNorm(dim_model), nn.Linear(dim_model, steps)

    def forward(self, x: Float[Tensor, "batch time dim"]) -> Float[Tensor, "batch time_out dim"]:
        """Forecast every series."""
        mean = x.mean(1, keepdim=True)
        scale = (x.var(1, keepdim=True, correction=0) + _EPS).sqrt()
        h = self.drop(self.embed(((x - mean) / scale).transpose(1, 2)))  # (batch, dim, dim_model)
        for layer in self.layers:
            h = layer(h)
        y: Tensor = self.head(self.norm(h)).transpose(1, 2)
        return y * scale + mean
