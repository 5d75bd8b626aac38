"""Edits are data: each changes one thing and nothing else; a fault reports all it knows."""

import json
from typing import Any

import pytest

from weftnet.architecture.faults import Edit, Fault, apply
from weftnet.architecture.reading import from_dict, read_text
from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture, Block, node_data, to_dict
from weftnet.compose import examine
from weftnet.errors import ArchitectureError

YAML = """
- dense: {dim: 8, bias: false}
- residual: {body: [relu, {dense: {dim: 8}}], shortcut: tanh}
- parallel: {merge: concat, branches: [relu, [tanh, relu]]}
- repeat: {times: 3, body: relu}
- graph:
    inputs: [x]
    nodes:
      a: {from: x, relu: {}}
      b: {from: a, dense: {dim: 2}}
      c: {from: [a, b], merge: concat}
    outputs: [c]
- softmax: {}
  name: last
"""
GRAPH = {
    "a": {"from": "x", "relu": {}},
    "b": {"from": "a", "dense": {"dim": 2}},
    "c": {"from": ["a", "b"], "merge": "concat"},
}
ELU, GELU = Block("elu"), Block("gelu")


def architecture() -> Architecture:
    read, faults = read_text(YAML)
    assert read is not None
    assert not faults
    return read


def after(path: str, op: str, value: Any = None) -> list[Any]:
    """The chain as plain data once one edit is made."""
    edit = Edit(("network", *path.split(".")), op, value)
    result: list[Any] = to_dict(apply(architecture(), [edit]))["chain"]
    json.dumps(edit.data())
    return result


BEFORE = to_dict(architecture())["chain"]


