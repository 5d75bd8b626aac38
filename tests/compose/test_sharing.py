"""Shared nodes: one set of weights in several places, against modules called twice by hand."""

import copy
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from weftnet.architecture.reading import from_dict, read_text
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Chain, to_dict, to_yaml
from weftnet.compose import Network, build, examine, resolve
from weftnet.compose.draw import draw
from weftnet.compose.mermaid import mermaid
from weftnet.compose.sharing import SharedNode
from weftnet.cost.cost import cost
from weftnet.errors import ArchitectureError
from weftnet.execution.executor import own_modules
from weftnet.execution.folding import fold_norms
from weftnet.tasks._assemble import assemble
from weftnet.tasks.language_model.task import LanguageModel

TWINS = """
graph:
  inputs: [left, right]
  nodes:
    a: {from: left, chain: [{dense: {dim: 5}}, batch_norm, tanh]}
    b: {from: right, shared: a}
    c: {from: [a, b], merge: concat, dense: {dim: 2}}
  outputs: [c]
"""
TIED = """
- {name: words, embedding: {dim: 6}}
- lstm: {dim: 6}
- shared: {node: words, transposed: true}
"""


def in_turn(net: Network, x: Tensor, *paths: str) -> Tensor:
    for path in paths:
        x, _ = net.get_submodule(path)(x)
    return x


#: a network, what it reads, and the same by hand
BY_HAND: dict[str, tuple[str, dict[str, str], Callable[..., Tensor]]] = {
    "twins": (TWINS, {"left": "vector:4", "right": "vector:4"},
              lambda net, left, right: net.c(torch.cat([net.a(left)[0], net.a(right)[0]], 1))),
    "tied": (TIED, {"x": "tokens:7,vocabulary=9"},
             lambda net, x: F.linear(net.get_submodule("1")(net.words(x)), net.words.table.weight)),
    "autoencoder": ("[{dense: {dim: 3}}, tanh, {shared: {node: 0, transposed: true}}]", {"x": "vector:5"},
                    lambda net, x: net.get_submodule("1")(net.get_submodule("0")(x))
                    @ net.get_submodule("0").linear.weight),
    "a copy of a repeat": ("[{repeat: {times: 2, body: [{dense: {dim: 4}}, gelu]}}, {shared: '0.1'}, {shared: '0.0'}]",
                           {"x": "series:3x4"}, lambda net, x: in_turn(net, x, "0.0", "0.1", "0.1", "0.0")),
}  # fmt: skip


def network(yaml: str, signals: dict[str, str]) -> Network:
    architecture, faults = read_text(yaml)
    assert architecture is not None, faults
    assert not faults
    assert from_dict(to_dict(architecture)) == architecture
    assert read_text(to_yaml(architecture)) == (architecture, [])
    built = build(architecture, {"network": {name: parse(text) for name, text in signals.items()}})["network"]
    assert isinstance(built, Network)
    return built.double().eval()


def values(net: Network) -> dict[str, Tensor]:
    torch.manual_seed(1)
    return {name: value(signal) for name, signal in net.inputs.items()}


def value(signal: Signal) -> Tensor:
    if signal.dtype == "int":
        return torch.randint(signal.known["vocabulary"], signal.shape(3))
    return torch.randn(signal.shape(3), dtype=torch.float64)


