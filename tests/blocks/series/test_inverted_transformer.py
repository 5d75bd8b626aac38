"""iTransformer's block against its formula with torch's encoder layers: the same forecasts and gradients."""

import pytest
import torch
from oracles import exports, normal, same
from torch import Tensor, nn

from weftnet.blocks import BLOCKS

#: names of a layer here, and in torch
NAMES = {
    "attention.qkv.weight": "self_attn.in_proj_weight", "attention.qkv.bias": "self_attn.in_proj_bias",
    "attention.out": "self_attn.out_proj", "feed.0": "linear1", "feed.3": "linear2",
    "around_attention.norm": "norm1", "around_feed.norm": "norm2",
}  # fmt: skip


class Written(nn.Module):
    """The formula, series by series, around torch's layers."""

    def __init__(self, time: int, steps: int, dim: int, heads: int, hidden: int, depth: int) -> None:
        super().__init__()
        self.embed, self.norm, self.head = nn.Linear(time, dim), nn.LayerNorm(dim), nn.Linear(dim, steps)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(dim, heads, hidden, 0.0, "gelu", batch_first=True) for _ in range(depth)
        )

    def forward(self, x: Tensor) -> Tensor:
        mean, scale = x.mean(1), (x.var(1, correction=0) + 1e-5).sqrt()
        h = torch.stack([self.embed((x[..., c] - mean[:, c, None]) / scale[:, c, None]) for c in range(x.shape[2])], 1)
        for layer in self.layers:
            h = layer(h)
        h = self.norm(h)
        each = [self.head(h[:, c]) * scale[:, c, None] + mean[:, c, None] for c in range(x.shape[2])]
        return torch.stack(each, 2)


def pair(time: int, steps: int) -> tuple[nn.Module, nn.Module]:
    block = BLOCKS.get("inverted_transformer")(time, steps, 12, 3, 20, 2, 0.0).double().eval()
    there = Written(time, steps, 12, 3, 20, 2).double().train()  # dropout is 0; in evaluation torch fuses otherwise
    state = {}
    for name, value in block.state_dict().items():
        far = name
        for here, other in NAMES.items():
            far = far.replace(here, other)
        state[far] = value.normal_(0, 0.4)
    there.load_state_dict(state)
    return block, there


@pytest.mark.parametrize(("time", "steps", "dim"), [(16, 5, 3), (9, 11, 1)])
def test_it_is_its_formula(time: int, steps: int, dim: int) -> None:
    block, there = pair(time, steps)
    x, direction, results = normal(2, time, dim) * 3 + 1, normal(2, steps, dim), []
    for forecast in (block, there):
        leaf = x.clone().requires_grad_()
        y = forecast(leaf)
        weights = [forecast.get_parameter(name) for name in ("embed.weight", "head.bias", "norm.weight")]
        results.append((y, *torch.autograd.grad(y, [leaf, *weights], direction)))
    for mine, other in zip(*results, strict=True):
        same(mine, other, 1e-9)


def test_series_have_no_order_and_any_level() -> None:
    block, x = pair(12, 4)[0], normal(2, 12, 3)
    order, scale = [2, 0, 1], torch.tensor([1e3, 2.0, 50.0], dtype=torch.float64)
    same(block(x[..., order]), block(x)[..., order])
    same(block(x * scale + 7), block(x) * scale + 7, 1e-3)  # up to the ε beside the variance
    exports(block, x)
