"""Linear attention: similarity as a product of features, so that its cost grows with the length, not with its square.

    φ(u) = elu(u) + 1
    y[t] = Σ_s φ(Q[t]) · φ(K[s]) V[s] / (Σ_s φ(Q[t]) · φ(K[s]) + eps)           per head; s ≤ t if causal
         = φ(Q[t]) S[t] / (φ(Q[t]) · z[t] + eps)
    S[t] = S[t−1] + φ(K[t])ᵀ V[t],   z[t] = z[t−1] + φ(K[t])

The heads are joined and projected, y W_outᵀ + b_out. A whole causal pass reads chunks of steps: within a chunk by
products of queries and keys, what came before it by S and z.

Source: A. Katharopoulos, A. Vyas, N. Pappas, F. Fleuret, Transformers are RNNs: fast autoregressive transformers with
linear attention, 2020, https://arxiv.org/abs/2006.16236, equations 7 to 12; eps as in its code, 1e-6
A step whose keys are all padding gives zeros, and outputs at padding are zero. It has no dropout of attention weights:
there are none. Masks are contiguous from the left where it is causal.
Cost: 4 · time · dim² + some 2 · time · dim · (d + 32) multiplications with d = dim / heads (if not causal
without chunks), 4 · dim · (dim + 1) parameters. A step: 4 · dim² + 2 · dim · d multiplications, whatever came before.
When: For sequences of many thousand steps, where the square of their length is too dear. On short ones
`multi_head_attention` is better.
"""

from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks.attention._attend import check, join_heads, split_heads, zeroed

_EPS = 1e-6
_CHUNK = 32


class LinearAttention(nn.Module):
    """Multi-head self-attention by a kernel of positive features.

    Args:
        dim: size of each step.
        heads: number of heads, a divisor of dim.
        causal: whether a step sees only itself and the steps before.
        bias: whether the projections add one.
    """

    def __init__(self, dim: int, heads: int = 8, causal: bool = False, bias: bool = True) -> None:
        super().__init__()
        check("linear_attention", dim, heads, 0.0)
        self.heads, self.causal = heads, causal
        self.qkv = nn.Linear(dim, 3 * dim, bias=bias)
        self.out = nn.Linear(dim, dim, bias=bias)
        nn.init.xavier_uniform_(self.qkv.weight)
        for layer in (self.qkv, self.out) if bias else ():
            nn.init.zeros_(layer.bias)

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Let every step read from the real steps."""
        queries, keys, values = self._project(zeroed(x, mask))
        if mask is not None:
            keys = keys.masked_fill(~mask[:, None, :, None], 0)
        if self.causal:
            time = x.shape[1]
            chunks = -(-time // _CHUNK)
            queries, keys, values = (_chunked(part, chunks) for part in (queries, keys, values))
            sums = keys.mT @ values  # (batch, heads, chunks, d, d + 1) of each chunk
            before = F.pad(sums, (0, 0, 0, 0, 1, 0)).cumsum(2)[:, :, :-1]
            heads = _within(queries, keys, values, before).flatten(2, 3)[:, :, :time]
        else:
            heads = _shared(queries @ (keys.mT @ values))
        return zeroed(self.out(join_heads(heads)), mask)

    def initial_state(self, batch: int, time: int) -> Tensor:
        """S beside z, (batch, heads, d, d + 1): zeros.

        Raises:
            ValueError: the block is not causal: earlier outputs would depend on later steps.
        """
        if not self.causal:
            raise ValueError("linear_attention: step: expected causal=True, got False")
        size = self.out.in_features // self.heads
        return self.out.weight.new_zeros(batch, self.heads, size, size + 1)

    def step(
        self, x: Float[Tensor, "batch time dim"], state: Float[Tensor, "batch heads d d_sums"]
    ) -> tuple[Float[Tensor, "batch time dim"], Float[Tensor, "batch heads d d_sums"]]:
        """Continue by the next steps."""
        queries, keys, values = self._project(x)
        return self.out(join_heads(_within(queries, keys, values, state))), state + keys.mT @ values

    def _project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """φ(queries), φ(keys) and, beside a column of ones, values; (batch, heads, time, …)."""
        queries, keys, values = (split_heads(part, self.heads) for part in self.qkv(x).chunk(3, dim=-1))
        return F.elu(queries) + 1, F.elu(keys) + 1, F.pad(values, (0, 1), value=1.0)


def _within(queries: Tensor, keys: Tensor, values: Tensor, before: Tensor) -> Tensor:
    """Causal attention over (…, time, d), with the sums over all steps before."""
    return _shared((queries @ keys.mT).tril() @ values + queries @ before)


def _shared(read: Tensor) -> Tensor:
    """Sums of weighted values by the sum of weights, the last column."""
    return read[..., :-1] / (read[..., -1:] + _EPS)


def _chunked(x: Tensor, chunks: int) -> Tensor:
    """(batch, heads, time, d) → (batch, heads, chunks, _CHUNK, d), zeros at the end."""
    padded = F.pad(x, (0, 0, 0, chunks * _CHUNK - x.shape[2]))
    return padded.reshape(*x.shape[:2], chunks, _CHUNK, x.shape[3])