@pytest.mark.parametrize("name", BY_HAND)
def test_values_and_gradients_are_those_of_modules_called_twice(name: str) -> None:
    yaml, signals, by_hand = BY_HAND[name]
    net = network(yaml, signals)
    results = []
    for run in (lambda **x: net(x), lambda **x: by_hand(net, **x)):
        net.zero_grad()
        y = run(**values(net))
        (y * torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)).sum().backward()
        results.append([y.detach(), *(p.grad for p in net.parameters())])
    for got, wanted in zip(*results, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", BY_HAND)
def test_weights_have_one_name_and_are_counted_once(name: str) -> None:
    net = network(*BY_HAND[name][:2])
    stored = [tensor.data_ptr() for tensor in net.state_dict().values()]
    assert len(stored) == len(set(stored))
    assert not [key for key in net.state_dict() if key.startswith("b.")]
    for counted in (cost(net, 4), cost(net.resolved, 4)):
        assert counted.parameters == sum(p.numel() for p in net.parameters())
        assert sum(row.parameters for row in counted.rows) == counted.parameters
        assert sum(row.flops for row in counted.rows) == counted.flops
        assert [row.flops > 0 for row in counted.rows if row.block == "shared"]


def test_the_shared_nodes_flops_are_its_own() -> None:
    rows = {row.path: row for row in cost(network(*BY_HAND["twins"][:2]), 4).rows}
    assert rows["a.0"].flops == rows["b"].flops == 2 * 4 * 5
    assert rows["b"].parameters == 0
    rows = {row.path: row for row in cost(network(TIED, {"x": "tokens:7,vocabulary=9"}), 4).rows}
    assert rows["2"].flops == 2 * 7 * 6 * 9


@pytest.mark.parametrize("name", BY_HAND)
def test_copies_share_among_themselves(name: str) -> None:
    net = network(*BY_HAND[name][:2])
    inputs = values(net)
    for twin in (copy.deepcopy(net), own_modules(torch.nn.ModuleDict({"network": net}))["network"]):
        torch.testing.assert_close(twin(inputs), net(inputs))
        shared = [module for module in twin.modules() if isinstance(module, SharedNode)]
        assert all(any(each.target is module for module in twin.modules()) for each in shared)
        assert not any(each.target is module for module in net.modules() for each in shared)


def test_a_shared_layer_absorbs_no_norm() -> None:
    """In its other place, there is none behind it."""
    net = network("[{dense: {dim: 4}}, batch_norm, {shared: 0}]", {"x": "vector:4"})
    net.get_submodule("1").norm.running_mean.fill_(2.0)
    inputs = values(net)
    model = own_modules(torch.nn.ModuleDict({"network": net}))
    assert fold_norms(model) == 0
    torch.testing.assert_close(model["network"](inputs), net(inputs))


def test_steps_and_masks_go_through() -> None:
    net = network(TIED, {"x": "tokens:7,vocabulary=9"})
    x, state = torch.randint(9, (2, 7)), net.initial_state(2, 7)
    parts = []
    for t in (slice(0, 3), slice(3, 4), slice(4, 7)):
        y, state = net.step(x[:, t], state)
        parts.append(y)
    torch.testing.assert_close(torch.cat(parts, 1), net(x), rtol=1e-10, atol=1e-10)
    twice = network("[{gru: {dim: 4}}, {shared: 0}, last_step]", {"x": "series:6x4,padded"})
    x = torch.randn(2, 6, 4, dtype=torch.float64)
    mask = torch.arange(6) < torch.tensor([[6], [4]])
    torch.testing.assert_close(twice(x, {"x": mask})[1:], twice(x[1:, :4]))
    by_steps, state = network("[{gru: {dim: 4}}, {shared: 0}]", {"x": "series:6x4"}), None
    state, outputs = by_steps.initial_state(2, 6), []
    for t in range(6):
        y, state = by_steps.step(x[:, t : t + 1], state)
        outputs.append(y)
    torch.testing.assert_close(torch.cat(outputs, 1), by_steps(x), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("yaml", "signal", "what"),
    [
        ("[{dense: {dim: 4}}, {shared: 2}]", "vector:4", "no node before it has the path '2'"),
        ("[{dense: {dim: 5}}, {shared: 0}]", "vector:4", "0 has weights for another size"),
        ("[{dense: {dim: 4}}, relu, {shared: {node: 1, transposed: true}}]", "vector:4", "1 .relu. can't be"),
        ("[{dense: {dim: 4}}, {dense: {dim: 3}}, {shared: {node: 0, transposed: true}}]", "vector:4", "output of 0"),
        ("[{dense: {dim: 4}}, {shared: 0}, {shared: 1}]", "vector:4", "1 has no weights of its own"),
        ("[{embedding: {dim: 4}}, {shared: 0}]", "tokens:5,vocabulary=9", "reads tokens, not numbers"),
    ],
)  # fmt: skip
def test_what_cannot_be_shared_is_a_fault_at_its_node(yaml: str, signal: str, what: str) -> None:
    architecture, _ = read_text(yaml)
    assert architecture is not None
    with pytest.raises(ArchitectureError, match=what):
        resolve(architecture.parts["network"], {"x": parse(signal)})


@pytest.mark.parametrize("node", ["null", "[a]", "{transposed: true}", "{node: 0, transposed: 3}", "{nod: 0}", "0.10"])
def test_a_shared_node_has_one_form(node: str) -> None:
    _, faults = read_text(f"[relu, {{shared: {node}}}]")
    assert [fault for fault in faults if fault.block == "shared"]


def test_it_is_drawn() -> None:
    resolved, _ = examine(*_tied())
    assert resolved is not None
    assert "shared" in draw(resolved)
    assert "2 shared words" in mermaid(resolved)


def _tied() -> tuple[Chain, dict[str, Signal]]:
    architecture, _ = read_text(TIED)
    return architecture.parts["network"], {"x": parse("tokens:7,vocabulary=9")}


def test_a_language_model_with_tied_weights_needs_no_other_head() -> None:
    architecture, _ = read_text(TIED)
    assert architecture is not None
    done = assemble(architecture, LanguageModel(vocabulary=9, context=7), {"tokens": parse("tokens:7,vocabulary=9")})
    assert done.added == {"network": ()}
    model = build(done.architecture, done.inputs)
    LanguageModel(vocabulary=9, context=7).check(model)
