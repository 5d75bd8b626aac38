"""A model of Keras as an architecture: the JSON that `model.to_json()` writes, or the config.json in a .keras file.

    Sequential     → a chain
    Functional     → a graph, whose nodes are called like the layers

Nothing of Keras is needed or executed: the file is data. Every layer that has no counterpart is a fault with its name.
A softmax at the end, or the sigmoid of several labels, is left out, as the loss includes it here; so is a last layer of
one unit with a sigmoid, whose two classes the task's own head tells apart. Weights are not read. Channels come first
here, so that a dense layer behind `flatten` has its columns in another order; a training does not mind.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from weftnet.architecture.faults import Fault
from weftnet.architecture.keras_layers import MERGES, Lacking, Shape, translated
from weftnet.base.foreign import reading
from weftnet.errors import SettingError

_PART = "network"
_ENDS = ("softmax", "sigmoid")


def is_keras(data: object) -> bool:
    """Whether plain data are a model of Keras."""
    return isinstance(data, Mapping) and data.get("class_name") in ("Sequential", "Functional", "Model")


def from_keras(data: Mapping[str, Any], where: str) -> tuple[dict[str, Any], list[Fault]]:
    """The architecture as plain data, and the layers that it lacks.

    Raises:
        SettingError: the file is not as Keras writes it.
    """
    with reading(where, "is no model as Keras writes it", error=SettingError, fix="write it by model.to_json()"):
        layers = data["config"]["layers"]
        faults: list[Fault] = []
        if data["class_name"] == "Sequential":
            nodes = _chain(layers, faults)
            return {"inputs": _inputs(layers), "chain": _without_end(nodes)}, faults
        return _graph(data["config"], faults), faults


def _shape(layer: Mapping[str, Any]) -> Shape:
    """What a layer reads, as the file says it; None where a size is not known."""
    shape = (layer.get("build_config") or {}).get("input_shape")
    if not isinstance(shape, list) or not all(isinstance(size, int) for size in shape[1:]):
        return None
    return tuple(shape[1:])


def _name(layer: Mapping[str, Any]) -> str:
    return re.sub(r"\W", "_", str(layer.get("name") or layer["config"].get("name") or layer["class_name"]))


def _nodes(layer: Mapping[str, Any], faults: list[Fault]) -> list[Any]:
    kind = str(layer["class_name"])
    if kind == "Sequential":
        return _chain(layer["config"]["layers"], faults)
    try:
        return translated(kind, layer["config"], _shape(layer))
    except Lacking as lacking:
        faults.append(Fault((_PART, _name(layer)), kind, str(lacking)))
        return []


def _chain(layers: Sequence[Mapping[str, Any]], faults: list[Fault]) -> list[Any]:
    return [node for layer in layers if layer["class_name"] != "InputLayer" for node in _nodes(layer, faults)]


def _without_end(nodes: list[Any]) -> list[Any]:
    """Without what the task's loss and head bring."""
    if nodes and nodes[-1] in _ENDS:
        alone = nodes[-1] == "sigmoid" and len(nodes) > 1 and nodes[-2] == {"dense": {"dim": 1}}
        return nodes[: -2 if alone else -1]
    return nodes


def _inputs(layers: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The input layers' signals by name; () where the file has none."""
    words = next((each["config"] for each in layers if each["class_name"] == "Embedding"), None)
    found = {}
    for layer in layers:
        if layer["class_name"] == "InputLayer" and (signal := _signal(layer["config"], words)):
            found[_name(layer)] = signal
    return found


def _signal(config: Mapping[str, Any], words: Mapping[str, Any] | None) -> str:
    """`image:1x28x28` of (None, 28, 28, 1); an input of one axis in front of an embedding is tokens."""
    sizes = (config.get("batch_shape") or config.get("batch_input_shape") or [None])[1:]
    if not all(isinstance(size, int) for size in sizes):
        return ""
    if len(sizes) == 1 and words is not None:
        return f"tokens:{sizes[0]},vocabulary={words['input_dim']}" + ",padded" * bool(words.get("mask_zero"))
    if len(sizes) == 3:
        return f"image:{sizes[2]}x{sizes[0]}x{sizes[1]}"
    kind = {1: "vector", 2: "series"}.get(len(sizes))
    return f"{kind}:{'x'.join(map(str, sizes))}" if kind else ""


def _graph(config: Mapping[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """Each layer a node; its sources are those whose tensors it is called with."""
    nodes: dict[str, Any] = {}
    inputs = [_name(layer) for layer in config["layers"] if layer["class_name"] == "InputLayer"]
    outputs = [re.sub(r"\W", "_", name) for name in _ends(config["output_layers"])]
    for layer in config["layers"]:
        name, kind = _name(layer), str(layer["class_name"])
        if kind == "InputLayer":
            continue
        calls = layer["inbound_nodes"]
        if len(calls) != 1:
            faults.append(Fault((_PART, name), kind, "a layer that is used more than once: write `shared` by hand"))
            continue
        sources = _sources(calls[0])
        if kind in MERGES:
            shape = layer.get("build_config", {}).get("input_shape") or []
            axis = layer["config"].get("axis", -1)
            if axis not in (-1, len(shape[0]) - 1 if shape and isinstance(shape[0], list) else -1):
                faults.append(Fault((_PART, name), kind, f"axis={axis!r:.60} has no counterpart"))
            nodes[name] = {"from": sources, "merge": MERGES[kind]}
            continue
        made = _nodes(layer, faults)
        made = _without_end(made) if name in outputs else made
        nodes[name] = {"from": sources[0], "chain": made} if made else {"from": sources[0]}
    return {
        "inputs": _inputs(config["layers"]),
        "graph": {"inputs": inputs, "nodes": nodes, "outputs": outputs},
    }


def _ends(listed: Sequence[Any]) -> list[str]:
    """Names of the layers that give the outputs: one, or a list of them."""
    return [str(listed[0])] if isinstance(listed[0], str) else [str(each[0]) for each in listed]


def _sources(call: Any) -> list[str]:
    """The layers whose tensors a call's arguments hold, in order: Keras 3 writes tensors, Keras 2 lists."""
    if isinstance(call, list):
        return [re.sub(r"\W", "_", str(each[0])) for each in call]
    return [re.sub(r"\W", "_", str(history)) for history in _histories(call["args"])]


def _histories(value: Any) -> list[str]:
    if isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__":
        return [value["config"]["keras_history"][0]]
    return [each for item in value for each in _histories(item)] if isinstance(value, list) else []
