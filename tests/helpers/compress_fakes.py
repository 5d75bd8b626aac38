"""Small networks to cut, factor and quantise, and runs of them on the digits, trained for a second."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from weftnet.architecture.reading import read_text
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture
from weftnet.compose import build
from weftnet.compose.network import Network
from weftnet.data import open_data
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.run.loading import Loaded, load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

#: name → (YAML, what comes in)
NETWORKS: Mapping[str, tuple[str, str]] = {
    "plain": (
        "[{conv2d: {channels: 12, kernel: 3}}, {max_pool2d: {size: 2}}, relu, {conv2d: {channels: 10}}, relu, flatten,"
        " {dense: {dim: 9}}, tanh, {dense: {dim: 3}}]",
        "image:1x8x8",
    ),
    "residual": (
        "[{conv2d: {channels: 12, bias: false}}, batch_norm2d, relu,"
        " {repeat: {times: 2, body: [{residual: {body: [{conv2d: {channels: 12}}, batch_norm2d, relu,"
        " {conv2d: {channels: 12}}, batch_norm2d]}}, relu]}},"
        " {residual: {body: [{conv2d: {channels: 20, stride: 2}}, batch_norm2d],"
        " shortcut: [{conv2d: {channels: 20, kernel: 1, stride: 2}}, batch_norm2d]}},"
        " global_average_pool2d, {dense: {dim: 3}}]",
        "image:2x8x8",
    ),
    "branches": (
        "[{parallel: {merge: concat, branches: [{conv2d: {channels: 5}}, [{separable_conv2d: {channels: 7}}, relu]]}},"
        " {parallel: {merge: gate, branches: [{conv2d: {channels: 6}}, {conv2d: {channels: 6, kernel: 1}}]}},"
        " global_max_pool2d, {dense: {dim: 3}}]",
        "image:2x8x8",
    ),
    "lstm": (
        "[{embedding: {dim: 10}}, {lstm: {dim: 11}}, last_step, {dense: {dim: 3}}]",
        "tokens:9,vocabulary=20,padded",
    ),
    "stacked": (
        "[{embedding: {dim: 10}}, {lstm: {dim: 7, layers: 2, bidirectional: true}},"
        " {gru: {dim: 6, bidirectional: true}}, {rnn: {dim: 8}}, attention_pool, {dense: {dim: 3}}]",
        "tokens:9,vocabulary=20,padded",
    ),
    "transformer": (
        "[{embedding: {dim: 8}}, sinusoidal_positions, {repeat: {times: 2, body: {transformer_encoder_layer:"
        " {heads: 2, dropout: 0.0}}}}, layer_norm, global_average_pool1d, {dense: {dim: 3}}]",
        "tokens:9,vocabulary=20,padded",
    ),
    "graph": (
        "{graph: {inputs: [x], nodes: {a: {from: x, dense: {dim: 9}}, b: {from: x, dense: {dim: 9}},"
        " c: {from: [a, b], merge: add, chain: [batch_norm, relu, {dense: {dim: 6}}]},"
        " d: {from: [a, c], merge: concat, dense: {dim: 3}}}, outputs: [d]}}",
        "vector:7",
    ),
}  # fmt: skip


def architecture(text: str) -> Architecture:
    """Of YAML; a list is a chain."""
    spec, faults = read_text(f"chain: {text}" if text.startswith("[") else text)
    assert spec is not None, faults
    assert not faults
    return spec


def network(name: str) -> tuple[Network, Architecture, dict[str, Signal], Batch]:
    """A network of NETWORKS with random weights and statistics, and a batch; of sequences, one is half padding."""
    text, signal = NETWORKS[name]
    arch, inputs = architecture(text), {"x": parse(signal)}
    torch.manual_seed(3)
    built = build(arch, {"network": inputs}, seed=5)["network"].eval()
    for module in built.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            for tensor in (module.weight.data, module.running_mean, module.running_var):
                tensor.uniform_(0.5, 2.0)
            module.bias.data.normal_()
    shape = inputs["x"].shape(4)
    if inputs["x"].kind == "tokens":
        x = torch.randint(1, 20, shape)
        x[0, 5:] = 0
        return built, arch, inputs, Batch({"x": x}, {"x": x != 0}, {}, torch.arange(4))
    return built, arch, inputs, Batch({"x": torch.randn(shape)}, {}, {}, torch.arange(4))


def digits_run(folder: Path, text: str, steps: int = 120) -> tuple[Loaded, Data]:
    """A run on the digits."""
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe(steps=steps, lr=5e-3, evaluate_every="60 steps", threads=1)
    return load(fit(architecture(text), task, data, recipe, folder, device="cpu")), data


#: of 8×8 digits: both layouts that matter, a residual with batch norm
DIGITS_CNN = (
    "[{conv2d: {channels: 24}}, batch_norm2d, relu, {residual: [{conv2d: {channels: 24}}, batch_norm2d, relu,"
    " {conv2d: {channels: 24}}, batch_norm2d]}, relu, {max_pool2d: {size: 2}}, {conv2d: {channels: 32}}, relu,"
    " global_average_pool2d]"
)
DIGITS_LSTM = "[image_rows, {lstm: {dim: 40}}, last_step]"
DIGITS_ATTENTION = "[image_rows, {dense: {dim: 16}}, {multi_head_attention: {heads: 2}}, global_average_pool1d]"
