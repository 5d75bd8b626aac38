"""Layers of a Transformer written with residuals are those of the blocks, and any mixer can stand in them."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from oracles import normal, randomise, same
from weights import fill

from weftnet.architecture.reading import read_text
from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture
from weftnet.blocks.transformer.transformer_encoder_layer import TransformerEncoderLayer
from weftnet.compose import build

PAGE = Path(__file__).parents[2] / "docs" / "composing.md"
FEED = "{dense: {dim: 10}}, gelu, {dense: {dim: 6}}"
LAYERS = {
    True: f"- residual: [layer_norm, {{multi_head_attention: {{heads: 3}}}}]\n- residual: [layer_norm, {FEED}]\n",
    False: f"- residual: [{{multi_head_attention: {{heads: 3}}}}]\n- layer_norm\n- residual: [{FEED}]\n- layer_norm\n",
}


def built(yaml: str, signal: str) -> Any:
    architecture, faults = read_text(yaml)
    assert isinstance(architecture, Architecture), faults
    return build(architecture, {"network": {"x": parse(signal)}})["network"].double().eval()


@pytest.mark.parametrize("first", [True, False])
def test_norms_stand_where_the_papers_have_them(first: bool) -> None:
    block: Any = randomise(TransformerEncoderLayer(6, heads=3, dim_hidden=10, norm_first=first)).eval()
    ours = built(LAYERS[first], "series:5x6,padded")
    attention, feed = list(block.attention.parameters()), [*block.feed[0].parameters(), *block.feed[3].parameters()]
    before, behind = (list(each.norm.parameters()) for each in (block.around_attention, block.around_feed))
    fill(ours, [*before, *attention, *behind, *feed] if first else [*attention, *before, *feed, *behind])
    x, mask = normal(2, 5, 6), torch.arange(5) < torch.tensor([[5], [3]])
    x = x.masked_fill(~mask.unsqueeze(-1), 0)
    real = mask.unsqueeze(-1)
    same(ours(x, {"x": mask}) * real, block(x, mask) * real)


def test_the_page_s_stacks_run_and_give_their_losses() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("## Transformers of other parts")[2].partition("\n## ")[0]
    found = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(found) == 2
    tokens = torch.randint(11, (2, 7))
    experts, linear = (built(each, "tokens:7,vocabulary=11") for each in found)
    assert experts.losses == ("balance",)
    whole, state = experts(tokens), experts.initial_state(2, 7)
    same(torch.cat([experts.step(tokens[:, t : t + 1], state)[0] for t in range(7)], 1), whole)
    experts.train()(tokens).sum().backward()
    (balance,) = experts.take_losses().values()
    assert float(balance.detach()) >= 3.9, "four layers, each at least about 1"
    assert linear(tokens).shape == (2, 7, 64)
