"""Reading: strict or tolerant, from files of any kind, within limits, and never running anything."""

from pathlib import Path

import pytest

from weftnet.architecture.reader import MAX_DEPTH
from weftnet.architecture.reading import MAX_BYTES, from_dict, load, read, read_dict, read_text
from weftnet.architecture.spec import Architecture, Block, Chain, Graph, Parallel, Wire
from weftnet.base.limits import limit
from weftnet.errors import ArchitectureError, SettingError


def test_a_file(tmp_path: Path) -> None:
    for name, text in (("a.yaml", "- dense: {dim: 3}\n- relu\n"), ("a.json", '[{"dense": {"dim": 3}}, "relu"]')):
        (tmp_path / name).write_text(text)
        assert load(tmp_path / name) == Architecture.of([Block("dense", {"dim": 3}), Block("relu")])


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"none\.yaml: can't be read: No such file"):
        read(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"- relu\xff")
    with pytest.raises(SettingError, match=r"bytes\.yaml: is not UTF-8 text\n  got: byte 6"):
        read(tmp_path / "bytes.yaml")
    (tmp_path / "large.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(SettingError, match=r"too large for an architecture\n  got: 1000001 bytes"):
        read(tmp_path / "large.yaml")
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    with pytest.raises(ArchitectureError, match=r"empty\.yaml: 1 fault in the architecture\narchitecture: is empty"):
        load(tmp_path / "empty.yaml")


def test_strict_is_tolerant_and_then_raises() -> None:
    text = "- dense: 3\n- relu\n"
    architecture, faults = read_text(text)
    assert architecture == Architecture.of([Block("dense", {"dim": 3}), Block("relu")])
    with pytest.raises(ArchitectureError) as raised:
        from_dict([{"dense": 3}, "relu"])
    assert raised.value.faults == tuple(faults)


def test_json_that_is_no_yaml() -> None:
    assert read_text('[{"dense": {"a": "\\ud83d\\ude00", "dim": 1e-5}}]')[0] == Architecture.of(
        [Block("dense", {"a": "😀", "dim": 1e-5})]
    )
    with pytest.raises(SettingError, match=r"architecture line 1: the key 'a' is repeated"):
        read_text('[{"dense": {"a": 1, "a": 2}}]')


@pytest.mark.parametrize("data", [3, "relu", ["relu"], {"relu": None}, {"relu": {}}])
def test_one_node_is_an_architecture(data: object) -> None:
    architecture, faults = read_dict(data)
    if data == 3:
        assert architecture is None
        assert (
            str(faults[0])
            == "network (node): is not a node\n  reads: a name, a mapping or a list\n  given: 3\n  fix: remove it"
        )
    else:
        assert architecture in (Architecture.of(Block("relu")), Architecture.of([Block("relu")]))


def test_limits() -> None:
    node: object = "relu"
    for _ in range(MAX_DEPTH):
        node = [node]
    assert not read_dict(node)[1]
    with pytest.raises(SettingError, match=r"a\.yaml: is nested too deeply\n  expected: at most 60 levels"):
        read_dict([node], where="a.yaml")
    with pytest.raises(SettingError, match=r"a\.yaml: is too large\n  expected: at most 20000 nodes"):
        read_dict(["relu"] * limit("nodes"), where="a.yaml")
    residuals: object = "relu"
    for _ in range(500):
        residuals = {"residual": {"body": residuals}}
    with pytest.raises(SettingError, match="is nested too deeply"):
        read_dict(residuals)


def test_what_can_not_be_read_leaves_the_other_paths_alone() -> None:
    architecture, faults = read_text("- 3\n- dens: {dim: 3}\n- relu: {}\n  name: bend\n- residual: [{parallel: [4]}]\n")
    assert architecture is not None
    assert [fault.path for fault in faults] == [
        ("network", "0"),
        ("network", "3", "body", "0", "0"),
        ("network", "3", "body", "0"),
    ]
    chain = architecture.parts["network"]
    assert isinstance(chain, Chain)
    assert [chain.nodes[0], chain.nodes[2]] == [Chain(), Block("relu", label="bend")]


def test_paths_go_by_name() -> None:
    _, faults = read_text("- chain: [{residual: []}]\n  name: stem\n")
    assert faults[0].path == ("network", "stem", "0")


def test_a_name_that_looks_like_a_number() -> None:
    architecture, faults = read_text("- relu: {}\n  name: 7\n- relu: {}\n  name: two\n")
    assert [fault.what for fault in faults] == ["a name must be a word without dots"]
    assert architecture == Architecture.of([Block("relu"), Block("relu", label="two")])


def test_keys_of_graphs_may_be_numbers() -> None:
    architecture, faults = read_text("graph: {inputs: x, nodes: {1: {from: x, relu: {}}}, outputs: 1}")
    graph = Graph(("x",), {"1": Wire(("x",), Block("relu"))}, ("1",))
    assert architecture == Architecture.of(graph)
    assert [fault.what for fault in faults] == ["names no outputs"]


def test_a_merge_in_a_graph_beside_its_node() -> None:
    wire = "{from: [x, x], merge: add, parallel: {merge: gate, branches: [relu, relu]}}"
    text = f"graph: {{inputs: [x], nodes: {{a: {wire}}}, outputs: [a]}}"
    node = Parallel((Block("relu"), Block("relu")), "gate")
    assert read_text(text) == (Architecture.of(Graph(("x",), {"a": Wire(("x", "x"), node, "add")}, ("a",))), [])


@pytest.mark.parametrize(
    ("text", "report"),
    [
        ("inputs: image:1x2x3\nchain: [relu]", "architecture (inputs): names no input"),
        ("inputs: [a]\nchain: [relu]", "architecture (inputs): is not a mapping"),
        ("input: {x: 'vector:3'}\nchain: [relu]", "architecture: unknown key 'input'"),
        ("parts: []", "architecture (parts): names no part"),
        ("parts: {a: relu}\nchain: [relu]", "architecture: 'chain' is beside parts"),
        ("chain: relu", "network (chain): is not a list"),
        ("- name: a", "a (node): has a name and nothing else"),
        ("- repeat: 3", "0 (repeat): is not a mapping"),
        ("- residual: {body: [relu], short: [relu], width: 3}", "0 (residual): unknown key 'short'"),
        ("- chain", "0 (node): is not a node"),
        ("graph: {nodes: {a: {from: x, relu: {}}}}", "network (graph): names no inputs"),
        ("graph: 3", "network (graph): is not a mapping"),
        ("- parallel: {branches: [relu, relu], merge: 3}", "0 (parallel): no merge is called '3'"),
    ],
)
def test_faults_of_form(text: str, report: str) -> None:
    _, faults = read_text(text)
    assert report in [str(fault).splitlines()[0] for fault in faults]


@pytest.mark.parametrize("text", ["!!python/name:os.system", "- !!python/object/new:os.system [x]", "- &a relu\n- *a"])
def test_reading_runs_nothing(text: str) -> None:
    with pytest.raises(SettingError, match=r"tags \(!…\) are not allowed|aliases are not allowed"):
        read_text(text)
