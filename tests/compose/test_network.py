"""Networks: values and masks go where the architecture sends them, under the paths it prints."""

import copy

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from strategies import valid_chains
from torch import Tensor

from weftnet.architecture.reading import from_dict, read_text
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture, Block, Chain, Node, Repeat
from weftnet.compose import Network, build, examine, resolve
from weftnet.errors import ArchitectureError, SettingError

TEXT = parse("series:6x4,padded")


def network(yaml: str, **signals: str | Signal) -> Network:
    """The network of a YAML text, in float64 and without dropout."""
    architecture, faults = read_text(yaml)
    assert not faults, [str(fault) for fault in faults]
    assert architecture is not None
    inputs = {name: parse(signal) if isinstance(signal, str) else signal for name, signal in signals.items()}
    built = build(architecture, {"network": inputs})["network"].double().eval()
    assert isinstance(built, Network)
    return built


def lengths(*steps: int, width: int) -> Tensor:
    return torch.arange(width) < torch.tensor(steps)[:, None]


PADDED = {
    "chain": "- conv1d: {dim: 8}\n- batch_norm\n- gelu\n- lstm: {dim: 5, bidirectional: true}\n- last_step",
    "transformer": "- dense: {dim: 8}\n- transformer_encoder_layer: {heads: 2}\n- global_average_pool1d",
    "stride": "- conv1d: {dim: 8, kernel: 5, stride: 2}\n- max_pool1d: {size: 2}\n- attention_pool",
    "residual": """
- residual:
    body: [{conv1d: {dim: 4, stride: 2}}, relu]
    shortcut: {conv1d: {dim: 4, kernel: 1, stride: 2}}
- last_step
""",
    "parallel": "- parallel: {merge: concat, branches: [{gru: {dim: 3}}, relu, []]}\n- global_max_pool1d",
    "gate": "- parallel: {merge: gate, branches: [{conv1d: {dim: 3}}, {conv1d: {dim: 3}}]}\n- last_step",
    "repeat": "- repeat: {times: 2, body: {residual: [layer_norm, {multi_head_attention: {heads: 2}}]}}\n- last_step",
    "graph": """
graph:
  inputs: [text]
  nodes:
    words: {from: text, lstm: {dim: 4}}
    short: {from: text, conv1d: {dim: 4, stride: 2}}
    look: {from: {memory: short, x: words}, cross_attention: {heads: 2}}
    both: {from: [look, words], merge: add}
    answer: {from: both, global_average_pool1d: {}}
  outputs: [answer]
""",
    "graph in a chain": """
- dense: {dim: 4}
- graph:
    inputs: [a]
    nodes:
      b: {from: a, lstm: {dim: 4}}
      c: {from: [a, b], merge: multiply, conv1d: {dim: 3}}
    outputs: [c]
- last_step
""",
}


@pytest.mark.parametrize("name", PADDED)
def test_padding_never_changes_the_answer(name: str) -> None:
    net = network(PADDED[name], text="series:8x4,padded")
    x = torch.randn(3, 8, 4, dtype=torch.float64)
    mask = lengths(8, 5, 4, width=8)
    y = net(x, {"text": mask})
    other = torch.where(mask[..., None], x, torch.full_like(x, 1e3))
    torch.testing.assert_close(net(other, {"text": mask}), y)
    for row, steps in enumerate((8, 5, 4)):  # alone, without any padding, each gives the same
        torch.testing.assert_close(net(x[row : row + 1, :steps]), y[row : row + 1])
    assert not torch.allclose(net(other)[2], y[2])  # and the mask mattered


def test_the_mask_that_comes_out() -> None:
    net = network(
        "- conv1d: {dim: 3, stride: 2}\n- conv1d: {dim: 2, kernel: 2, padding: valid}", text="series:9x4,padded"
    )
    mask = lengths(9, 4, 1, width=9)
    ((y, y_mask),) = net.run(torch.randn(3, 9, 4).double(), {"text": mask}).values()
    assert y.shape == (3, 4, 2)
    assert isinstance(y_mask, Tensor)
    assert y_mask.sum(1).tolist() == [4, 1, 0]
    assert net.gives == Signal(("time", "dim"), (4, 2), padded=True)
    assert network("- last_step", text=TEXT).run(torch.randn(1, 6, 4), {"text": lengths(2, width=6)})["y"][1] is None


def test_merged_sources_are_real_where_all_are() -> None:
    yaml = """
graph:
  inputs: [a, b]
  nodes: {both: {from: [a, b], merge: add}, last: {from: both, last_step: {}}}
  outputs: [both, last]
"""
    net = network(yaml, a=TEXT, b=TEXT)
    x = {name: torch.randn(2, 6, 4).double() for name in "ab"}
    masks = {"a": lengths(5, 3, width=6), "b": lengths(4, 6, width=6)}
    result = net.run(x, masks)
    mask = result["both"][1]
    assert isinstance(mask, Tensor)
    assert mask.sum(1).tolist() == [4, 3]
    torch.testing.assert_close(result["last"][0][1], (x["a"] + x["b"])[1, 2])


