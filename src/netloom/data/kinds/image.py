"""Image: pixels as (channels, height, width), normalised.

    z = (x − shift) / scale
    standard: shift and scale are each channel's mean and standard deviation
    unit, signed: the training values' lowest … highest become 0 … 1 or −1 … 1 (for generative models)

Which axis holds the channels: (rows, height, width) is grey. Of four axes the last is the channels if it has 1 to 4
entries, otherwise the second if it has; `channels="first"` or `"last"` settles it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from netloom.data.kinds._kind import from_state, state_of
from netloom.data.kinds._moments import moments, numeric
from netloom.errors import DataError
from netloom.signal import Signal

_MOST = 4  # channels of an image that was not told where they are


@dataclass
class Image:
    """An array of images of one size, of integers or floats.

    Args:
        channels: "auto", "first" or "last".
        range: "standard", "unit" or "signed".
    """

    wire: ClassVar[str] = "media"
    channels: str = "auto"
    range: str = "standard"
    layout: str = field(default="", init=False)
    sizes: list[int] = field(default_factory=list, init=False)
    shift: list[float] = field(default_factory=list, init=False)
    scale: list[float] = field(default_factory=list, init=False)
    dtype: str = field(default="", init=False)
    bounds: list[float] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        for name, given, known in (
            ("channels", self.channels, ("auto", "first", "last")),
            ("range", self.range, ("standard", "unit", "signed")),
        ):
            if given not in known:
                raise ValueError(f"image: {name}: expected one of {', '.join(known)}, got {given!r}")

    def fit(self, values: Any) -> Self:
        """Layout, size, and the statistics of the range."""
        array = numeric(values, (3, 4), "an image column")
        self.layout, self.dtype = self._layout(array.shape), array.dtype.name
        array = self._first(array)
        self.sizes = list(array.shape[1:])
        self.bounds = [float(array.min()), float(array.max())]
        if self.range == "standard":
            self.shift, self.scale = moments(array, axis=1)
        else:
            low, width = self.bounds[0], (self.bounds[1] - self.bounds[0]) or 1.0
            shift, scale = (low, width) if self.range == "unit" else (low + width / 2, width / 2)
            self.shift, self.scale = [shift] * len(array[0]), [scale] * len(array[0])
        return self

    def encode(self, values: Any) -> NDArray[np.float32]:
        """(rows, channels, height, width) float32."""
        array = self._first(numeric(values, (3, 4), "an image column"))
        if list(array.shape[1:]) != self.sizes:
            raise DataError(
                "images of another size",
                expected="×".join(map(str, self.sizes)) + " (channels×height×width)",
                got="×".join(map(str, array.shape[1:])),
            )
        images: NDArray[np.float32] = array.astype(np.float32, order="C")  # this copy is the only one
        images -= _by_channel(self.shift)
        images /= _by_channel(self.scale)
        return images

    def decode(self, values: NDArray[Any]) -> NDArray[Any]:
        """Images in the layout and type they came in, cut to the values that type had in training."""
        array: NDArray[Any] = values.astype(np.float32) * _by_channel(self.scale) + _by_channel(self.shift)
        if np.dtype(self.dtype).kind in "iub":
            array = array.clip(self.bounds[0], self.bounds[1]).round()
        array = array[:, 0] if self.layout == "grey" else np.moveaxis(array, 1, -1) if self.layout == "last" else array
        return array.astype(self.dtype)

    def state(self) -> dict[str, Any]:
        """Settings and statistics, JSON."""
        return state_of(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The kind that has this state."""
        return from_state(cls, state)

    @property
    def facts(self) -> dict[str, Any]:
        """Channels, height and width."""
        return {"sizes": list(self.sizes)}

    @property
    def signal(self) -> Signal:
        """An image."""
        return Signal(("channels", "height", "width"), tuple(self.sizes))

    def _layout(self, shape: tuple[int, ...]) -> str:
        if len(shape) == 3:
            return "grey"
        if self.channels != "auto":
            return self.channels
        if shape[3] <= _MOST:
            return "last"
        if shape[1] <= _MOST:
            return "first"
        raise DataError(
            "neither the second nor the last axis looks like channels",
            expected=f"at most {_MOST} channels",
            got=f"shape {shape}",
            fix="say which: kinds={'x': {'image': {'channels': 'first'}}}",
        )

    def _first(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array with its channels first; a view."""
        if (array.ndim == 3) != (self.layout == "grey"):
            raise DataError("images of another layout", expected=f"{self.layout or 'fitted'}", got=f"{array.ndim} axes")
        if self.layout == "grey":
            return array[:, None]
        return np.moveaxis(array, -1, 1) if self.layout == "last" else array


def _by_channel(values: list[float]) -> NDArray[np.float32]:
    return np.asarray(values, np.float32).reshape(-1, 1, 1)
