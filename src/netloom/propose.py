"""Which networks to try first on given data, and how to train each: `propose(signals, task) → [Candidate, …]`.

    image       mlp, cnn, vgg, resnet, vit, row_lstm, hybrid                 sized to the image
    tokens      text_bag, text_cnn, text_lstm, text_transformer
    vector      linear, mlp, tabular
    series      series_cnn, series_lstm, series_transformer                  long ones are shortened first
    wave        spectrogram_cnn, spectrogram_conv, spectrogram_lstm, series_cnn      frames of 25 ms at its own rate
    several     joined_light, joined: an encoder for each input, side by side, then a dense layer
    forecasting: linear, and series_cnn, series_lstm, series_transformer, mlp, each of which adds to the window
    language_model: char_transformer, char_lstm · variational_autoencoder: vae_… · gan: gan_…

The rules are few and plain. What they say is where to start; which one is best, only a competition tells.
Candidates give features: the task appends its head. None says how long to train.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from netloom.errors import SettingError, UnknownName
from netloom.signal import Signal
from netloom.spec import Architecture, Block, Chain, Graph, Node, Repeat, Residual, Wire
from netloom.zoo import ZOO

#: Steps that recurrence and attention are asked to read; longer series are shortened by strided convolutions.
STEPS = 256
#: A single value over so many steps is taken for a wave: 23 frames of sound or more; at this rate, if it is not known.
WAVE, RATE = 4000, 16_000


@dataclass(frozen=True)
class Candidate:
    """A network to try.

    Args:
        name: how to call it.
        architecture: without the task's head.
        recipe: fields of a `Recipe` that suit it.
        why: one sentence on why it is worth trying.
        settings: settings of the task that suit it, such as `label_smoothing`.
    """

    name: str
    architecture: Architecture
    recipe: Mapping[str, Any]
    why: str
    settings: Mapping[str, Any] = field(default_factory=dict)


def propose(signals: Mapping[str, Signal], task: str) -> list[Candidate]:
    """Networks that suit inputs of these kinds and this task.

    Args:
        signals: the data's inputs by name.
        task: a name of `TASKS`.

    Raises:
        UnknownName: there are no proposals for a task of that name.
        SettingError: there are none for inputs of these kinds.
    """
    if task not in _TASKS:
        raise UnknownName("task", task, _TASKS)
    candidates = _TASKS[task](signals)
    if not candidates:
        given = ", ".join(f"{name}: {signal}" for name, signal in signals.items()) or "no input"
        raise SettingError(
            f"nothing to propose for {task}", got=given, fix="name an architecture of your own with --arch"
        )
    if task == "classification":
        return candidates
    return [Candidate(each.name, each.architecture, each.recipe, each.why) for each in candidates]


def _discriminative(signals: Mapping[str, Signal]) -> list[Candidate]:
    if len(signals) > 1:
        return _several(signals)
    for signal in signals.values():
        if signal.kind in _KINDS:
            return _KINDS[signal.kind](signal)
    return []


def _image(signal: Signal) -> list[Candidate]:
    channels, height, width = signal.sizes
    size = min(height, width)
    crops = [{"crop": {"padding": max(1, size // 8)}}]
    seen = [*crops, *(["flip"] if channels == 3 else [])]  # letters and digits, which are grey, are not flipped
    wide = [512, 256] if signal.numel > 1024 else [256, 128]
    found = [_smooth("mlp", {"widths": wide}, _recipe(3e-3, seen), "the quickest, and it shows what order adds")]
    if size >= 4:
        halvings = int(math.log2(size / 4))  # that leave four pixels
        widths = [min(32 * 2**i, 256) for i in range(max(2, halvings + 1))]
        stages = [[width, width] for width in widths[:2]] + [[width] for width in widths[2:]]
        found += [
            _smooth("cnn", {"padding": "same"}, _recipe(3e-3, seen), "a few convolutions: accuracy for little time"),
            _smooth("vgg", {"stages": stages}, _recipe(5e-3, seen), "3×3 convolutions with normalisation learn fast"),
            _smooth(
                "resnet", {"blocks": 1 if size < 16 else 2}, _recipe(8e-3, seen),
                "residual connections let depth pay, given time", entry="resnet_small",
            ),
            _smooth(
                "hybrid", {"widths": widths[: max(2, halvings)]}, _recipe(5e-3, seen, clip=1.0),
                "convolution, recurrence and attention in a line: each sees what the others miss",
            ),
        ]  # fmt: skip
    if patch := _patch(height, width):
        sizes = {"patch": patch, "dim": 64, "depth": 2 if size < 16 else 4, "heads": 4}
        found.append(_smooth("vit", sizes, _recipe(3e-3, seen, clip=1.0), "attention between patches, for larger data"))
    recurrent = _recipe(6e-3, seen, clip=1.0)
    found.append(_smooth("row_lstm", {"hidden": 128}, recurrent, "reads rows from the top: images as sequences"))
    return found


def _patch(height: int, width: int) -> int | None:
    """The side of square patches: a quarter of the image, but 4 to 16 pixels, to hold a stroke and not a scene."""
    wanted = min(max(4, min(height, width) // 4), 16)
    sides = [side for side in range(2, math.gcd(height, width)) if height % side == width % side == 0]
    return min(sides, key=lambda side: abs(side - wanted), default=None)


def _tokens(signal: Signal) -> list[Candidate]:
    if "vocabulary" not in signal.known:
        return []
    return [
        _smooth("text_bag", {}, _recipe(1e-2), "the mean of word vectors: hard to beat when words tell all"),
        _smooth("text_cnn", {"dim": 128}, _recipe(2e-3), "convolutions find short telling phrases"),
        _smooth("text_lstm", {"dim": 64}, _recipe(4e-3, clip=1.0), "reads words in order and remembers"),
        _smooth("text_transformer", {}, _recipe(5e-3, clip=1.0), "every word looks at every other"),
    ]


def _vector(signal: Signal) -> list[Candidate]:
    return [
        _plain("linear", {}, _recipe(1e-2), "the baseline: what a network has to beat"),
        _plain("mlp", {"widths": [128, 64], "dropout": 0.1}, _recipe(3e-3), "dense layers, a sound start for tables"),
        _plain("tabular", {"dim": 96, "hidden": 192}, _recipe(2e-3), "residual dense layers, strong on larger tables"),
    ]


def _series(signal: Signal) -> list[Candidate]:
    if signal.size("dim") == 1 and signal.size("time") >= WAVE:
        return _wave(signal)
    return _steps(signal)


def _steps(signal: Signal) -> list[Candidate]:
    short = _shortened(signal.size("time"))
    lstm, attention = _recipe(4e-3, clip=1.0), _recipe(2e-3, clip=1.0)
    return [
        _plain("series_cnn", {"widths": [64, 128, 64]}, _recipe(4e-3), "convolutions along time, a strong baseline"),
        _after(short, _plain("series_lstm", {}, lstm, "reads steps in order and remembers")),
        _after(short, _plain("series_transformer", {}, attention, "every step looks at every other")),
    ]


def _wave(signal: Signal) -> list[Candidate]:
    rate, time = signal.known.get("rate", RATE), signal.size("time")
    window, hop = round(rate * 0.025), round(rate * 0.01)  # the usual 25 and 10 ms
    frames, bands = 1 + (time - window) // hop, _bands(rate, window)
    if frames < 4:
        return _steps(signal)
    sizes = {"window": window, "hop": hop, "bands": bands, "rate": rate}
    heard: list[Node] = [Block("spectrogram", sizes), Block("batch_norm")]
    halvings = int(math.log2(min(frames, bands)))
    stages = {"stages": [[16], [32], [64], [128]][: halvings + 1]}
    cnn = _smooth("spectrogram_cnn", stages, _recipe(4e-3), "sound as a picture of pitch over time", entry="vgg")
    along = _smooth("spectrogram_conv", {}, _recipe(4e-3), "convolutions along time: pitch on the move", "series_cnn")
    lstm = _plain("spectrogram_lstm", {}, _recipe(4e-3, clip=1.0), "pitch read frame by frame", entry="series_lstm")
    series = _plain("series_cnn", {"widths": [64, 128, 64]}, _recipe(4e-3), "convolutions on the wave as it is")
    return [
        _after([*heard, Block("sequence_to_channels")], cnn),
        _after(heard, along),
        _after([*heard, *_shortened(frames)], lstm),
        _after(_shortened(time), series),
    ]


def _bands(rate: int, window: int) -> int:
    """Bands of pitch: 64, or as many as leave the lowest, which is the narrowest, wider than a step of frequency."""
    lowest, top = (2595 * math.log10(1 + hertz / 700) for hertz in (rate / window, rate / 2))
    return max(1, min(64, int(2 * top / lowest) - 2))


def _shortened(time: int) -> list[Node]:
    """Strided convolutions until a series has at most STEPS steps."""
    nodes: list[Node] = []
    while time > STEPS:
        nodes += [Block("conv1d", {"dim": 64, "kernel": 9, "stride": 4}), Block("batch_norm"), Block("relu")]
        time = -(-time // 4)
    return nodes


def _several(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Each input through an encoder of its own, then all side by side."""
    found = []
    whys = {
        "joined_light": "the simplest encoder for each input, side by side",
        "joined": "convolution or recurrence for each input that has an order, side by side",
    }
    for name, why in whys.items():
        encoders = {each: _encoder(signal, light=name == "joined_light") for each, signal in signals.items()}
        if any(encoder is None for encoder in encoders.values()):
            return []
        label = {each: f"{each}_features" for each in signals}
        wires = {label[each]: Wire((each,), encoder) for each, encoder in encoders.items()}
        last = Chain((Block("dense", {"dim": 128}), Block("relu"), Block("dropout", {"rate": 0.2})))
        wires["joint"] = Wire(tuple(label.values()), last, "concat")
        graph = Graph(tuple(signals), wires, ("joint",))
        found.append(Candidate(name, Architecture.of(graph), _recipe(4e-3, clip=1.0), why))
    return found


