"""Image: pixels as (channels, height, width), normalised.

    z = (x − shift) / scale
    standard: shift and scale are each channel's mean and standard deviation
    unit, signed: the training values' lowest … highest become 0 … 1 or −1 … 1 (for generative models)

Arrays are all of one size. Three axes (rows, height, width) are grey images. Of four axes the last holds the channels
if it has 1 to 4 entries, otherwise the second if it has; `channels="first"` or `"last"` decides explicitly.

Files, by `Path` or bytes (decoded as in `pictures.py`), are all resized to one size. `size` defaults to that of the
training images if they all have the same, of at most 512 × 512; otherwise to their median height and width, reduced so
that the longer is at most 64, and rounded to a multiple of eight. Grey if every training image is stored as grey.

A column fitted on arrays accepts files too: black … white become 0 … white of the arrays (see `white`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.base.figures import Picture
from weftnet.data.kinds._image_arrays import channels_first, layout_of
from weftnet.data.kinds._image_files import look_through, of_cells, resized_state, separate, statistics_of, unlike
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds._moments import moments, moments_of, numeric
from weftnet.data.kinds._moves import Moves, Moving
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._show import thumbnail
from weftnet.data.kinds._size import check_size
from weftnet.data.media import IMAGES
from weftnet.data.pictures import LEVELS, Interpolation, Resize, Resizing, outlines, pictures
from weftnet.data.wires import FileWire
from weftnet.errors import DataError

_FILE = "file"  # the layout of a column of files


@dataclass
class Image(Kind):
    """Images: an array of one size, of integers or floats, or files.

    Args:
        channels: "auto", "first" or "last": where arrays have them.
        range: "standard", "unit" or "signed".
        size: of files: the side, or height and width; 0 to choose from the training images.
        mode: of files: "auto", "grey" or "colour".
        resize: of files: "stretch" or "crop".
        interpolation: of resizing: "bilinear" or "bicubic".
        keep: of a crop, the share of the shorter side that is kept around the centre.
        levels: of files of 16 bits: what becomes black and white; [] for the lowest and highest of the training images.
    """

    earlier: ClassVar[Mapping[str, Any]] = {"deep": list(LEVELS)}

    words: ClassVar[bool] = False
    packages: ClassVar[tuple[str, ...]] = ("Pillow",)
    suffixes: ClassVar[tuple[str, ...]] = IMAGES
    strange: ClassVar[str] = "an image whose range of values is another than that of the training images"
    channels: str = "auto"
    range: str = "standard"
    size: int | list[int] = 0
    mode: str = "auto"
    resize: str = "stretch"
    interpolation: str = "bilinear"
    keep: float = 1.0
    levels: list[int] = field(default_factory=list)
    layout: str = field(default="", init=False)
    sizes: list[int] = field(default_factory=list, init=False)
    shift: list[float] = field(default_factory=list, init=False)
    scale: list[float] = field(default_factory=list, init=False)
    dtype: str = field(default="", init=False)
    bounds: list[float] = field(default_factory=list, init=False)
    deep: list[int] = field(default_factory=lambda: list(LEVELS), init=False)

    def __post_init__(self) -> None:
        for name, setting, known in (
            ("channels", self.channels, ("auto", "first", "last")),
            ("range", self.range, ("standard", "unit", "signed")),
            ("mode", self.mode, ("auto", "grey", "colour")),
            ("resize", self.resize, ("stretch", "crop")),
            ("interpolation", self.interpolation, ("bilinear", "bicubic")),
        ):
            if setting not in known:
                raise ValueError(f"image: {name}: expected one of {', '.join(known)}, got {setting!r}")
        check_size("image", self.size)
        if not 0 < self.keep <= 1 or (self.keep < 1 and self.resize != "crop"):
            raise ValueError(f"image: keep: expected a share up to 1, below 1 with resize crop, got {self.keep!r}")
        if self.levels and not (len(self.levels) == 2 and LEVELS[0] <= self.levels[0] < self.levels[1] <= LEVELS[1]):
            raise ValueError(f"image: levels: expected [low, high] within 0 to 65535, got {self.levels!r}")
        self.notices: list[Callable[[str], str]] = []

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """Four axes, or three of bytes, or of equal sides; or files and pictures one by one."""
        first = column.first
        if first.ndim == 1:
            return 0.0 if first.dtype.kind in "fiub" else of_cells(column.sample)
        if first.ndim == 4 or (first.ndim == 3 and first.dtype == np.uint8):
            return 0.9
        return 0.55 if first.ndim == 3 and not column.table and first.shape[1] == first.shape[2] else 0.0

    def findings(self, name: str, chunks: Iterable[NDArray[Any]], rows: int) -> list[str]:
        """What sizes and colours were made equal."""
        return [f"{name}: {notice(name)}" for notice in self.notices]

    def picture(self, value: Any) -> Picture:
        """A thumbnail."""
        return thumbnail(value)

    def summary(self, values: list[Any]) -> str:
        """How they are read."""
        return ", ".join(f"{name} {value}" for name, value in self.facts.items())

    def fit(self, values: Any) -> Self:
        """Layout, size, and the statistics of the range."""
        if _are_files(values):
            return self._fit_files(list(values))
        array = numeric(_stacked(values), (3, 4), "an image column")
        self.layout, self.dtype = layout_of(array.shape, self.channels), array.dtype.name
        array = channels_first(self.layout, array)
        self.sizes = list(array.shape[1:])
        self.bounds = [float(array.min()), float(array.max())]
        self._scale_by(*moments(array, axis=1))
        return self

    def fit_chunks(self, chunks: Any) -> Self:
        """As `fit`, of values that come in chunks; `chunks.cells` iterates over single values, repeatedly."""
        first = next(iter(chunks))
        if _are_files(first):
            return self._fit_files(chunks.cells)
        self.layout, self.dtype = layout_of(first.shape, self.channels), first.dtype.name
        self.sizes, self.bounds = (
            list(channels_first(self.layout, first).shape[1:]),
            [float(first.min()), float(first.max())],
        )
        self._scale_by(*moments_of(map(self._bounded, chunks), axis=1))
        return self

    def _bounded(self, values: Any) -> NDArray[Any]:
        """A chunk with its channels first; extends the bounds by it."""
        array = channels_first(self.layout, numeric(_stacked(values), (3, 4), "an image column"))
        self.bounds = [min(self.bounds[0], float(array.min())), max(self.bounds[1], float(array.max()))]
        return array

    @classmethod
    def adopted(cls, state: Mapping[str, Any], settings: Mapping[str, Any]) -> Self | None:
        """Of files, another size and another way to it are possible: the pixels are normalised as before."""
        changed = resized_state(cls.from_state(state), settings)
        return None if changed is None else cls.from_state(changed)

    def encode(self, values: Any) -> NDArray[np.float32]:
        """(rows, channels, height, width) float32."""
        if self.layout == _FILE or _are_files(values):
            images = self._decoded(separate(values)).astype(np.float32)
            if self.layout != _FILE:
                images *= np.float32(self.white / 255)
            return self._scaled(images)
        return self._scaled(self._checked(values).astype(np.float32, order="C"))  # this copy is the only one

    def packs(self, values: Any) -> bool:
        """Whether values are files, or arrays of bytes."""
        return self.layout == _FILE or getattr(values, "dtype", None) == np.uint8

    def pack(self, values: Any) -> NDArray[np.uint8]:
        """(rows, channels, height, width): the pixels."""
        pixels = self._decoded(separate(values)) if self.layout == _FILE else self._checked(values)
        return np.ascontiguousarray(pixels)

    def unpack(self, packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(rows, channels, height, width) float32."""
        return self._scaled(packed.astype(np.float32))

    def moved(self, values: Moving, mask: Moving | None, transform: Moves[Moving]) -> tuple[Moving, Moving | None]:
        """Interpolated."""
        return transform.images(values), mask

    def extents(self, values: Any) -> list[tuple[int, int]] | None:
        """Of files, upright; arrays are all of the fitted size."""
        if self.layout != _FILE and not _are_files(values):
            return None
        return [(each.height, each.width) for each in outlines(separate(values))]

    def unknown(self, values: Any) -> Counter[str]:
        """Files whose values are not those of the training images: of another depth, or of other levels."""
        return unlike(separate(values), self.deep) if self.layout == _FILE else Counter()

    def decode(self, values: NDArray[Any]) -> NDArray[Any]:
        """Images in their original layout and type; integers clipped to the range of the training values."""
        array: NDArray[Any] = values.astype(np.float32) * _by_channel(self.scale) + _by_channel(self.shift)
        if np.dtype(self.dtype).kind in "iub":
            array = array.clip(self.bounds[0], self.bounds[1]).round()
        if self.layout == "grey" or (self.layout == _FILE and self.sizes[0] == 1):
            array = array[:, 0]
        elif self.layout in ("last", _FILE):
            array = np.moveaxis(array, 1, -1)
        return array.astype(self.dtype)

    @property
    def facts(self) -> dict[str, Any]:
        """Channels, height and width."""
        return {"sizes": list(self.sizes), "mode": "grey" if self.sizes[:1] == [1] else "colour"}

    @property
    def wire(self) -> FileWire:
        """A file of an image."""
        grey = ", grayscale" if self.sizes[:1] == [1] else ""
        hint = f"resized to {self.sizes[2]}×{self.sizes[1]} pixels{grey}" if self.sizes else ""
        return FileWire("image", "image/*", "img", hint)

    @property
    def signal(self) -> Signal:
        """An image."""
        return Signal(("channels", "height", "width"), tuple(self.sizes))

    @property
    def white(self) -> float:
        """The training value that 255 in a file corresponds to: 255 for bytes beyond 127, 1 for floats up to 1, …

        That is the smallest of 1, 255 and 65535 not below the highest training value, if that is at least half of it;
        otherwise the highest value itself: 16 for images with 17 shades.
        """
        highest = self.bounds[1]
        full = next((top for top in (1.0, 255.0, 65535.0) if highest <= top), highest)
        return full if 2 * highest > full or highest <= 0 else highest

    def _fit_files(self, files: Any) -> Self:
        seen = look_through(files, self.mode, self.size, self.resize, self.levels)
        self.layout, self.dtype, self.notices = _FILE, "uint8", seen.notices
        self.deep = seen.deep or self.deep
        self.sizes = [1 if seen.grey else 3, *seen.size]
        self.bounds, *statistics = statistics_of(self._pictures(files), self.sizes[0])
        self._scale_by(*statistics)
        return self

    def _pictures(self, files: Any) -> Any:
        size = self.sizes[1], self.sizes[2]
        how = Resizing(cast(Resize, self.resize), cast(Interpolation, self.interpolation), self.keep)
        return pictures(files, size, grey=self.sizes[0] == 1, resize=how, levels=(self.deep[0], self.deep[1]))

    def _decoded(self, files: list[Any]) -> NDArray[np.uint8]:
        """(files, channels, height, width): their pixels, resized to one size."""
        if self.sizes[0] not in (1, 3):
            raise DataError("files have 1 or 3 channels", expected=f"arrays of {self.sizes[0]} channels")
        arrays = [row for row, each in enumerate(files) if isinstance(each, np.ndarray)]
        if self.layout != _FILE and arrays:  # whose value range is not that of files
            size = "×".join(map(str, self.sizes[1:]))
            raise BadValue(arrays[0], "an array among files, or of another size", expected=f"all files, or all {size}")
        images = np.empty((len(files), *self.sizes), np.uint8)
        for image, picture in zip(images, self._pictures(files), strict=True):
            pixels = np.asarray(picture)
            image[...] = pixels if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
        return images

    def _checked(self, values: Any) -> NDArray[Any]:
        """An array of images with its channels first, of the fitted size; a view."""
        array = channels_first(self.layout, numeric(_stacked(values), (3, 4), "an image column"))
        if list(array.shape[1:]) != self.sizes:
            raise DataError(
                "images of another size",
                expected="×".join(map(str, self.sizes)) + " (channels×height×width)",
                got="×".join(map(str, array.shape[1:])),
            )
        return array

    def _scale_by(self, mean: list[float], std: list[float]) -> None:
        """Set shift and scale according to the range."""
        if self.range == "standard":
            self.shift, self.scale = mean, std
            return
        low, width = self.bounds[0], (self.bounds[1] - self.bounds[0]) or 1.0
        shift, scale = (low, width) if self.range == "unit" else (low + width / 2, width / 2)
        self.shift, self.scale = [shift] * self.sizes[0], [scale] * self.sizes[0]

    def _scaled(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Normalised in place."""
        images -= _by_channel(self.shift)
        images /= _by_channel(self.scale)
        return images


def _by_channel(values: list[float]) -> NDArray[np.float32]:
    return np.asarray(values, np.float32).reshape(-1, 1, 1)


def _are_files(values: Any) -> bool:
    """Whether the values are files, or images of several sizes, rather than one array."""
    if isinstance(values, np.ndarray) and values.dtype.kind != "O":
        return False
    return any(not isinstance(value, np.ndarray | list) for value in values) or len(set(map(np.shape, values))) > 1


def _stacked(values: Any) -> Any:
    """Arrays of one size as one array."""
    return np.stack(list(values)) if isinstance(values, np.ndarray) and values.dtype.kind == "O" else values


def example() -> tuple[Image, Any]:
    """The kind, and five colour images of noise: for its contract."""
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 3), dtype=np.uint8)
    return Image(range="signed"), pixels