def test_several_inputs_and_outputs() -> None:
    yaml = """
graph:
  inputs: [photo, row]
  nodes:
    eye: {from: photo, chain: [{conv2d: {channels: 3}}, relu, global_average_pool2d]}
    facts: {from: row, dense: {dim: 3}}
    both: {from: [eye, facts], merge: concat}
    answer: {from: [both], parallel: {merge: add, branches: [{dense: {dim: 2}}, {dense: {dim: 2}}]}}
    mixed: {from: [eye, facts], merge: multiply, parallel: {merge: concat, branches: [relu, tanh]}}
  outputs: [answer, mixed, eye]
"""
    net = network(yaml, row="vector:5", photo="image:1x4x5", unread="vector:9")
    photo, row = torch.randn(2, 1, 4, 5).double(), torch.randn(2, 5).double()
    outputs = net({"row": row, "photo": photo, "unread": torch.randn(2, 9)})
    assert isinstance(outputs, dict)
    assert isinstance(net.gives, dict)
    assert {name: tuple(y.shape) for name, y in outputs.items()} == {"answer": (2, 2), "mixed": (2, 6), "eye": (2, 3)}
    assert {name: signal.shape(2) for name, signal in net.gives.items()} == {
        k: tuple(y.shape) for k, y in outputs.items()
    }
    eye = net.get_submodule("eye.2")(net.get_submodule("eye.1")(net.get_submodule("eye.0")(photo)))
    facts = net.get_submodule("facts")(row)
    both = torch.cat([eye, facts], dim=1)
    torch.testing.assert_close(outputs["eye"], eye)
    torch.testing.assert_close(
        outputs["answer"], net.get_submodule("answer.0")(both) + net.get_submodule("answer.1")(both)
    )
    torch.testing.assert_close(outputs["mixed"], torch.cat([(eye * facts).relu(), (eye * facts).tanh()], dim=1))
    with pytest.raises(SettingError, match="the network reads photo, row\n  expected: row\n  got: photo"):
        net({"photo": photo})
    with pytest.raises(SettingError, match="a mask of 'text', which is not an input"):
        net({"photo": photo, "row": row}, {"text": lengths(1, width=2)})


@pytest.mark.parametrize("sources", ["[target, source]", "{memory: source, x: target}", "{x: target, memory: source}"])
def test_a_block_of_several_sources(sources: str) -> None:
    nodes = f"{{look: {{from: {sources}, cross_attention: {{heads: 2}}}}}}"
    yaml = f"graph: {{inputs: [source, target], nodes: {nodes}, outputs: [look]}}"
    net = network(yaml, source="series:7x5,padded", target="series:6x4,padded")
    source, target = torch.randn(2, 7, 5).double(), torch.randn(2, 6, 4).double()
    masks = {"source": lengths(7, 3, width=7), "target": lengths(4, 6, width=6)}
    expected = net.get_submodule("look")(target, source, mask=masks["target"], memory_mask=masks["source"])
    result = net.run({"source": source, "target": target}, masks)["look"]
    torch.testing.assert_close(result[0], expected)
    assert result[1] is masks["target"]


def test_paths_are_submodules() -> None:
    yaml = """
- conv2d: {channels: 4}
  name: stem
- residual: {body: [relu, {conv2d: {channels: 4}}], shortcut: {conv2d: {channels: 4, kernel: 1}}}
- repeat: {times: 2, body: [relu, {batch_norm2d: {}}]}
- parallel: {merge: concat, branches: [{chain: [relu], name: left}, tanh]}
- graph: {inputs: [x], nodes: {a: {from: x, relu: {}}, b: {from: a}, c: {from: [a, b], merge: add}}, outputs: [c]}
- global_average_pool2d
"""
    net = network(yaml, photo="image:3x6x5")
    paths = [row.path for row in net.rows]
    assert paths == [
        "stem", "1.body.0", "1.body.1", "1.shortcut", "2.0.0", "2.0.1", "2.1.0", "2.1.1", "3.left.0", "3.1", "4.a", "5",
    ]  # fmt: skip
    for row in net.rows:
        assert type(net.get_submodule(row.path)) is row.cls
    givers = {row.path: list(row.by.values()) for row in net.rows}
    assert givers["2.0.0"] == ["1"]
    assert givers["2.1.0"] == ["2.0"]
    assert givers["2.1.1"] == ["2.1.0"]
    assert givers["4.a"] == ["3"]
    assert {name.rpartition(".")[0].split(".")[0] for name, _ in net.named_parameters()} == {"stem", "1", "2"}


