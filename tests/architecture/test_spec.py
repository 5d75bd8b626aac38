"""One architecture, three forms: dataclasses, plain data, YAML – and from each the others, exactly."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from strategies import architectures

from weftnet.architecture.reading import from_dict, read_dict, read_text
from weftnet.architecture.spec import (
    Architecture,
    Block,
    Chain,
    Graph,
    Parallel,
    Repeat,
    Residual,
    Wire,
    children,
    count,
    node_data,
    to_dict,
    to_yaml,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(architectures())
def test_every_form_reads_back_as_the_same(architecture: Architecture) -> None:
    data, text = to_dict(architecture), to_yaml(architecture)
    assert read_dict(data) == (architecture, [])
    assert read_text(text) == (architecture, []), text
    assert "&id" not in text
    written = json.dumps(data)
    assert read_text(written) == (architecture, [])
    assert from_dict(json.loads(written)) == architecture


PRETTY = """\
inputs: {image: 'image:3x32x32'}
chain:
- conv2d: {channels: 32, kernel: 3}
- batch_norm2d
- relu
- residual:
  - conv2d: {channels: 32}
  - relu
- residual:
    body:
    - conv2d: {channels: 64, stride: 2}
    - relu
    shortcut:
      conv2d: {channels: 64, kernel: 1, stride: 2}
- parallel:
    merge: concat
    branches:
    - conv2d: {channels: 8}
    - []
- repeat:
    times: 3
    body:
    - conv2d: {channels: 32, kernel: [3, 5]}
    - relu
- global_average_pool2d: {}
  name: pool
- dense: {dim: 10, bias: false}
"""


def test_a_file_reads_like_one_a_person_wrote() -> None:
    conv = Block("conv2d", {"channels": 32})
    architecture = Architecture.of(
        [
            Block("conv2d", {"channels": 32, "kernel": 3}),
            Block("batch_norm2d"),
            Block("relu"),
            Residual(Chain((conv, Block("relu")))),
            Residual(
                Chain((Block("conv2d", {"channels": 64, "stride": 2}), Block("relu"))),
                Block("conv2d", {"channels": 64, "kernel": 1, "stride": 2}),
            ),
            Parallel((Block("conv2d", {"channels": 8}), Chain())),
            Repeat(3, Chain((Block("conv2d", {"channels": 32, "kernel": [3, 5]}), Block("relu")))),
            Block("global_average_pool2d", label="pool"),
            Block("dense", {"dim": 10, "bias": False}),
        ],
        image="image:3x32x32",
    )
    assert to_yaml(architecture) == PRETTY
    assert read_text(PRETTY) == (architecture, [])


GRAPH = """\
graph:
  inputs: [image, table]
  nodes:
    eye:
      from: image
      chain:
      - conv2d: {channels: 8}
      - global_average_pool2d
    row: {from: table, dense: {dim: 32}}
    both: {from: [eye, row], merge: concat}
    look: {from: {x: both, memory: eye}, cross_attention: {heads: 4}}
  outputs: [look]
"""


def test_a_graph_reads_like_one_a_person_wrote() -> None:
    eye = Chain((Block("conv2d", {"channels": 8}), Block("global_average_pool2d")))
    wires = {
        "eye": Wire(("image",), eye),
        "row": Wire(("table",), Block("dense", {"dim": 32})),
        "both": Wire(("eye", "row"), None, "concat"),
        "look": Wire({"x": "both", "memory": "eye"}, Block("cross_attention", {"heads": 4})),
    }
    architecture = Architecture.of(Graph(("image", "table"), wires, ("look",)))
    assert to_yaml(architecture) == GRAPH
    assert read_text(GRAPH) == (architecture, [])


def test_parts() -> None:
    parts = {"encoder": Chain((Block("dense", {"dim": 2}),)), "decoder": Block("relu")}
    architecture = Architecture(parts, {"encoder": "vector:4"})
    data = {
        "inputs": {"encoder": "vector:4"},
        "parts": {"encoder": {"chain": [{"dense": {"dim": 2}}]}, "decoder": {"relu": {}}},
    }
    assert to_dict(architecture) == data
    assert architecture.with_part("decoder", Block("tanh")).parts["decoder"] == Block("tanh")
    assert read_text("parts: {encoder: [{dense: {dim: 2}}], decoder: relu}\ninputs: {encoder: 'vector:4'}") == (
        architecture,
        [],
    )


def test_short_and_long_forms_are_one() -> None:
    long = "chain: [{chain: [{relu: {}}, {relu: null}]}, {residual: {body: [relu]}}]"
    assert read_text(long) == read_text("- [relu, relu]\n- residual: [relu]")


def test_tuples_are_lists_in_a_file() -> None:
    assert node_data(Block("conv2d", {"kernel": (3, 5)})) == {"conv2d": {"kernel": [3, 5]}}


def test_numbers_as_yaml_has_them_today() -> None:
    architecture, faults = read_text("- layer_norm: {eps: 1e-5}")
    assert not faults
    assert architecture == Architecture.of([Block("layer_norm", {"eps": 1e-5})])


def test_children_and_count() -> None:
    body = Chain((Block("relu"), Block("tanh", label="bend")))
    assert [segment for segment, _ in children(body)] == ["0", "bend"]
    assert [segment for segment, _ in children(Residual(body, Block("relu")))] == ["body", "shortcut"]
    assert count(Repeat(5, body)) == 10
    assert count(Parallel((Repeat(2, body), Block("relu")))) == 5
