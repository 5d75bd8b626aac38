"""Blocks with several outputs: the first goes on, others are picked by name; auxiliary losses reach the network."""

import copy

import numpy as np
import pytest
import torch
from oracles import unchecked
from torch import Tensor, nn

from weftnet.architecture.reading import from_dict, read_text
from weftnet.architecture.signal import parse
from weftnet.architecture.spec import to_dict, to_yaml
from weftnet.compose import Network, build
from weftnet.compose.draw import draw
from weftnet.compose.mermaid import mermaid
from weftnet.cost.cost import cost
from weftnet.errors import ArchitectureError
from weftnet.export.parity import check, random_inputs
from weftnet.export.targets import TARGETS

CODED = """
graph:
  inputs: [x]
  nodes:
    h: {from: x, dense: {dim: 4}}
    q: {from: h, vector_quantiser: {vocabulary: 7}}
    codes: {from: q, output: tokens}
    again: {from: q, output: tokens, embedding: {dim: 3}}
    y: {from: [q, again], merge: concat, dense: {dim: 2}}
  outputs: [y, codes]
"""


def network(yaml: str, signal: str) -> Network:
    architecture, faults = read_text(yaml)
    assert architecture is not None, faults
    assert not faults
    assert from_dict(to_dict(architecture)) == architecture
    assert read_text(to_yaml(architecture)) == (architecture, [])
    built = build(architecture, {"network": {"x": parse(signal)}})["network"]
    assert isinstance(built, Network)
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.normal_()
    return built.double()


def by_hand(net: nn.Module, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    quantised = net.q(net.h(x), mask)
    y = net.y(torch.cat([quantised.y, net.again(quantised.tokens)], 2))
    return y, quantised.tokens, quantised.codebook + 2 * quantised.commitment


def test_outputs_by_name_and_losses_are_those_of_the_blocks_by_hand() -> None:
    net, x = network(CODED, "series:5x3"), torch.randn(2, 5, 3, dtype=torch.float64)
    assert str(net.gives["codes"]) == "tokens (time 5, vocabulary 7)"
    results = []
    for run in range(2):
        net.zero_grad()
        if run:
            y, codes, loss = by_hand(net, x)
        else:
            outputs = net(x)
            losses = net.take_losses()
            assert list(losses) == ["codebook", "commitment"]
            y, codes, loss = outputs["y"], outputs["codes"], losses["codebook"] + 2 * losses["commitment"]
        (y.square().sum() + loss).backward()
        results.append([y.detach(), codes, loss.detach(), *(p.grad for p in net.parameters())])
    for mine, wanted in zip(*results, strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-10, atol=1e-12)


def test_masks_and_steps_go_with_the_outputs() -> None:
    net, x = network(CODED, "series:5x3,padded").eval(), torch.randn(2, 5, 3, dtype=torch.float64)
    mask = torch.arange(5) < torch.tensor([[5], [3]])
    outputs = net.run(x, {"x": mask})
    assert outputs["codes"][1] is mask
    assert not outputs["codes"][0][1, 3:].any()
    state, parts = net.initial_state(2, 5), []
    for t in range(5):
        y, state = net.step(x[:, t : t + 1], state)
        parts.append(y)
    for name, whole in net(x).items():
        torch.testing.assert_close(torch.cat([part[name] for part in parts], 1), whole)


def test_losses_are_kept_in_training_alone_and_summed_over_places_and_passes() -> None:
    yaml = "[{vector_quantiser: {vocabulary: 5}}, {residual: {vector_quantiser: {vocabulary: 3}}}, {shared: 0}]"
    net = network(yaml, "series:5x3")
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    net.eval()(x)
    net.train()
    with torch.no_grad():
        net(x)
    assert net.take_losses() == {}
    a, b = net.get_submodule("0"), net.get_submodule("1.body")
    first = a(x)
    second = b(first.y)
    third = a(second.y + first.y)
    net(x)
    net(x)
    copy.deepcopy(net)  # what a pass has left is no part of it
    losses = net.take_losses()
    for name in ("codebook", "commitment"):
        torch.testing.assert_close(losses[name], 2 * sum(getattr(each, name) for each in (first, second, third)))
    assert net.take_losses() == {}


def test_compiled_networks_give_their_losses() -> None:
    net, x = network(CODED, "series:5x3"), torch.randn(2, 5, 3, dtype=torch.float64)
    y, wanted = net(x)["y"], net.take_losses()
    net.compile(backend="eager")
    with unchecked():
        torch.testing.assert_close(net(x)["y"], y)
        assert net.take_losses().keys() == wanted.keys()
        net(x)
    torch.testing.assert_close(net.take_losses(), wanted)


@pytest.mark.parametrize("target", TARGETS.names())
def test_they_are_exported_by_name(target: str, tmp_path) -> None:
    net, signals = network(CODED, "series:5x3").float().eval(), {"x": parse("series:5x3")}
    way = TARGETS.get(target)()
    path = tmp_path / f"model{way.suffix}"
    with unchecked():
        captured = way.write(net, signals, path)
        opened = way.open(path)
        compared, differing = check(net, signals, opened, random_inputs(signals, captured.free))
    assert differing is None, compared[-1]
    assert np.array(list(captured.outputs)).tolist() == ["y", "codes"]


def test_check_cost_and_drawings_know_them() -> None:
    net = network(CODED, "series:5x3")
    rows = {row.path: row for row in cost(net, 4).rows}
    assert rows["q"].flops == 2 * 5 * 4 * 7
    assert rows["q"].parameters == 28
    assert "tokens" in draw(net.resolved)
    assert '-->|"tokens"|' in mermaid(net.resolved)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("output: tokens", "output: token"), "'q' has no output 'token'"),
        (("{from: q, output: tokens}", "{from: h, output: tokens}"), "'h' has no output 'tokens'"),
    ],
)
def test_an_output_that_is_not_there_is_a_fault(change: tuple[str, str], what: str) -> None:
    architecture, faults = read_text(CODED.replace(*change))
    assert architecture is not None
    assert not faults
    with pytest.raises(ArchitectureError, match=what):
        build(architecture, {"network": {"x": parse("series:5x3")}})


def test_an_output_of_several_sources_is_a_fault_of_form() -> None:
    _, faults = read_text(CODED.replace("{from: q, output", "{from: [q, h], merge: add, output", 1))
    assert [fault for fault in faults if "picks an output of several sources" in fault.what]
