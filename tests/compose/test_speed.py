"""Building takes few operations, resolving large models needs no memory, and a network adds little to its blocks."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from counting import kernels, python_calls
from torch import Tensor, nn

from weftnet.architecture.reading import read_text
from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture, Block, Chain, Repeat
from weftnet.compose import Network, build, resolve


def test_seventy_convolutions() -> None:
    """A few kernels per block, all on meta, in proportion to the number of blocks; for seconds see build_speed.py."""

    def convolutions(count: int) -> Chain:
        return Chain(tuple(Block("conv2d", {"channels": 16 + i % 3}) for i in range(count)))

    few, many = (kernels(lambda c=count: resolve(convolutions(c), {"x": parse("image:3x32x32")})) for count in (35, 70))
    assert few.values == many.values == 0
    assert abs(many.count - 2 * few.count) <= 5
    assert many.count <= 70 * 8


def test_copies_are_made_in_proportion_to_their_number() -> None:
    def resolving(times: int) -> int:
        node, signals = Repeat(times, Chain((Block("relu"), Block("tanh")))), {"x": parse("vector:4")}
        return python_calls(lambda: resolve(node, signals), ("call", "c_call"))

    resolving(2)
    few, more, most = (resolving(times) for times in (10, 110, 210))
    assert most - more <= 1.1 * (more - few)


def test_seven_billion_parameters() -> None:
    layer = Block("transformer_encoder_layer", {"heads": 32, "dim_hidden": 16384, "causal": True, "rotary": True})
    rows = (Block("embedding", {"dim": 4096}), Repeat(32, layer), Block("layer_norm"), Block("dense", {"dim": 32000}))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tree = resolve(Chain(rows), {"x": parse("tokens:2048,vocabulary=32000")})
    with torch.device("meta"):
        network = Network(tree)
    assert 6e9 < sum(parameter.numel() for parameter in network.parameters()) < 8e9
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # kilobytes; the weights are 28 GB


def test_a_network_costs_next_to_nothing() -> None:
    count = 200
    architecture = Architecture.of([Block("relu")] * count)
    network = build(architecture, {"network": {"x": parse("vector:4")}})["network"]
    plain = nn.Sequential(*network.children())
    x = torch.randn(2, 4)
    with torch.no_grad():
        more = python_calls(lambda: network(x)) - python_calls(lambda: plain(x))
    assert more <= 3 * count + 30


CNN = """
- conv2d: {channels: 4}
- batch_norm2d
- residual: [{conv2d: {channels: 4}}, relu]
- parallel: {merge: concat, branches: [relu, tanh]}
- global_average_pool2d
- dense: {dim: 3}
"""
LSTM = """
- embedding: {dim: 6}
- lstm: {dim: 5}
- repeat: {times: 2, body: layer_norm}
- last_step
- dense: {dim: 2}
"""


def built(yaml: str, signal: str) -> Network:
    architecture, _ = read_text(yaml)
    assert architecture is not None
    network = build(architecture, {"network": {"x": parse(signal)}})["network"].eval()
    assert isinstance(network, Network)
    return network


IMAGES = (torch.randn(4, 3, 8, 7),)
WORDS: tuple[Tensor, dict[str, Tensor]] = (
    torch.randint(0, 30, (4, 9)),
    {"x": torch.arange(9) < torch.tensor([[9], [4], [1], [7]])},
)
CASES = [(CNN, "image:3x8x7", IMAGES), (LSTM, "tokens:9,vocabulary=30,padded", WORDS)]


@pytest.mark.parametrize(("yaml", "signal", "inputs"), CASES, ids=["cnn", "lstm"])
def test_export(yaml: str, signal: str, inputs: tuple[object, ...]) -> None:
    network = built(yaml, signal)
    exported = torch.export.export(network, inputs)
    torch.testing.assert_close(exported.module()(*inputs), network(*inputs))


@pytest.mark.slow
def test_compile() -> None:
    """In a process of its own: the shape checks that the tests enable can't be compiled."""
    code = "import test_speed as t; [t.compiled(*case) for case in t.CASES]"
    paths = os.pathsep.join(
        [str(Path(__file__).parent), str(Path(__file__).parents[1] / "helpers"), os.environ.get("PYTHONPATH", "")]
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": paths})


def compiled(yaml: str, signal: str, inputs: tuple[object, ...]) -> None:
    network = built(yaml, signal)
    torch._dynamo.config.allow_rnn = True  # without it torch does not compile an nn.LSTM
    whole = torch.compile(network, backend="eager", fullgraph=True)
    torch.testing.assert_close(whole(*inputs), network(*inputs))
