"""Occlusion against a plain loop over windows."""

from pathlib import Path

import numpy as np
import pytest
import torch
from explain_nets import batch, doubled, loaded, score, texts

from weftnet.data import open_data
from weftnet.data.kinds._tokens import UNKNOWN
from weftnet.errors import SettingError
from weftnet.explain import attribute

IMAGE = [{"conv2d": {"channels": 4}}, "tanh", "global_average_pool2d", {"dense": {"dim": 3}}]


def test_patches_of_an_image(tmp_path: Path) -> None:
    net = loaded(tmp_path, IMAGE, {"image": "image:2x7x9"})
    x = torch.randn(3, 2, 7, 9, dtype=torch.float64)
    explanations = attribute(net, batch({"image": x}), "occlusion", target="label 2", window=3)
    whole = score(net, {"image": x}, {}, [2] * 3)
    falls, covers = torch.zeros(3, 7, 9, dtype=torch.float64), torch.zeros(7, 9)
    for top in range(7 - 3 + 1):  # a window of 3 moves by 1
        for left in range(9 - 3 + 1):
            covered = x.clone()
            covered[:, :, top : top + 3, left : left + 3] = 0
            fall = whole - score(net, {"image": covered}, {}, [2] * 3)
            falls[:, top : top + 3, left : left + 3] += fall[:, None, None]
            covers[top : top + 3, left : left + 3] += 1
    assert np.allclose(np.stack([each.inputs["image"] for each in explanations]), (falls / covers).detach(), atol=1e-12)


def test_segments_of_each_channel_of_a_series(tmp_path: Path) -> None:
    node = [{"lstm": {"dim": 4}}, "last_step", {"dense": {"dim": 3}}]
    net = loaded(tmp_path, node, {"x": "series:11x2"})
    x = torch.randn(2, 11, 2, dtype=torch.float64)
    explanations = attribute(net, batch({"x": x}), "occlusion", target="label 0", window=4)
    whole = score(net, {"x": x}, {}, [0, 0])
    falls, covers = torch.zeros(2, 11, 2, dtype=torch.float64), torch.zeros(11, 2)
    for start in range(0, 11 - 4 + 2, 2):  # half a segment apart; the last one ends at the edge
        for channel in range(2):
            covered = x.clone()
            covered[:, start : start + 4, channel] = 0
            fall = whole - score(net, {"x": covered}, {}, [0, 0])
            falls[:, start : start + 4, channel] += fall[:, None]
            covers[start : start + 4, channel] += 1
    assert np.allclose(np.stack([each.inputs["x"] for each in explanations]), (falls / covers).detach(), atol=1e-12)


def test_single_tokens(tmp_path: Path) -> None:
    node = [{"embedding": {"dim": 5}}, {"lstm": {"dim": 4, "bidirectional": True}}, "global_average_pool1d"]
    net = loaded(tmp_path, [*node, {"dense": {"dim": 3}}], {"tokens": "tokens:9,vocabulary=30,padded"})
    examples = texts()
    explanations = attribute(net, examples, "occlusion", target="label 1")
    tokens, masks = examples.inputs["tokens"], examples.masks
    whole = score(net, {"tokens": tokens}, masks, [1] * 4)
    for step in range(9):
        covered = tokens.clone()
        covered[:, step] = UNKNOWN
        fall = whole - score(net, {"tokens": covered}, masks, [1] * 4)
        assert np.allclose([each.inputs["tokens"][step] for each in explanations], fall.detach(), atol=1e-12)
    assert (np.stack([each.inputs["tokens"] for each in explanations])[~masks["tokens"].numpy()] == 0).all()


def test_a_category_is_covered_as_a_whole_and_other_inputs_stay(tmp_path: Path) -> None:
    columns = {
        "age": np.random.default_rng(0).normal(40, 9, 60).tolist(),
        "note": ["cold and wet weather", "warm and dry day here"] * 30,
        "city": ["Rome", "Oslo", "Bern"] * 20,
    }
    data = open_data({**columns, "y": ["no", "yes", "no"] * 20}, target="y", kinds={"note": "text"})
    node = {
        "graph": {
            "inputs": ["tokens", "table"],
            "nodes": {
                "words": {"from": "tokens", "chain": [{"embedding": {"dim": 4}}, "global_average_pool1d"]},
                "both": {"from": ["words", "table"], "merge": "concat"},
                "answer": {"from": "both", "chain": [{"dense": {"dim": 8}}, "tanh", {"dense": {"dim": 3}}]},
            },
            "outputs": ["answer"],
        }
    }
    net = loaded(tmp_path, node, {}, data=data)
    examples = doubled(net.encode({name: values[:5] for name, values in columns.items()}))
    explanations = attribute(net, examples, "occlusion", target="label 0")
    whole = score(net, examples.inputs, examples.masks, [0] * 5)
    for column, places in enumerate([slice(0, 1), slice(1, 5)]):
        table = examples.inputs["table"].clone()
        table[:, places] = 0
        fall = whole - score(net, {**examples.inputs, "table": table}, examples.masks, [0] * 5)
        assert np.allclose([each.inputs["table"][column] for each in explanations], fall.detach(), atol=1e-12)
    assert explanations[0].displayed["table"].names == ("age", "city")
    assert explanations[0].displayed["tokens"].values[:4] == ["cold", "and", "wet", "weather"]


def test_no_more_examples_at_once_than_the_budget(tmp_path: Path) -> None:
    net = loaded(tmp_path, IMAGE, {"image": "image:2x12x12"})
    largest = [0]
    net.model["network"].register_forward_hook(
        lambda _m, arguments, _o: largest.append(max(largest.pop(), len(arguments[0]["image"])))
    )
    attribute(net, batch({"image": torch.randn(7, 2, 12, 12, dtype=torch.float64)}), "occlusion", window=1, budget=10)
    assert largest == [7]  # two windows would be 14
    attribute(net, batch({"image": torch.randn(1, 2, 12, 12, dtype=torch.float64)}), "occlusion", budget=10)
    assert largest == [10]


def test_a_window_that_does_not_fit(tmp_path: Path) -> None:
    net = loaded(tmp_path, IMAGE, {"image": "image:2x7x9"})
    with pytest.raises(SettingError, match=r"image: the window doesn't fit\n  expected: 1 to 7\n  got: 8"):
        attribute(net, batch({"image": torch.zeros(1, 2, 7, 9, dtype=torch.float64)}), "occlusion", window=8)
