"""Drawn architectures: the same for the same seed, and what `check` says of them is what happens when they run.

`naive` builds and runs without the resolver: what `check` rejects must fail there, or break a stated rule.
"""

import random
import re
from typing import Any

import pytest
import torch
from naive import run, value_of

from weftnet.architecture.faults import apply
from weftnet.architecture.reading import from_dict, read_text
from weftnet.architecture.schema import schema
from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Node, children, to_yaml
from weftnet.blocks import BLOCKS
from weftnet.compose import Network, examine
from weftnet.compose.flow import Flow
from weftnet.compose.generate import _fault, _Grower, draw
from weftnet.compose.inputs import inputs_of
from weftnet.cost.cost import cost

SIGNALS = (
    "image:3x12x10", "series:16x6", "vector:12", "video:5x3x8x8", "tokens:14,vocabulary=30", "series:16x6,padded",
    "tokens:14,vocabulary=30,padded", "wave:1600", {"a": "series:9x8", "b": "image:3x8x8"},
    {"a": "tokens:9,vocabulary=20,padded", "b": "series:7x8,padded", "c": "vector:5"},
    {"a": "series:9x8", "b": "series:12x8"},
)  # fmt: skip
#: What is rejected although torch would run it: kinds of axes, types of settings, nodes that no other reads.
RULES = re.compile(
    r"^reads .*, not |needs signals of the same kind|: expected .*, got |no node reads|would treat padding|"
    r"has no setting|is \d+, but the input has|but has no merge|more than any machine"
)
#: bytes and operations above which a fixed network is not run: a fix may need a layer of any size, and a convolution
#: in float64 unfolds its windows, which is memory in proportion to its operations
LARGE, LONG = 200 << 20, 10**10


def names(node: Node) -> set[str]:
    return ({node.name} if isinstance(node, Block) else set()).union(*(names(child) for _, child in children(node)))


def runs(architecture: Architecture, batch: int) -> None:
    """A step in training; every output and gradient is finite, in float64: products may leave float32's range."""
    tree, faults = examine(architecture.parts["network"], inputs_of(architecture)["network"])
    assert tree is not None
    assert not faults
    torch.manual_seed(0)
    network = Network(tree).double().train()
    values = {name: value_of(signal, batch) for name, signal in network.inputs.items()}
    values = {name: (x.double() if x.is_floating_point() else x, mask) for name, (x, mask) in values.items()}
    y = network({k: x for k, (x, _) in values.items()}, {k: m for k, (_, m) in values.items() if m is not None} or None)
    assert y.isfinite().all()
    assert tuple(y.shape) == network.gives.shape(batch)
    if y.requires_grad:
        (y * torch.randn_like(y)).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is None or parameter.grad.isfinite().all(), name


def rejected(architecture: Architecture) -> None:
    """It fails when built naively, or breaks a stated rule; its fixes make it valid."""
    node, signals = architecture.parts["network"], inputs_of(architecture)["network"]
    faults = examine(node, signals)[1]
    try:
        run(node, signals, 2)
        ran = True
    except Exception:  # a block may be anyone's code
        ran = False
    assert not ran or any(RULES.search(fault.what) for fault in faults), [str(fault) for fault in faults]
    for _ in range(10):
        fixes = [fault.fix for fault in faults if fault.fix is not None]
        if not fixes:
            break
        architecture = apply(architecture, [fix for number, fix in enumerate(fixes) if fix not in fixes[:number]])
        tree, faults = examine(architecture.parts["network"], signals)
    assert all(fault.fix is None for fault in faults), [str(fault) for fault in faults]
    if not faults and tree is not None:
        needs = cost(tree, 2)
        if needs.peak < LARGE and needs.flops < LONG:
            runs(architecture, 2)


def both_ways(seed: int, size: int) -> None:
    for signals in SIGNALS:
        valid = draw(signals, seed, size)
        assert not examine(valid.parts["network"], inputs_of(valid)["network"])[1]
        for batch in (2, 3):
            runs(valid, batch)
        faulty = draw(signals, seed, size, faults=1 + seed % 3)
        if examine(faulty.parts["network"], inputs_of(faulty)["network"])[1]:
            rejected(faulty)
        else:
            runs(faulty, 2)


@pytest.mark.parametrize("seed", range(2))
def test_accepted_architectures_run_and_rejected_ones_fail_and_can_be_fixed(seed: int) -> None:
    both_ways(seed, 5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1040))
def test_four_hundred_more(seed: int) -> None:
    both_ways(seed, 7)


def test_the_seed_decides_the_architecture() -> None:
    for faults in (0, 2):
        first = draw(SIGNALS[0], 7, 8, faults=faults)
        assert first == draw(SIGNALS[0], 7, 8, faults=faults)
        assert first != draw(SIGNALS[0], 8, 8, faults=faults)


@pytest.mark.parametrize(
    ("written", "mistakes"),
    [
        ({"residual": {"body": ["relu"], "shortcut": ["tanh"]}}, {"shortcut", "before", "after"}),
        ({"parallel": {"merge": "add", "branches": ["relu", "tanh"]}}, {"merge", "before", "after"}),
        ({"repeat": {"times": 2, "body": ["relu"]}}, {"times", "before", "after"}),
        ({"graph": {"inputs": ["x"], "nodes": {"a": {"from": "x", "chain": ["relu"]}}, "outputs": ["a"]}}, {"sources"}),
        ([{"dense": {"dim": 4}}], {"set", "rename"}),
    ],
)
def test_every_kind_of_mistake_is_drawn(written: Any, mistakes: set[str]) -> None:
    architecture = from_dict(written)
    assert {_fault(architecture, random.Random(seed)).op for seed in range(200)} >= mistakes


def test_it_reads_back_from_yaml() -> None:
    for signals in SIGNALS:
        architecture = draw(signals, 3, 8)
        assert read_text(to_yaml(architecture)) == (architecture, [])


@pytest.mark.slow
def test_every_block_is_eventually_drawn() -> None:
    """Those that read one input or two, which is what graphs that are drawn join."""
    wanted = {name for name in BLOCKS.names() if len(schema(BLOCKS.get(name)).required) <= 2}
    assert len(wanted) > 0.9 * len(BLOCKS.names())
    seen: set[str] = set()
    places = Signal(("places", "features"), (6, 5))  # what ends two towers, which no two chains by chance do
    for seed in range(20):
        ends = [(each, Flow.of(places, each)) for each in ("a", "b")]
        wires, _ = _Grower(random.Random(seed))._meet("meet", *ends)
        seen |= {name for wire in wires.values() if wire.node is not None for name in names(wire.node)}
    for seed in range(120):
        for signals in (*SIGNALS, "words:7x5,vocabulary=20,alphabet=9,padded"):
            seen |= names(draw(signals, seed, 8).parts["network"])
        if seen >= wanted:
            break
    assert seen >= wanted
