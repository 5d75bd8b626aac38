"""For tasks that model the examples themselves: their only signal, and the way back to pixels.

    pixels = x · scale + mean      per channel

0 and 1 are the darkest and the brightest value of the training images.
"""

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from weftnet.architecture.signal import Signal, parse
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.errors import DataError, SettingError


def only_signal(signals: Mapping[str, Signal], where: str) -> tuple[str, Signal]:
    """Name and signal of the only input.

    Raises:
        DataError: there are several, or it is not made of floats of one length.
    """
    if len(signals) != 1:
        raise DataError(
            "there are several inputs",
            where=where,
            expected="one: the examples to learn",
            got=", ".join(signals),
            fix="leave the other columns out",
        )
    ((name, signal),) = signals.items()
    if signal.dtype != "float" or signal.padded:
        raise DataError(
            f"the input {name!r} can't be generated",
            where=where,
            expected="vectors, images or sequences of floats, all of one length",
            got=str(signal) + (", padded" if signal.padded else ""),
            fix="use the task language_model" if signal.kind == "tokens" else "",
        )
    return name, signal


def can_be_drawn(data: Data) -> bool:
    """Whether the data are examples of one input of floats, without a target and without padding."""
    signals = list(data.signals.values())
    return data.target is None and len(signals) == 1 and signals[0].dtype == "float" and not signals[0].padded


def settings_from(data: Data) -> dict[str, Any]:
    """The settings `signal`, `mean` and `scale` for these data; the last two for images only.

    The data give x = (raw − shift) / scale of raw values between `bounds`; pixels are (raw − low) / (high − low).
    """
    _, signal = only_signal(data.signals, data.name)
    return {"signal": signal.text(), **pixels_of(data, signal)}


def pixels_of(data: Data, signal: Signal) -> dict[str, list[float]]:
    """`mean` and `scale` of each channel in pixels, of data with this one input; {} if it is no image."""
    if signal.kind != "image":
        return {}
    (image,) = data.state()["preprocessing"]["columns"].values()
    low, high = image["bounds"]
    width = (high - low) or 1.0
    return {
        "mean": [(shift - low) / width for shift in image["shift"]],
        "scale": [scale / width for scale in image["scale"]],
    }


def example_signal(text: str, mean: list[float] | None, scale: list[float] | None, where: str) -> Signal:
    """The signal in the settings, checked."""
    signal = parse(text)
    if (mean is None) != (scale is None):
        raise SettingError("mean and scale go together", where=where)
    if mean is not None and scale is not None:
        channels = signal.size("channels") if signal.kind == "image" else 0
        if not len(mean) == len(scale) == channels or not all(value > 0 for value in scale):
            raise SettingError(
                "mean and scale don't fit",
                where=where,
                expected=f"a number for each of {channels} channels, scales positive" if channels else "none: no image",
                got=f"mean {mean}, scale {scale}",
            )
    return signal


def example(batch: Batch) -> Tensor:
    """The batch's only input."""
    (values,) = batch.inputs.values()
    return values


def reach(mean: list[float] | None, scale: list[float] | None) -> tuple[float, float]:
    """The least and the greatest value that a standardised example can have."""
    if mean is None or scale is None:
        return -math.inf, math.inf
    pairs = list(zip(mean, scale, strict=True))
    return min(-m / s for m, s in pairs), max((1 - m) / s for m, s in pairs)


def pixels(x: Tensor, mean: list[float], scale: list[float]) -> Tensor:
    """Standardised images (batch, channels, height, width) as pixels, nominally in [0, 1]."""
    return x * x.new_tensor(scale)[:, None, None] + x.new_tensor(mean)[:, None, None]


def as_bytes(x: Tensor) -> Tensor:
    """Pixels in [0, 1] as uint8; values outside are clipped, as on a screen."""
    return (x.detach().clamp(0, 1) * 255).round().byte().cpu()
