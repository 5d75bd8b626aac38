"""WaveNet's stack: gated convolutions with growing dilation, whose outputs are summed at every depth.

    x[0] = x
    z[l] = tanh(W_f[l] * x[l] + b_f[l]) ∘ σ(W_g[l] * x[l] + b_g[l])        causal, `kernel` values, dilation[l] apart
    x[l+1] = x[l] + W_r[l] z[l] + b_r[l]
    y = Σ_l W_s[l] z[l] + b_s[l]                                           the skip connections, dim_out values a step

Dilations double from 1 to 2^(depth − 1), and begin again in every one of the `cycles`. A step reads
cycles · (kernel − 1) · (2^depth − 1) steps before itself.

Source: A. van den Oord and others, WaveNet: a generative model for raw audio, 2016, https://arxiv.org/abs/1609.03499,
equation 2 and figure 4
`filter_gate[l]` is W_f and W_g stacked, `residual_skip[l]` W_r and W_s; the last layer has no W_r, which nothing would
read. With a mask outputs at padding are zero; masks are contiguous from the left.
Cost: each layer 2 · kernel · dim² + dim · (dim + dim_out) multiplications a step and as many parameters
+ 3 · dim + dim_out, the last dim² and dim fewer.
When: For raw waves and long series, where thousands of past steps count and each step is to be predicted.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.attention._attend import zeroed


class WavenetStack(nn.Module):
    """Gated, dilated causal convolutions with residual and skip connections.

    Args:
        dim: size of each step.
        dim_out: size of each step of the output; dim by default.
        kernel: values that a filter reads.
        depth: layers of a cycle.
        cycles: how often the dilations begin again.
    """

    def __init__(self, dim: int, dim_out: int | None = None, kernel: int = 2, depth: int = 4, cycles: int = 1) -> None:
        super().__init__()
        dim_out = dim if dim_out is None else dim_out
        positive("wavenet_stack", dim=dim, dim_out=dim_out, kernel=kernel, depth=depth, cycles=cycles)
        dilations = [2**layer for layer in range(depth)] * cycles
        self.dim, self.reaches = dim, [(kernel - 1) * dilation for dilation in dilations]
        self.filter_gate = nn.ModuleList(nn.Conv1d(dim, 2 * dim, kernel, dilation=each) for each in dilations)
        kept = [dim] * (len(dilations) - 1) + [0]
        self.residual_skip = nn.ModuleList(nn.Linear(dim, each + dim_out) for each in kept)

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim_out"]:
        """The sum of what every depth has to say of each step."""
        state = self.initial_state(x.shape[0], x.shape[1]).to(x)
        return zeroed(self.step(zeroed(x, mask), state)[0], mask)

    def initial_state(self, batch: int, time: int) -> Tensor:
        """What every layer reads before the first step, one after another, (batch, Σ reach, dim): zeros."""
        return next(self.parameters()).new_zeros(batch, sum(self.reaches), self.dim)

    def step(
        self, x: Float[Tensor, "batch time dim"], state: Float[Tensor, "batch reach dim"]
    ) -> tuple[Float[Tensor, "batch time dim_out"], Float[Tensor, "batch reach dim"]]:
        """Continue by the next steps; the state is what the convolutions read last."""
        after, skips = [], []
        befores = state.split_with_sizes(self.reaches, dim=1)
        for reach, before, gated, joined in zip(
            self.reaches, befores, self.filter_gate, self.residual_skip, strict=True
        ):
            seen = torch.cat((before, x), dim=1)
            after.append(seen[:, seen.shape[1] - reach :])
            f, g = gated(seen.transpose(1, 2)).transpose(1, 2).chunk(2, dim=-1)
            made = joined(torch.tanh(f) * torch.sigmoid(g))
            if joined is not self.residual_skip[-1]:
                x = x + made[..., : self.dim]
                made = made[..., self.dim :]
            skips.append(made)
        return torch.stack(skips).sum(0), torch.cat(after, dim=1)