def _encoder(signal: Signal, light: bool) -> Node | None:
    """From one input to a vector."""
    if signal.kind not in _KINDS:
        return None
    by_name = {candidate.name: candidate for candidate in _KINDS[signal.kind](signal)}
    for name in _LIGHT if light else _RICH:
        if name in by_name:
            return Chain((*_nodes(by_name[name]), Block("dense", {"dim": 64}), Block("relu")))
    return None


def _forecasts(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Each gives the window back with something added: with nothing added the task's head is the linear forecast."""
    if [signal.kind for signal in signals.values()] != ["series"]:
        return []
    ((time, dim),) = (signal.sizes for signal in signals.values())
    drop, shape = Block("dropout", {"rate": 0.2}), Block("reshape", {"shape": [time, dim]})
    image = Block("sequence_to_channels")  # in which a convolution one column wide treats every channel alike
    hidden = [Block("conv2d", {"channels": 128, "kernel": [time, 1], "padding": "valid"}), Block("relu"), drop]
    conv = [Block("conv2d", {"channels": 16, "kernel": [7, 1]}), Block("relu")]
    attend = [Block("dense", {"dim": 64}), Block("sinusoidal_positions")]
    layer = Block("transformer_encoder_layer", {"heads": 4, "dropout": 0.2})
    back = [drop, Block("dense", {"dim": dim})]
    found: dict[str, tuple[list[Node], float, str]] = {
        "mlp": (
            [image, *hidden, Block("conv2d", {"channels": time, "kernel": 1}), shape], 3e-3,
            "dense layers along time, each channel by itself",
        ),
        "series_cnn": (
            [image, *conv, *conv, drop, Block("conv2d", {"channels": 1, "kernel": [7, 1]}), shape], 3e-3,
            "convolutions see shapes in each channel",
        ),
        "series_lstm": (
            [Block("lstm", {"dim": 16}), Block("dropout", {"rate": 0.5}), Block("dense", {"dim": dim})], 5e-3,
            "reads all channels in order",
        ),
        "series_transformer": (
            [*attend, Repeat(2, layer), Block("layer_norm"), *back], 1e-3, "every step of the window looks at all",
        ),
    }  # fmt: skip
    why = "one linear map along time for all channels: hard to beat"
    same = Block("dropout", {"rate": 0.0})  # gives back what it reads: an architecture has a block at least
    linear = Candidate("linear", Architecture.of([same]), _recipe(1e-2), why)
    return [linear] + [
        Candidate(name, Architecture.of([Residual(Chain(tuple(nodes)))]), _recipe(lr, clip=1.0), why)
        for name, (nodes, lr, why) in found.items()
    ]


def _language_model(signals: Mapping[str, Signal]) -> list[Candidate]:
    if [signal.kind for signal in signals.values()] != ["tokens"]:
        return []
    attention = _recipe(2e-3, clip=1.0, optimiser_settings={"weight_decay": 0.1, "betas": [0.9, 0.99]})
    return [
        _plain("char_transformer", {}, attention, "attention to all that came before"),
        _plain("char_lstm", {}, _recipe(4e-3, clip=1.0), "a memory of all that came before, quick at each step"),
    ]


def _autoencoders(signals: Mapping[str, Signal]) -> list[Candidate]:
    return _generative(signals, "vae", {"widths": [400, 200]}, _recipe(2e-3))


def _adversarial(signals: Mapping[str, Signal]) -> list[Candidate]:
    return _generative(signals, "gan", {"widths": [256, 256]}, {"batch_size": 64, "ema": 0.999})


def _generative(
    signals: Mapping[str, Signal], prefix: str, dense: Mapping[str, Any], recipe: Mapping[str, Any]
) -> list[Candidate]:
    if [signal.dtype for signal in signals.values()] != ["float"]:
        return []
    (signal,) = signals.values()
    found = [_plain(f"{prefix}_dense", dense, recipe, "dense layers, for any shape of example")]
    if signal.kind == "image" and signal.size("height") % 4 == signal.size("width") % 4 == 0:
        shape = {"shape": list(signal.sizes)}
        found.append(_plain(f"{prefix}_conv", shape, recipe, "convolutions draw neighbouring pixels together"))
    return found


def _recipe(lr: float, augment: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    recipe = {"optimiser": "adamw", "lr": lr, "schedule": "one_cycle", "batch_size": 64, **more}
    # Changed images are hard to overfit and the rate ends at nothing, so that the last weights are good; the best by a
    # small validation split are often only lucky.
    return {**recipe, "augment": augment, "keep": "last"} if augment else recipe


def _plain(
    name: str, sizes: Mapping[str, Any], recipe: Mapping[str, Any], why: str, entry: str | None = None
) -> Candidate:
    return Candidate(name, ZOO.get(entry or name)(**sizes), recipe, why)


def _smooth(
    name: str, sizes: Mapping[str, Any], recipe: Mapping[str, Any], why: str, entry: str | None = None
) -> Candidate:
    """Candidates that soon fit their training data, so that a classifier gains from softer targets."""
    plain = _plain(name, sizes, recipe, why, entry)
    return Candidate(plain.name, plain.architecture, plain.recipe, plain.why, {"label_smoothing": 0.05})


def _after(nodes: list[Node], candidate: Candidate) -> Candidate:
    """The candidate, reading what the nodes give."""
    longer = Architecture.of([*nodes, *_nodes(candidate)])
    return Candidate(candidate.name, longer, candidate.recipe, candidate.why)


def _nodes(candidate: Candidate) -> tuple[Node, ...]:
    network = candidate.architecture.parts["network"]
    return network.nodes if isinstance(network, Chain) else (network,)


_KINDS: dict[str, Callable[[Signal], list[Candidate]]] = {
    "image": _image, "tokens": _tokens, "vector": _vector, "series": _series, "wave": _wave,
}  # fmt: skip
_LIGHT = ("mlp", "text_bag", "spectrogram_conv", "series_cnn")
_RICH = ("vgg", "text_lstm", "mlp", "spectrogram_lstm", "series_lstm")
_TASKS: dict[str, Callable[[Mapping[str, Signal]], list[Candidate]]] = {
    "classification": _discriminative,
    "regression": _discriminative,
    "multilabel": _discriminative,
    "forecasting": _forecasts,
    "language_model": _language_model,
    "variational_autoencoder": _autoencoders,
    "gan": _adversarial,
}
