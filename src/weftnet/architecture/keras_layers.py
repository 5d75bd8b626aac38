"""Layers of Keras as nodes of an architecture: a list of them for each layer, in the form of a file.

    {"class_name": "Conv2D", "config": {"filters": 32, "kernel_size": [3, 3], "activation": "relu", …}}
    → [{"conv2d": {"channels": 32, "kernel": [3, 3], "padding": "valid"}}, "relu"]

A layer without a counterpart, or with a setting that has none, raises `Lacking` with the reason: nothing is left out
silently. Values are checked where the architecture is built, as those of any file.
Source: the configurations that `model.to_json()` of Keras 3 writes, https://keras.io/api/layers/.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Config: TypeAlias = Mapping[str, Any]
Nodes: TypeAlias = list[Any]
#: sizes of a layer's input without the batch, channels last; None where the file doesn't say
Shape: TypeAlias = tuple[int, ...] | None

ACTIVATIONS = {
    "linear": [], "relu": ["relu"], "sigmoid": ["sigmoid"], "tanh": ["tanh"], "silu": ["silu"], "swish": ["silu"],
    "gelu": ["gelu"], "elu": ["elu"], "selu": ["selu"], "relu6": ["relu6"], "softmax": ["softmax"], "mish": ["mish"],
    "leaky_relu": [{"leaky_relu": {"slope": 0.2}}], "hard_silu": ["hard_swish"], "hard_swish": ["hard_swish"],
}  # fmt: skip
#: layers that join several inputs
MERGES = {"Add": "add", "Concatenate": "concat", "Multiply": "multiply"}


class Lacking(Exception):
    """What has no counterpart, in a sentence."""


def translated(kind: str, config: Config, shape: Shape) -> Nodes:
    """The nodes of a layer.

    Args:
        kind: the layer's class.
        config: its settings.
        shape: of its input.

    Raises:
        Lacking: there is no counterpart.
    """
    if kind not in LAYERS:
        raise Lacking("this layer has no counterpart; a plugin may bring a block for it")
    return LAYERS[kind](config, shape)


def _activated(nodes: Nodes, config: Config) -> Nodes:
    name = config.get("activation") or "linear"
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise Lacking(f"the activation {name!r:.60} has no counterpart")
    return [*nodes, *ACTIVATIONS[name]]


def _refuse(config: Config, **allowed: tuple[Any, ...]) -> None:
    """Raise for a setting that is not one of the values that have a counterpart."""
    for name, values in allowed.items():
        if name in config and config[name] not in values:
            raise Lacking(f"{name}={config[name]!r:.60} has no counterpart")


def _one(value: Any) -> Any:
    """A size that Keras writes as a list of one."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _bias(config: Config) -> dict[str, bool]:
    return {} if config.get("use_bias", True) else {"bias": False}


def _more(config: Config, **names: str) -> dict[str, Any]:
    """Settings here → there, without those that are one."""
    found = {here: _one(config.get(there, 1)) for here, there in names.items()}
    return {here: value for here, value in found.items() if value not in (1, [1, 1])}


def _padding(config: Config, strided: str) -> dict[str, Any]:
    """Of a convolution: with a stride Keras pads as TensorFlow does."""
    padding = config.get("padding", "valid")
    if padding == "same" and _one(config.get("strides", 1)) not in (1, [1, 1]):
        if not strided:
            raise Lacking("padding='same' with a stride has no counterpart")
        padding = strided
    return {} if padding == "same" else {"padding": padding}


def _conv(block: str, width: str, strided: str) -> Callable[[Config, Shape], Nodes]:
    def made(config: Config, shape: Shape) -> Nodes:
        _refuse(config, data_format=("channels_last", None))
        settings = {width: config["filters"], "kernel": _one(config["kernel_size"]), **_padding(config, strided)}
        settings |= _more(config, stride="strides", dilation="dilation_rate", groups="groups") | _bias(config)
        return _activated([{block: settings}], config)

    return made


