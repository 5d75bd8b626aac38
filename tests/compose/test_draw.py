"""Drawings contain every node and every shape, and nothing overlaps."""

import re
from xml.etree import ElementTree

import pytest

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.compose import resolve
from weftnet.compose.draw import draw, mermaid
from weftnet.compose.flow import Resolved
from weftnet.cost.cost import Cost, Row, cost

RESIDUAL = [
    {"conv2d": {"channels": 6}},
    {"residual": {"body": [{"conv2d": {"channels": 9}}, "relu"], "shortcut": [{"conv2d": {"channels": 9}}]}},
    {"residual": ["relu"]},
    {"parallel": {"merge": "concat", "branches": [{"conv2d": {"channels": 2}}, [{"conv2d": {"channels": 3}}, "relu"]]}},
    {"repeat": {"times": 2, "body": ["relu", {"residual": ["tanh"]}]}},
]
GRAPH = {
    "graph": {
        "inputs": ["text", "row"],
        "nodes": {
            "words": {"from": "text", "embedding": {"dim": 16}},
            "more": {"from": "words", "chain": [{"gru": {"dim": 16}}, "relu"]},
            "look": {"from": {"x": "more", "memory": "words"}, "cross_attention": {"heads": 2}},
            "end": {"from": "look", "last_step": {}},
            "both": {"from": ["end", "row"], "merge": "concat"},
            "out": {"from": "both", "dense": {"dim": 3}},
        },
        "outputs": ["out", "end"],
    }
}
CASES = {
    "residual": (RESIDUAL, {"image": "image:3x8x8"}),
    "graph": (GRAPH, {"text": "tokens:12,vocabulary=90", "row": "vector:5"}),
    "block": ({"dense": {"dim": 4}}, {"x": "vector:7"}),
    "alone": ({"residual": ["relu"]}, {"x": "vector:7"}),
    "long": ([node for _ in range(40) for node in ({"dense": {"dim": 8}}, "relu")], {"x": "vector:7"}),
    "nested graph": (
        ["relu", {"graph": {"inputs": ["x"], "nodes": {"a": {"from": "x", "relu": {}}}, "outputs": ["a"]}}],
        {"x": "vector:7"},
    ),
}


def made(name: str) -> Resolved:
    data, signals = CASES[name]
    return resolve(from_dict(data).parts["network"], {key: parse(text) for key, text in signals.items()})


def by_path(cost: Cost) -> dict[str, Row]:
    return {row.path: row for row in cost.rows}


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter() if each.tag.endswith("}text")]


@pytest.mark.parametrize("name", CASES)
def test_every_node_is_in_the_drawing_with_its_path(name):
    resolved = made(name)
    counted = cost(resolved, 4)
    svg = draw(resolved, by_path(counted), fold=False)
    written = texts(svg)
    leaves = [row for row in counted.rows if row.block in {leaf.name for leaf in resolved.leaves()}]
    assert len(leaves) == len(resolved.leaves())
    for row in leaves:
        assert {row.block, row.path} <= {*written}
        assert f'"{row.path} {row.block}"' in mermaid(resolved)
    for signal in resolved.gives.values():
        assert any("×".join(map(str, signal.sizes)) in text for text in written)


@pytest.mark.parametrize("name", CASES)
def test_boxes_do_not_overlap_and_are_inside_the_picture(name):
    root = ElementTree.fromstring(draw(made(name), fold=False))
    width, height = (float(root.get(side)) for side in ("width", "height"))
    boxes = list(_boxes(root, 0, 0).values())
    assert len(boxes) == len(made(name).leaves())
    for i, (left, top, right, low) in enumerate(boxes):
        assert 0 <= left < right <= width
        assert 0 <= top < low <= height
        for other_left, other_top, other_right, other_low in boxes[:i]:
            assert right <= other_left or other_right <= left or low <= other_top or other_low <= top


