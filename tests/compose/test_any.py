"""Any architecture, valid or not: it is resolved or rejected with faults, and its fixes can be applied."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import architectures, valid_chains

from weftnet.architecture.faults import apply
from weftnet.architecture.reading import read_text
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture, Block, Chain, to_yaml
from weftnet.compose import examine

SIGNALS = ["image:3x8x6", "series:7x4,padded", "vector:5", "tokens:6,vocabulary=11"]
WORDS = ["dim", "channels", "kernel", "heads", "rate", "bias", "size", "colour"]
VALUES = [0, -1, 1, 7, 0.5, 3.0, "8", "same", True, None, [2, 3], [], {}]
quick = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("text", SIGNALS)
@quick
@given(architecture=architectures())
def test_nothing_breaks_the_resolver(text: str, architecture: Architecture) -> None:
    faults = []
    for part, node in architecture.parts.items():
        tree, part_faults = examine(node, {"x": parse(text)}, part)
        assert tree is not None or part_faults
        faults += part_faults
        assert all(str(fault) for fault in part_faults)
    fixed = apply(architecture, [fault.fix for fault in faults if fault.fix])
    assert apply(fixed, []) == fixed
    assert read_text(to_yaml(fixed))[0] is not None or Chain() in fixed.parts.values()


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(valid_chains(), st.data())
def test_one_wrong_setting_is_fixed_in_place(case: tuple[Chain, Signal], data: st.DataObject) -> None:
    node, signal = case
    blocks = [n for n, child in enumerate(node.nodes) if isinstance(child, Block)]
    place = data.draw(st.sampled_from(blocks or [0]))
    child = node.nodes[place]
    if not isinstance(child, Block):
        return
    wrong = {data.draw(st.sampled_from(WORDS)): data.draw(st.sampled_from(VALUES))}
    faulty = Block(child.name, {**child.settings, **wrong})
    architecture = Architecture.of(Chain((*node.nodes[:place], faulty, *node.nodes[place + 1 :])))
    for _ in range(3):
        faults = examine(architecture.parts["network"], {"x": signal})[1]
        assert all(fault.fix is not None for fault in faults), [str(fault) for fault in faults]
        architecture = apply(architecture, [fault.fix for fault in faults if fault.fix])
    assert not examine(architecture.parts["network"], {"x": signal})[1]
