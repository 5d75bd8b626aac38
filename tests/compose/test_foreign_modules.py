"""Backbones of other libraries as blocks: Hugging Face modules with random weights, from `check` to adapters."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from weftnet.architecture.edits import apply
from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.compose import build, examine
from weftnet.cost.check import check
from weftnet.data import open_data
from weftnet.plugins import load_plugin, unload
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, Start, fit

pytest.importorskip("transformers")
PLUGIN = '''
"""Backbones of Hugging Face, and decoders of one width."""

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers import BertConfig, BertModel, ViTConfig, ViTModel


class BertEncoder(nn.Module):
    """Vectors of a text's tokens."""

    def __init__(self, vocabulary: int, dim: int = 32) -> None:
        super().__init__()
        config = BertConfig(vocab_size=vocabulary, hidden_size=dim, num_hidden_layers=2, num_attention_heads=4,
                            intermediate_size=2 * dim, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        self.model = BertModel(config, add_pooling_layer=False)

    def forward(
        self, x: Int[Tensor, "batch time"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        return self.model(input_ids=x, attention_mask=mask).last_hidden_state


class VitBackbone(nn.Module):
    """The vector of an image."""

    def __init__(self, channels: int, height: int, width: int, dim: int = 32) -> None:
        super().__init__()
        config = ViTConfig(image_size=(height, width), patch_size=4, num_channels=channels, hidden_size=dim,
                           num_hidden_layers=2, num_attention_heads=4, intermediate_size=2 * dim)
        self.model = ViTModel(config, add_pooling_layer=False)

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch dim"]:
        return self.model(pixel_values=x).last_hidden_state[:, 0]


class Narrow(nn.Module):
    """A decoder of one width, which its annotation says."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(24, 4, dim_feedforward=48, batch_first=True)

    def forward(self, x: Float[Tensor, "batch time 24"]) -> Float[Tensor, "batch time 24"]:
        return self.layer(x)


class Unsaid(nn.Module):
    """A decoder of one width, which nothing but its weights says."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(24, 4, dim_feedforward=48, batch_first=True)

    def forward(self, x):
        return self.layer(x)


class Stem(nn.Module):
    """A convolution of three channels, and no others."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3, padding=1)

    def forward(self, x: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 5 height width"]:
        return self.conv(x)
'''


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path) -> Iterator[None]:
    (tmp_path / "backbones.py").write_text(PLUGIN)
    plugin = load_plugin(tmp_path / "backbones.py")
    yield
    unload(plugin.name)


TOKENS, PADDED = "tokens:12,vocabulary=50", "tokens:12,vocabulary=50,padded"


@pytest.mark.parametrize("signal", [TOKENS, PADDED])
def test_sizes_are_read_from_the_module(signal: str) -> None:
    report = check(from_dict({"chain": ["bert_encoder"]}), {"x": parse(signal)}, batch=4)
    assert not report.faults
    (row,) = report.parts["network"].rows
    assert str(row.gives).startswith("series")
    assert row.gives.sizes == (12, 32)
    model = build(from_dict({"chain": ["bert_encoder"]}), {"network": {"x": parse(signal)}})
    assert report.parameters == sum(each.numel() for each in model.parameters())
    assert row.flops > 2 * 12 * sum(each.numel() for each in model.parameters() if each.ndim == 2) / 3
    report = check(from_dict({"chain": ["vit_backbone"]}), {"x": parse("image:3x16x16")}, batch=4)
    assert next(iter(report.parts["network"].rows)).gives.sizes == (32,)


@pytest.mark.parametrize("decoder", ["narrow", "unsaid"])
@pytest.mark.parametrize("signal", [TOKENS, PADDED])
def test_the_edge_that_does_not_fit_is_named_and_mended(decoder: str, signal: str) -> None:
    if decoder == "unsaid" and signal == PADDED:
        pytest.skip("it reads no mask, which is a fault of its own")
    net: Any = from_dict({"chain": ["bert_encoder", decoder]})
    tree, faults = examine(net.parts["network"], {"x": parse(signal)}, "network")
    (fault,) = faults
    assert (fault.where, fault.by) == ("1", "0")
    if decoder == "narrow":
        assert fault.what == "reads dim 24, not 32"
    assert "32" in fault.received
    assert fault.fix is not None
    cost = f"{(32 + 1) * 24} parameters and {2 * 32 * 24 * 12 / 1000:.1f} k FLOPs"
    assert str(fault.fix) == f"insert {{dense: {{dim: 24}}}} before it, which adds {cost}"
    mended = apply(net, [fault.fix])
    tree, faults = examine(mended.parts["network"], {"x": parse(signal)}, "network")
    assert not faults
    assert tree is not None
    rows = check(mended, {"x": parse(signal)}, batch=4).parts["network"].rows
    assert [(row.block, row.parameters) for row in rows][1] == ("dense", (32 + 1) * 24)
    assert rows[1].flops == 2 * 32 * 24 * 12


def test_channels_are_mended_by_a_convolution() -> None:
    net = from_dict({"chain": ["stem"]})
    _, (fault,) = examine(net.parts["network"], {"x": parse("image:1x8x9")}, "network")
    assert fault.what == "reads channels 3, not 1"
    cost = f"6 parameters and {2 * 3 * 72} FLOPs"
    assert str(fault.fix) == f"insert {{conv2d: {{channels: 3, kernel: 1}}}} before it, which adds {cost}"


def test_a_backbone_is_trained_kept_and_adapted(tmp_path: Path) -> None:
    draw, y = np.random.default_rng(0), np.arange(60) % 3
    words = ["red green blue", "one two three four", "cat dog"]
    rows = [" ".join(draw.permutation(words[k].split())) + " ." * int(draw.integers(1, 5)) for k in y]
    data = open_data({"text": np.array(rows), "y": np.array([f"c{k}" for k in y])}, target="y", kinds={"text": "text"})
    task = TASKS.get("classification").from_data(data)
    net = from_dict({"chain": ["bert_encoder", "global_average_pool1d"]})
    recipe = Recipe.for_task(task, steps=20, batch_size=12, lr=0.01, plan="eager", keep="last")
    first = fit(net, task, data, recipe, tmp_path / "first", device="cpu")
    start = Start(str(first.folder), tune={"lora": {"rank": 2}}, freeze=["0.model.encoder.layer.0"], delta=True)
    small = fit(net, task, data, recipe, tmp_path / "small", start=start, device="cpu")
    assert small.facts.start is not None
    adapt = small.facts.start.adapt
    assert adapt is not None
    layers = {name.split(".")[5] for name in adapt.weights}
    assert layers == {"0", "1"}
    before, after = (load(run).model.state_dict() for run in (first, small))
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert all("encoder.layer.1" in name or name.startswith("network.2.") for name in moved)
    assert any("attention" in name for name in moved)
    assert (
        load(small).predict({"text": ["cat dog ."]})[0].keys() == load(first).predict({"text": ["cat dog ."]})[0].keys()
    )
