"""Self-attention whose scores have a bias by distance: what its forms share but for that bias."""

from abc import abstractmethod
from typing import ClassVar

from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks.attention._attend import join_heads, split_heads, zeroed
from weftnet.blocks.attention._cache import Cache, KeyValues, empty_cache
from weftnet.blocks.attention._visible import distances, read, visible


class BiasedAttention(nn.Module):
    """Multi-head self-attention with softmax(scale · Q Kᵀ + bias)."""

    name: ClassVar[str]
    """The block's, for messages."""
    scale: ClassVar[float | None] = None
    """Of the scores: 1 / √d by default."""
    heads: int
    causal: bool
    dropout: float
    qkv: nn.Linear
    out: nn.Linear

    @abstractmethod
    def bias(self, distance: Tensor, queries: Tensor) -> Tensor:
        """(heads, time, time_keys) for the distance (time, time_keys) of each key from each query."""

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Let every step read from the real steps, by content and distance."""
        dropout = self.dropout if self.training else 0.0
        heads = self._read(*self._project(zeroed(x, mask)), mask, dropout)
        return zeroed(self.out(join_heads(heads)), mask)

    def initial_state(self, batch: int, time: int) -> KeyValues:
        """An empty cache for at most `time` steps.

        Raises:
            ValueError: the block is not causal: earlier outputs would depend on later steps.
        """
        return empty_cache(self.name, self.causal, time)

    def step(self, x: Float[Tensor, "batch time dim"], state: Cache) -> tuple[Float[Tensor, "batch time dim"], Cache]:
        """Continue by the next steps, which read from the cache and from one another."""
        queries, keys, values = self._project(x)
        return self.out(join_heads(self._read(queries, *state.append(keys, values)))), state

    def _project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values (batch, heads, time, d)."""
        queries, keys, values = (split_heads(part, self.heads) for part in self.qkv(x).chunk(3, dim=-1))
        return queries, keys, values

    def _read(
        self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None, dropout: float = 0.0
    ) -> Tensor:
        distance = distances(queries, keys)
        bias, seen = self.bias(distance, queries), visible(distance, causal=self.causal)
        return read(queries, keys, values, seen, mask, bias=bias, dropout=dropout, scale=self.scale)