def test_a_node_alone() -> None:
    net = network("dense: {dim: 2}", row="vector:3")
    assert isinstance(net.get_submodule("dense").linear, torch.nn.Linear)
    assert net(torch.randn(4, 3).double()).shape == (4, 2)
    net = network("residual: [{dense: {dim: 3}}, relu]", row="vector:3")
    assert [row.path for row in net.rows] == ["body.0", "body.1"]


def test_a_copy_is_apart() -> None:
    net = network(PADDED["graph"], text=TEXT)
    twin = copy.deepcopy(net)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    x = torch.randn(2, 6, 4).double()
    assert not torch.equal(net(x), twin(x))
    twin.load_state_dict(net.state_dict())
    assert torch.equal(net(x), twin(x))


def test_the_seed_decides_the_weights() -> None:
    architecture = Architecture.of([Block("conv2d", {"channels": 4}), Block("flatten"), Block("dense", {"dim": 3})])
    signals = {"network": {"x": parse("image:3x6x5")}}
    state = torch.random.get_rng_state()
    first, second, third = (build(architecture, signals, seed=seed).state_dict() for seed in (7, 7, 8))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not torch.equal(first["network.0.conv.weight"], third["network.0.conv.weight"])


def test_the_faults_of_all_parts() -> None:
    architecture = Architecture({"encoder": Block("dens", {"dim": 3}), "decoder": Block("conv2d", {"channels": 2})})
    with pytest.raises(ArchitectureError) as raised:
        build(architecture, {part: {"x": parse("vector:4")} for part in architecture.parts})
    assert [fault.where for fault in raised.value.faults] == ["encoder", "decoder"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(valid_chains())
def test_a_valid_chain_is_never_rejected(case: tuple[Chain, Signal]) -> None:
    node, signal = case
    tree, faults = examine(node, {"x": signal})
    assert not faults, [str(fault) for fault in faults]
    assert tree is not None
    net = build(Architecture.of(node), {"network": {"x": signal}})["network"]
    shape = signal.shape(3)
    x = torch.randint(0, 9, shape) if signal.dtype == "int" else torch.randn(shape, requires_grad=True)
    masks = {"x": lengths(6, 4, 1, width=6)} if signal.padded else None
    y = net(x, masks)
    assert tuple(y.shape) == tree.output.shape(3)
    y.sum().backward()


CONTRACT = [
    ("image:1x28x28", """
        chain:
          - conv2d: {channels: 32, kernel: 3}
          - batch_norm2d
          - relu
          - residual: [{conv2d: {channels: 32}}, relu]
          - parallel: {merge: concat, branches: [[relu], [tanh]]}
          - repeat: {times: 3, body: [relu]}
          - global_average_pool2d
          - dense: {dim: 10}
     """),
    ("tokens:20,vocabulary=100,padded", "[{embedding: {dim: 16}}, {lstm: {dim: 16}}, last_step, {dense: {dim: 2}}]"),
    ("image:3x32x32", """
        [{patchify: {size: 8}}, {dense: {dim: 24}}, class_token, learned_positions,
         {repeat: {times: 2, body: {transformer_encoder_layer: {heads: 3}}}}, first_step, {dense: {dim: 10}}]
     """),
    ("wave:4000", "[spectrogram, {gru: {dim: 8}}, last_step, {dense: {dim: 10}}]"),
    ("vector:1", "[{dense: {dim: 1}}]"),
    ("tokens:1,vocabulary=2", "[{embedding: {dim: 1}}, {multi_head_attention: {heads: 1}}, flatten]"),
]  # fmt: skip


@pytest.mark.parametrize(("signal", "yaml"), CONTRACT)
def test_valid_files_are_never_rejected(signal: str, yaml: str) -> None:
    architecture, faults = read_text(yaml)
    assert not faults
    assert architecture is not None
    assert not examine(architecture.parts["network"], {"x": parse(signal)})[1]


def test_repeats_of_one_kind_are_resolved_once() -> None:
    body = Chain((Block("dense", {"dim": 8}), Block("relu")))
    long = resolve(Chain((Repeat(30, body), Block("dense", {"dim": 2}))), {"x": parse("vector:5")})
    written: Node = Chain((Chain((body,) * 30), Block("dense", {"dim": 2})))
    assert long == resolve(written, {"x": parse("vector:5")})


def test_parts_and_labels_by_dataclass() -> None:
    node = Chain((Block("relu", label="forward"), Block("relu", label="a"), Block("tanh", label="a")))
    _, faults = examine(node, {"x": parse("vector:3")})
    assert [str(fault).splitlines()[0] for fault in faults] == [
        "forward (name): 'forward' is an attribute of every module",
        "a (name): another node here is also called 'a'",
    ]
    assert from_dict({"relu": None}).parts["network"] == Block("relu")