def _depthwise(config: Config, shape: Shape) -> Nodes:
    _refuse(config, data_format=("channels_last", None))
    if shape is None:
        raise Lacking("the file does not say how many channels it reads: build the model before writing it")
    settings = {"channels": shape[-1] * config.get("depth_multiplier", 1), "kernel": config["kernel_size"]}
    settings |= {"groups": shape[-1], **_padding(config, "tensorflow"), **_bias(config)}
    return _activated([{"conv2d": settings | _more(config, stride="strides", dilation="dilation_rate")}], config)


def _separable(config: Config, shape: Shape) -> Nodes:
    _refuse(config, data_format=("channels_last", None), depth_multiplier=(1,), dilation_rate=(1, [1, 1]))
    settings = {"channels": config["filters"], "kernel": config["kernel_size"], **_padding(config, "")}
    return _activated([{"separable_conv2d": settings | _more(config, stride="strides") | _bias(config)}], config)


def _transposed(config: Config, shape: Shape) -> Nodes:
    _refuse(config, data_format=("channels_last", None), output_padding=(None,), dilation_rate=(1, [1, 1]))
    kernel, stride = config["kernel_size"], config["strides"]
    over = [size - step for size, step in zip(kernel, stride, strict=True)]
    if min(over) < 0 or (config.get("padding") == "same" and (over[0] % 2 or over[0] != over[1])):
        raise Lacking(f"padding='same' with a kernel of {kernel} and strides of {stride} pads unevenly")
    settings = {"channels": config["filters"], "kernel": kernel, "stride": stride, **_bias(config)}
    settings |= {"padding": over[0] // 2} if config.get("padding") == "same" else {}
    return _activated([{"transposed_conv2d": settings}], config)


def _dense(config: Config, shape: Shape) -> Nodes:
    return _activated([{"dense": {"dim": config["units"], **_bias(config)}}], config)


def _recurrent(block: str, more: Mapping[str, tuple[Any, ...]]) -> Callable[[Config, Shape], Nodes]:
    def made(config: Config, shape: Shape) -> Nodes:
        _refuse(config, activation=("tanh",), go_backwards=(False,), return_state=(False,), stateful=(False,))
        _refuse(config, dropout=(0, 0.0), recurrent_dropout=(0, 0.0), use_bias=(True,), **more)
        return [{block: {"dim": config["units"]}}, *([] if config.get("return_sequences") else ["last_step"])]

    return made


def _bidirectional(config: Config, shape: Shape) -> Nodes:
    _refuse(config, merge_mode=("concat",))
    inner = config["layer"]
    (node, *rest) = translated(inner["class_name"], inner["config"], shape)
    if rest:
        raise Lacking("without return_sequences the two directions end at different steps: return them, and pool")
    ((block, settings),) = node.items()
    return [{block: {**settings, "bidirectional": True}}]


def _each_step(config: Config, shape: Shape) -> Nodes:
    inner = config["layer"]
    if inner["class_name"] not in ("Dense", "Dropout", "Activation"):
        raise Lacking(f"{inner['class_name']!s:.60} at each step has no counterpart")
    return translated(inner["class_name"], inner["config"], shape)


def _pool(block: str) -> Callable[[Config, Shape], Nodes]:
    def made(config: Config, shape: Shape) -> Nodes:
        _refuse(config, data_format=("channels_last", None))
        size = config["pool_size"]
        stride = config.get("strides") or size
        sides = shape[:-1] if shape else ()
        steps = stride if isinstance(stride, list) else [stride]
        whole = size == stride and sides and not any(n % s for n, s in zip(sides, steps, strict=True))
        if config.get("padding", "valid") != "valid" and not whole:
            raise Lacking("padding='same' has no counterpart where windows don't fit")
        settings = {"size": _one(size)} | ({"stride": _one(stride)} if stride != size else {})
        return [{block: settings}]

    return made


def _global(block: str) -> Callable[[Config, Shape], Nodes]:
    def made(config: Config, shape: Shape) -> Nodes:
        _refuse(config, data_format=("channels_last", None), keepdims=(False,))
        return [block]

    return made


def _batch_norm(config: Config, shape: Shape) -> Nodes:
    _refuse(config, center=(True,), scale=(True,))
    if shape is None:
        raise Lacking("the file does not say what it reads: build the model before writing it")
    if _one(config.get("axis", -1)) not in (-1, len(shape)):
        raise Lacking(f"axis={config['axis']!r:.60} has no counterpart")
    settings = {"eps": config.get("epsilon", 1e-3), "momentum": round(1 - config.get("momentum", 0.99), 9)}
    return [{"batch_norm2d" if len(shape) == 3 else "batch_norm": settings}]


def _layer_norm(config: Config, shape: Shape) -> Nodes:
    _refuse(config, center=(True,), scale=(True,))
    if shape is None or _one(config.get("axis", -1)) not in (-1, len(shape)):
        raise Lacking("normalises another axis than the last")
    return [{"layer_norm2d" if len(shape) == 3 else "layer_norm": {"eps": config.get("epsilon", 1e-3)}}]


def _reshape(config: Config, shape: Shape) -> Nodes:
    target = list(config["target_shape"])
    if len(target) == 3 and (shape is None or len(shape) > 1):
        raise Lacking("only a vector can be put into the shape of an image: channels come last there, first here")
    return [{"reshape": {"shape": [target[2], *target[:2]] if len(target) == 3 else target}}]


def _upsample(config: Config, shape: Shape) -> Nodes:
    _refuse(config, data_format=("channels_last", None), interpolation=("nearest", "bilinear"))
    size = config["size"]
    if isinstance(size, list) and size[0] != size[1]:
        raise Lacking(f"size={size} has no counterpart: one factor for both sides")
    settings: dict[str, Any] = {"factor": size[0] if isinstance(size, list) else size}
    return [{"upsample2d": settings | ({"mode": "bilinear"} if config.get("interpolation") == "bilinear" else {})}]


def _relu(config: Config, shape: Shape) -> Nodes:
    _refuse(config, max_value=(None, 6, 6.0), threshold=(0, 0.0, None))
    slope, top = config.get("negative_slope") or 0, config.get("max_value")
    if slope and top:
        raise Lacking("a slope and a ceiling together have no counterpart")
    return [{"leaky_relu": {"slope": slope}}] if slope else ["relu6" if top else "relu"]


def _softmax(config: Config, shape: Shape) -> Nodes:
    _refuse(config, axis=(-1, [-1]))
    return ["softmax"]


LAYERS: Mapping[str, Callable[[Config, Shape], Nodes]] = {
    "Dense": _dense,
    "Conv1D": _conv("conv1d", "dim", ""),
    "Conv2D": _conv("conv2d", "channels", "tensorflow"),
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "Conv2DTranspose": _transposed,
    "LSTM": _recurrent("lstm", {"recurrent_activation": ("sigmoid",)}),
    "GRU": _recurrent("gru", {"recurrent_activation": ("sigmoid",), "reset_after": (True,)}),
    "SimpleRNN": _recurrent("rnn", {}),
    "Bidirectional": _bidirectional,
    "TimeDistributed": _each_step,
    "Embedding": lambda config, shape: [{"embedding": {"dim": config["output_dim"]}}],
    "MaxPooling1D": _pool("max_pool1d"),
    "MaxPooling2D": _pool("max_pool2d"),
    "AveragePooling1D": _pool("average_pool1d"),
    "AveragePooling2D": _pool("average_pool2d"),
    "GlobalAveragePooling1D": _global("global_average_pool1d"),
    "GlobalAveragePooling2D": _global("global_average_pool2d"),
    "GlobalMaxPooling1D": _global("global_max_pool1d"),
    "GlobalMaxPooling2D": _global("global_max_pool2d"),
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "Dropout": lambda config, shape: [{"dropout": {"rate": config["rate"]}}],
    "Flatten": _global("flatten"),
    "Reshape": _reshape,
    "UpSampling2D": _upsample,
    "Activation": lambda config, shape: _activated([], config),
    "ReLU": _relu,
    "LeakyReLU": lambda config, shape: [{"leaky_relu": {"slope": config.get("negative_slope", 0.3)}}],
    "ELU": lambda config, shape: [{"elu": {"alpha": config.get("alpha", 1.0)}}],
    "Softmax": _softmax,
}