def _boxes(element: ElementTree.Element, x: float, y: float) -> dict[str, tuple[float, float, float, float]]:
    """Each block's path → left, top, right, bottom."""
    if place := re.match(r"translate\(([-\d.]+) ([-\d.]+)\)", element.get("transform", "")):
        x, y = x + float(place[1]), y + float(place[2])
    boxes = {}
    rect = next((child for child in element if child.get("class") == "box"), None)
    if rect is not None:
        path = next(child.text for child in element if child.get("class") == "soft end")
        boxes[path] = x, y, x + float(rect.get("width")), y + float(rect.get("height"))
    for child in element:
        boxes |= _boxes(child, x, y)
    return boxes


def test_shapes_and_arguments_label_the_edges():
    written = texts(draw(made("graph")))
    assert {"series 12×16", "vector 5", "memory", "x", "concat", "tokens 12"} <= {*written}
    assert '-->|"memory: series 12×16"|' in mermaid(made("graph"))
    assert "((" in mermaid(made("graph"))


def test_shortcuts_are_arcs_and_branches_side_by_side():
    svg = draw(made("residual"), fold=False)
    assert len(re.findall(r"Q[\d.]+ [\d.]+ [\d.]+ [\d.]+[VH]", svg)) == 2 * 3  # round corners of three arcs
    boxes = _boxes(ElementTree.fromstring(svg), 0, 0)
    for left, right in (("1.body.0", "1.shortcut.0"), ("3.0", "3.1.0")):
        assert boxes[left][1] == boxes[right][1]
        assert boxes[left][2] < boxes[right][0]
    assert boxes["1.body.0"][3] < boxes["1.body.1"][1]


def test_figures_are_written_in_the_boxes():
    resolved = made("block")
    assert "32 parameters, 56 FLOPs" in texts(draw(resolved, by_path(cost(resolved, 4))))
    assert not any("FLOPs" in text for text in texts(draw(resolved)))


def test_names_are_escaped():
    data = [{"dense": {"dim": 3}, "name": '<b>&"x"'}]
    resolved = resolve(from_dict(data).parts["network"], {"a<b": parse("vector:2")})
    assert '<b>&"x"' in texts(draw(resolved))
    assert any("a<b" in text for text in texts(draw(resolved)))
    assert "#lt;b#gt;" in mermaid(resolved)


def test_it_suits_light_and_dark_pages():
    svg = draw(made("block"))
    assert "prefers-color-scheme:dark" in svg
    assert "<script" not in svg
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_an_edge_leaves_its_box_below_it() -> None:
    """The line from a box's floor ends further down, however tall the boxes beside it are."""
    resolved = made("graph")
    picture = draw(resolved, by_path(cost(resolved, 4)))
    down = [tuple(map(float, line)) for line in re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", picture)]
    assert len(down) > 6
    assert all(begin <= end for begin, end in down)


LAYER = {"transformer_encoder_layer": {"heads": 2}}
UNEVEN = [{"dense": {"dim": 8}}, "relu", {"dense": {"dim": 8}}, "relu", {"dense": {"dim": 8}}, "relu", "tanh"]


@pytest.mark.parametrize(
    ("data", "signal", "label", "blocks"),
    [
        ({"repeat": {"times": 12, "body": [LAYER]}}, "series:5x6", "0 … 11 × 12", 1),
        (["relu", {"repeat": {"times": 12, "body": [LAYER]}}], "series:5x6", "1.0 … 1.11 × 12", 2),
        (UNEVEN, "vector:7", "1 … 3 × 2", 5),  # the first layer reads 7 values
        ([{"residual": [{"dense": {"dim": 7}}, "relu"]}] * 3, "vector:7", "0 … 2 × 3", 2),
    ],
)
def test_what_repeats_is_drawn_once(data, signal, label, blocks):
    resolved = resolve(from_dict(data).parts["network"], {"x": parse(signal)})
    svg = draw(resolved)
    assert texts(svg).count(label) == 1
    assert len(_boxes(ElementTree.fromstring(svg), 0, 0)) == blocks
    assert not any("×" in text and "…" in text for text in texts(draw(resolved, fold=False)))


def test_what_differs_within_or_is_short_is_drawn_as_it_is():
    for data in (["relu", "relu", "relu"], [{"dense": {"dim": 7}}, "relu", {"dense": {"dim": 7}}, "tanh"]):
        resolved = resolve(from_dict(data).parts["network"], {"x": parse("vector:7")})
        assert draw(resolved) == draw(resolved, fold=False)
