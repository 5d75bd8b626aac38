"""A model of Keras gives the same numbers here: files, weights and answers by Keras (scripts/keras_fixture.py)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner

from weftnet.architecture.reading import load, read_dict, read_text
from weftnet.architecture.spec import to_yaml
from weftnet.cli import app
from weftnet.compose import build
from weftnet.compose.inputs import inputs_of
from weftnet.errors import ArchitectureError, SettingError

FOLDER = Path(__file__).parents[1] / "fixtures" / "keras"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def written(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return read


def fill(module: nn.Module, weights: Iterator[Tensor], before: tuple[int, ...]) -> None:
    """One layer's weights from Keras: its order of axes, gates and statistics.

    Args:
        module: of torch.
        weights: those of the layer, then of those behind it.
        before: channels, height and width of what was flattened in front of a dense layer.
    """
    if isinstance(module, nn.Linear):
        weight = next(weights)
        if before and len(weight) == np.prod(before):  # there rows of channels, here channels of rows
            weight = weight.reshape(*before[1:], before[0], -1).permute(2, 0, 1, 3).flatten(0, 2)
        module.weight.data = weight.T
        module.bias.data = next(weights)
    elif isinstance(module, nn.Conv2d | nn.Conv1d):
        weight = next(weights)
        axes = range(weight.ndim - 2)
        if module.groups > 1:
            module.weight.data = weight.permute(2, 3, *axes).flatten(0, 1).unsqueeze(1)
        else:
            module.weight.data = weight.permute(weight.ndim - 1, weight.ndim - 2, *axes)
        if module.bias is not None:
            module.bias.data = next(weights)
    elif isinstance(module, nn.ConvTranspose2d):
        module.weight.data, module.bias.data = next(weights).permute(3, 2, 0, 1), next(weights)
    elif isinstance(module, nn.Embedding):
        module.weight.data = next(weights)
    elif isinstance(module, nn.BatchNorm2d):
        module.weight.data, module.bias.data = next(weights), next(weights)
        module.running_mean, module.running_var = next(weights), next(weights)
    elif isinstance(module, nn.LayerNorm):
        module.weight.data, module.bias.data = next(weights), next(weights)
    elif isinstance(module, nn.LSTM | nn.GRU | nn.RNN):
        for names in module.all_weights:
            w, u, b, c = names
            kernel, recurrent, bias = next(weights), next(weights), next(weights)
            if isinstance(module, nn.GRU):  # z, r, h there
                kernel, recurrent, bias = (
                    torch.cat([(part := each.chunk(3, dim=-1))[1], part[0], part[2]], dim=-1)
                    for each in (kernel, recurrent, bias)
                )
            w.data, u.data = kernel.T, recurrent.T
            b.data, c.data = (bias[0], bias[1]) if bias.ndim == 2 else (bias, torch.zeros_like(bias))


@pytest.mark.parametrize("name", NAMES)
def test_the_same_numbers_as_keras(name: str) -> None:
    architecture = load(FOLDER / f"{name}.json")
    network = build(architecture, inputs_of(architecture))["network"].double().eval()
    with np.load(FOLDER / f"{name}.npz") as arrays:
        weights = iter([torch.tensor(arrays[key]).double() for key in sorted(set(arrays) - {"x", "y"})])
        x, y = torch.tensor(arrays["x"]), torch.tensor(arrays["y"]).double()
    flattened = (4, 3, 3) if name == "flat" else ()
    for module in network.modules():
        fill(module, weights, flattened)
    assert next(weights, None) is None, "as many weights as there"
    (signal,) = architecture.inputs.values()
    x = x.permute(0, 3, 1, 2) if signal.startswith("image") else x
    with torch.no_grad():
        got = network(x if "tokens" in signal else x.double())
    got = {"cnn": got.softmax(1), "flat": got.softmax(1), "text": got.sigmoid()}.get(name, got)
    torch.testing.assert_close(got, y, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_an_architecture_as_any(name: str) -> None:
    architecture = load(FOLDER / f"{name}.json")
    assert read_text(to_yaml(architecture)) == (architecture, [])


def layer(kind: str, **config: Any) -> dict[str, Any]:
    return {
        "class_name": kind,
        "config": {"name": kind.lower(), **config},
        "build_config": {"input_shape": [None, 7, 7, 2]},
    }


LACKING = [
    (layer("Lambda", function="x"), "this layer has no counterpart"),
    (layer("Dense", units=3, activation="exotic"), "the activation 'exotic' has no counterpart"),
    (layer("Conv2D", filters=2, kernel_size=[3, 3], data_format="channels_first"), "data_format='channels_first'"),
    (layer("Conv1D", filters=2, kernel_size=[3], strides=[2], padding="same"), "padding='same' with a stride"),
    (layer("LSTM", units=2, activation="relu"), "activation='relu' has no counterpart"),
    (layer("GRU", units=2, reset_after=False), "reset_after=False has no counterpart"),
    (layer("LSTM", units=2, recurrent_dropout=0.5), "recurrent_dropout=0.5"),
    (layer("Bidirectional", merge_mode="sum", layer={}), "merge_mode='sum'"),
    (layer("Bidirectional", layer=layer("LSTM", units=2)), "the two directions end at different steps"),
    (layer("MaxPooling2D", pool_size=[2, 2], padding="same"), "where windows don't fit"),
    (layer("Conv2DTranspose", filters=2, kernel_size=[3, 3], strides=[2, 2], padding="same"), "pads unevenly"),
    (layer("BatchNormalization", axis=1), "axis=1 has no counterpart"),
    (layer("Reshape", target_shape=[7, 2, 7]), "only a vector"),
    (layer("UpSampling2D", size=[2, 3]), "one factor for both sides"),
    (layer("Softmax", axis=1), "axis=1 has no counterpart"),
]  # fmt: skip


@pytest.mark.parametrize(("each", "what"), LACKING, ids=lambda value: value if isinstance(value, str) else "")
def test_what_has_no_counterpart_is_named(each: dict[str, Any], what: str) -> None:
    model = {"class_name": "Sequential", "config": {"layers": [each, layer("Dense", units=4)]}}
    architecture, faults = read_dict(model)
    assert architecture is not None
    (fault,) = faults
    assert what in str(fault)
    assert fault.path == ("network", each["config"]["name"])


def test_all_of_them_are_named_at_once(tmp_path: Path) -> None:
    model = {"class_name": "Sequential", "config": {"layers": [each for each, _ in LACKING]}}
    (tmp_path / "model.json").write_text(json.dumps(model))
    with pytest.raises(ArchitectureError) as raised:
        load(tmp_path / "model.json")
    assert all(what in str(raised.value) for _, what in LACKING)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("units", [1, 3])
def test_what_the_task_brings_is_left_out(activation: str, units: int) -> None:
    last = layer("Dense", units=units, activation=activation)
    model = {"class_name": "Sequential", "config": {"layers": [layer("Flatten"), last]}}
    architecture, faults = read_dict(model)
    assert not faults
    assert architecture is not None
    names = [node.name for node in architecture.parts["network"].nodes]
    assert names == (["flatten"] if (activation, units) == ("sigmoid", 1) else ["flatten", "dense"])


def test_a_layer_that_is_used_twice_is_named() -> None:
    model = written("series")
    for each in model["config"]["layers"]:
        if each["class_name"] == "GRU":
            each["inbound_nodes"] *= 2
    _, faults = read_dict(model)
    assert any("more than once" in fault.what and fault.path[-1] == "gru" for fault in faults)


def test_the_command_writes_it_as_yaml(tmp_path: Path) -> None:
    out = tmp_path / "net.yaml"
    done = CliRunner().invoke(app, ["import", str(FOLDER / "series.json"), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert load(out) == load(FOLDER / "series.json")
    assert "series=series:9x3" in done.output
    done = CliRunner().invoke(app, ["import", str(FOLDER / "series.json"), "--out", str(out)])
    assert done.exit_code == 1
    assert "is there already" in str(done.exception)
    done = CliRunner().invoke(app, ["import", str(FOLDER / "series.json"), "--out", str(tmp_path / "x"), "--as", "vgg"])
    assert "--as, --set and --labels are for weights" in str(done.exception)


@pytest.mark.parametrize(
    "model",
    [
        {"class_name": "Sequential"}, {"class_name": "Sequential", "config": {"layers": 3}},
        {"class_name": "Functional", "config": {"layers": [], "output_layers": []}},
        {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {}}]}},
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused(model: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match="is no model as Keras writes it"):
        read_dict(model)
