"""Grad-CAM against its formula written out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from explain_nets import batch, loaded, score, texts
from torch import Tensor

from weftnet.errors import SettingError
from weftnet.explain import attribute
from weftnet.explain.last_convolutions import last_convolutions

IMAGE = {"image": "image:2x8x12"}


def cam(net: Any, layer: Any, inputs: dict[str, Tensor], masks: dict[str, Tensor], index: list[int]) -> Tensor:
    """(batch, …places) Σₖ α[k] · A[k]."""
    seen: list[Tensor] = []
    with layer.register_forward_hook(lambda _m, _i, output: seen.append(output)):
        total = score(net, inputs, masks, index).sum()
    (gradient,) = torch.autograd.grad(total, seen[0])
    places = tuple(range(2, gradient.ndim))
    weights = gradient.mean(places, keepdim=True)
    return (weights * seen[0]).sum(1).detach()


@pytest.mark.parametrize("last", ["conv2d", "separable_conv2d"])
def test_over_an_image(last: str, tmp_path: Path) -> None:
    first = [{"conv2d": {"channels": 4}}, "tanh", {"max_pool2d": {"size": 2}}]
    net = loaded(tmp_path, [*first, {last: {"channels": 5}}, "relu", "flatten", {"dense": {"dim": 3}}], IMAGE)
    x = torch.randn(3, 2, 8, 12, dtype=torch.float64)
    (layer,) = last_convolutions(net.model["network"])
    largest = 0.0
    for label in range(3):
        explanations = attribute(net, batch({"image": x}), "grad_cam", target=f"label {label}")
        map_ = cam(net, layer, {"image": x}, {}, [label] * 3).relu()
        assert map_.shape == (3, 4, 6)
        wanted = F.interpolate(map_[:, None], (8, 12), mode="bilinear", align_corners=False)[:, 0]
        assert np.allclose(np.stack([each.inputs["image"] for each in explanations]), wanted, atol=1e-12)
        largest = max(largest, float(wanted.max()))
    assert largest > 0


def test_branches_over_a_text(tmp_path: Path) -> None:
    branches = [[{"conv1d": {"dim": 4, "kernel": k}}, "tanh", "global_max_pool1d"] for k in (1, 3, 5)]
    node = [{"embedding": {"dim": 5}}, {"parallel": {"branches": branches, "merge": "concat"}}, {"dense": {"dim": 3}}]
    net = loaded(tmp_path, node, {"tokens": "tokens:9,vocabulary=30,padded"})
    examples = texts()
    explanations = attribute(net, examples, "grad_cam", target="label 2")
    layers = last_convolutions(net.model["network"])
    assert len(layers) == 3
    maps = [cam(net, layer, examples.inputs, examples.masks, [2] * 4) for layer in layers]
    wanted = torch.stack(maps).sum(0).relu() * examples.masks["tokens"]
    assert np.allclose(np.stack([each.inputs["tokens"] for each in explanations]), wanted, atol=1e-12)


def test_over_a_wave_whose_spectrogram_is_seen(tmp_path: Path) -> None:
    node = [
        {"spectrogram": {"window": 16, "hop": 8, "bands": 6, "rate": 200}}, "sequence_to_channels",
        {"conv2d": {"channels": 3}}, "relu", "global_average_pool2d", {"dense": {"dim": 3}},
    ]  # fmt: skip
    net = loaded(tmp_path, node, {"wave": "wave:64"})
    x = torch.randn(2, 64, 1, dtype=torch.float64)
    explanations = attribute(net, batch({"wave": x}), "grad_cam", target="label 0")
    (layer,) = last_convolutions(net.model["network"])
    map_ = cam(net, layer, {"wave": x}, {}, [0, 0]).relu().mean(2)  # (batch, frames)
    wanted = F.interpolate(map_[:, None], (64,), mode="linear", align_corners=False)[:, 0]
    assert np.allclose(np.stack([each.inputs["wave"][:, 0] for each in explanations]), wanted, atol=1e-12)


def paths(net: Any) -> list[str]:
    names = {module: name for name, module in net.model["network"].named_modules()}
    return [names[layer] for layer in last_convolutions(net.model["network"])]


def test_which_convolutions_are_the_last(tmp_path: Path) -> None:
    conv = {"conv2d": {"channels": 2}}
    tail = ["global_average_pool2d", {"dense": {"dim": 3}}]
    residual = {"residual": [conv, "relu", conv]}
    assert paths(loaded(tmp_path / "a", [conv, residual, "relu", *tail], {"x": "image:2x5x5"})) == ["1.body.2.conv"]
    strided = [conv, {"conv2d": {"channels": 2, "kernel": 5, "padding": "valid"}}]
    net = loaded(tmp_path / "b", [*strided, *tail], {"x": "image:2x5x5"})  # the last one has a single place left
    assert paths(net) == ["0.conv"]
    graph = {
        "inputs": ["x", "z"],
        "nodes": {
            "left": {"from": "x", "chain": [conv, "global_average_pool2d"]},
            "right": {"from": "z", "chain": [{"conv1d": {"dim": 3}}, "global_average_pool1d"]},
            "both": {"from": ["left", "right"], "merge": "concat"},
            "answer": {"from": "both", "chain": [{"dense": {"dim": 3}}]},
        },
        "outputs": ["answer"],
    }
    net = loaded(tmp_path / "c", {"graph": graph}, {"x": "image:2x5x5", "z": "series:6x2"})
    assert paths(net) == ["left.0.conv", "right.0.conv"]
    inputs = {"x": torch.randn(2, 2, 5, 5, dtype=torch.float64), "z": torch.randn(2, 6, 2, dtype=torch.float64)}
    explanations = attribute(net, batch(inputs), "grad_cam", target="label 0")
    for name, layer in zip(inputs, last_convolutions(net.model["network"]), strict=True):
        map_ = cam(net, layer, inputs, {}, [0, 0]).relu()
        got = np.stack([each.inputs[name] for each in explanations])
        assert np.allclose(got, map_ if name == "x" else map_[..., None].expand(2, 6, 2), atol=1e-12)


def test_a_network_without_convolutions_says_what_suits_it(tmp_path: Path) -> None:
    net = loaded(tmp_path, [{"dense": {"dim": 3}}], {"x": "vector:5"})
    with pytest.raises(SettingError, match="needs a convolution") as caught:
        attribute(net, batch({"x": torch.zeros(1, 5, dtype=torch.float64)}), "grad_cam")
    assert caught.value.fix == "use integrated_gradients or occlusion"


def test_places_that_are_not_the_input_s(tmp_path: Path) -> None:
    node = ["image_rows", {"conv1d": {"dim": 3}}, "global_average_pool1d", {"dense": {"dim": 3}}]
    net = loaded(tmp_path, node, {"x": "image:1x5x4"})
    with pytest.raises(SettingError, match="positions of the last convolution are not those of an input"):
        attribute(net, batch({"x": torch.zeros(1, 1, 5, 4, dtype=torch.float64)}), "grad_cam")