def graph(nodes: dict[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    return {"graph": {"inputs": ["x"], "nodes": nodes or GRAPH, "outputs": ["c"], **keys}}


@pytest.mark.parametrize(
    ("place", "path", "op", "value", "now", "says"),
    [
        (0, "0", "set", {"dim": 4, "bias": None, "a": 1}, {"dense": {"dim": 4, "a": 1}},
         "remove bias and set dim: 4 and set a: 1"),
        (0, "0", "set", {"bias": None, "b": True}, {"dense": {"dim": 8, "b": True}}, "write b: true instead of bias"),
        (0, "0", "rename", "elu", {"elu": {"dim": 8, "bias": False}}, "use elu instead"),
        (0, "0", "replace", [ELU], "elu", "use elu instead"),
        (0, "0", "label", "first", {"dense": {"dim": 8, "bias": False}, "name": "first"}, "name it first"),
        (1, "1", "shortcut", ELU, {"residual": {"body": ["relu", {"dense": {"dim": 8}}], "shortcut": "elu"}},
         "give the residual the shortcut elu"),
        (1, "1.body.0", "remove", None, {"residual": {"body": [{"dense": {"dim": 8}}], "shortcut": "tanh"}},
         "remove it"),
        (1, "1.shortcut", "remove", None, {"residual": ["relu", {"dense": {"dim": 8}}]}, "remove it"),
        (2, "2", "merge", "add", {"parallel": {"merge": "add", "branches": ["relu", ["tanh", "relu"]]}},
         "set merge: add"),
        (2, "2.0", "after", [ELU, GELU],
         {"parallel": {"merge": "concat", "branches": [["relu", "elu", "gelu"], ["tanh", "relu"]]}},
         "insert elu, gelu after it"),
        (2, "2.0", "remove", None, {"parallel": {"merge": "concat", "branches": [["tanh", "relu"]]}}, "remove it"),
        (2, "2.1", "before", [ELU], {"parallel": {"merge": "concat", "branches": ["relu", ["elu", "tanh", "relu"]]}},
         "insert elu before it"),
        (3, "3", "times", 5, {"repeat": {"times": 5, "body": "relu"}}, "set times: 5"),
        (3, "3.body", "after", [ELU], {"repeat": {"times": 3, "body": ["relu", "elu"]}}, "insert elu after it"),
        (4, "4.b", "sources", ["x"], graph({**GRAPH, "b": {"from": "x", "dense": {"dim": 2}}}), "set from: x"),
        (4, "4.b", "sources", {"x": "a"}, graph({**GRAPH, "b": {"from": {"x": "a"}, "dense": {"dim": 2}}}),
         "set from: {x: a}"),
        (4, "4.c", "merge", "add", graph({**GRAPH, "c": {"from": ["a", "b"], "merge": "add"}}), "set merge: add"),
        (4, "4.c", "after", [ELU], graph({**GRAPH, "c": {"from": ["a", "b"], "merge": "concat", "elu": {}}}),
         "insert elu after it"),
        (4, "4.b", "remove", None, graph({**GRAPH, "b": {"from": "a"}}), "remove it"),  # c reads it: it passes on
        (4, "4.a", "label", "z",
         graph({"z": {"from": "x", "relu": {}}, "b": {"from": "z", "dense": {"dim": 2}},
                "c": {"from": ["z", "b"], "merge": "concat"}}), "name it z"),
        (4, "4.c", "between", {"a": [ELU]},
         graph({"a": GRAPH["a"], "b": GRAPH["b"], "a_to_c": {"from": "a", "elu": {}},
                "c": {"from": ["a_to_c", "b"], "merge": "concat"}}), "insert elu between a and it"),
        (4, "4", "inputs", ["y"], graph(inputs=["y"]), "set inputs: [y]"),
        (4, "4", "outputs", ["a", "c"], graph(outputs=["a", "c"]), "set outputs: [a, c]"),
        (5, "last", "label", None, "softmax", "remove the name"),
    ],
)  # fmt: skip
def test_an_edit_changes_one_thing(place: int, path: str, op: str, value: Any, now: Any, says: str) -> None:
    assert after(path, op, value) == [*BEFORE[:place], now, *BEFORE[place + 1 :]]
    assert str(Edit(("network",), op, value)) == says


def test_edits_that_change_the_number_of_nodes() -> None:
    assert after("0", "remove") == BEFORE[1:]
    assert after("1.body", "remove") == [BEFORE[0], *BEFORE[2:]]  # a residual around nothing is nothing
    assert after("3.body", "remove") == [*BEFORE[:3], *BEFORE[4:]]
    assert after("last", "before", [ELU]) == [*BEFORE[:5], "elu", BEFORE[5]]
    assert after("0", "replace", [ELU, GELU]) == ["elu", "gelu", *BEFORE[1:]]
    nested = from_dict([["relu", "elu"], "tanh"])
    assert to_dict(apply(nested, [Edit(("network", "0"), "splice")])) == {"chain": ["relu", "elu", "tanh"]}


def test_paths_are_those_before_any_edit() -> None:
    edits = [
        Edit(("network", "0"), "remove"),
        Edit(("network", "last"), "rename", "relu"),
        Edit(("network", "3"), "times", 7),
        Edit(("network", "3"), "before", [ELU]),
        Edit(("network", "9"), "remove"),  # not there: nothing
        Edit(("other", "1"), "remove"),
    ]
    for order in (edits, edits[::-1]):
        chain = to_dict(apply(architecture(), order))["chain"]
        kept = [*BEFORE[1:3], "elu", {"repeat": {"times": 7, "body": "relu"}}, BEFORE[4]]
        assert chain == [*kept, {"relu": {}, "name": "last"}]


def test_several_edits_of_one_block() -> None:
    edits = [Edit(("network", "0"), op, value) for op, value in (
        ("before", [ELU]), ("set", {"dim": 4}), ("rename", "conv1d"), ("set", {"bias": None}), ("after", [GELU]),
    )]  # fmt: skip
    chain = to_dict(apply(architecture(), edits))["chain"]
    assert chain[:3] == ["elu", {"conv1d": {"dim": 4}}, "gelu"]


def test_an_edit_as_json() -> None:
    edit = Edit(("network", "2", "1"), "after", [Block("dense", {"dim": 3}), ELU])
    assert edit.data() == {"path": "network.2.1", "op": "after", "value": [{"dense": {"dim": 3}}, "elu"]}
    assert Edit(("network",), "shortcut", ELU).data()["value"] == node_data(ELU)
    assert Edit(("network",), "between", {"a": [ELU]}).data()["value"] == {"a": ["elu"]}


def test_a_fault_in_print() -> None:
    fault = Fault(
        ("network", "3", "body"), "conv2d", "reads an image, not a vector", "x: numbers (…)", "vector (dim 3)", "2",
        ("conv1d", "dense"), Edit(("network", "2"), "after", [ELU]),
    )  # fmt: skip
    assert str(fault) == (
        "3.body (conv2d): reads an image, not a vector\n"
        "  reads: x: numbers (…)\n"
        "  given: vector (dim 3), by 2\n"
        "  did you mean 'conv1d' or 'dense'?\n"
        "  fix: at 2: insert elu after it"
    )
    assert Fault(("encoder", "1"), "relu", "what").where == "encoder.1"
    assert str(Fault(("network",), "chain", "what")) == "network (chain): what"
    assert str(ArchitectureError([fault], where="a.yaml")).startswith("a.yaml: 1 fault in the architecture\n3.body")


def test_a_fix_is_tried_before_it_is_offered() -> None:
    node = from_dict([{"dense": {"dim": 30}}, {"reshape": {"shape": [1, 5, 6]}}, {"lstm": {"dim": 4}}]).parts["network"]
    _, faults = examine(node, {"x": parse("vector:7")})
    for fault in faults:
        assert fault.fix is not None
        alone = apply(Architecture.of(node), [fault.fix])
        assert fault not in examine(alone.parts["network"], {"x": parse("vector:7")})[1]
