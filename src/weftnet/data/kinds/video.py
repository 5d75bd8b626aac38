"""Video: frames as (frames, channels, height, width), normalised.

    z = (x − shift) / scale,   each channel's mean and standard deviation over the frames read of the training clips

Clips are animations (GIF, APNG, WebP), folders of numbered frames, arrays of bytes or .npy files (`clips.py`). Of each,
`frames` are read, evenly spread; by default as many as half of the training clips have, at most 16. Of a clip with
fewer, `short` says what happens: "stretch" reads frames more than once, so that each is as long as the others; "pad"
reads each once, and what is left is padding, with a mask.

Frames are decoded and resized as images are (`pictures.py`), all to one size. `size` defaults to that of the training
clips if they all have the same, of at most 112 pixels; otherwise to their median height and width, reduced so that the
longer is at most 64, and rounded to a multiple of eight. Grey if every training clip is stored as grey.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.base.figures import Picture
from weftnet.data.clips import CLIPS, are_frames, clip, clips, evenly, frames, is_animated
from weftnet.data.kinds._image_files import statistics_of
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds._moves import Moves, Moving
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._show import strip
from weftnet.data.kinds._size import check_size, one_size
from weftnet.data.media import IMAGES, named
from weftnet.data.pictures import Interpolation, Resize, Resizing, pictures
from weftnet.data.ways import read_as
from weftnet.data.wires import FileWire

_USUAL, _LARGEST, _LOOKED = 16, 112, 10


@dataclass
class Video(Kind):
    """A column of videos.

    Args:
        frames: read of each; 0 to choose from the training clips.
        short: what happens to clips of fewer frames: "stretch" or "pad".
        size: the side, or height and width; 0 to choose from the training clips.
        mode: "auto", "grey" or "colour".
        resize: "stretch" or "crop".
        interpolation: of resizing: "bilinear" or "bicubic".
    """

    words: ClassVar[bool] = False
    packages: ClassVar[tuple[str, ...]] = ("Pillow",)
    suffixes: ClassVar[tuple[str, ...]] = CLIPS
    folders: ClassVar[bool] = True
    frames: int = 0
    short: str = "stretch"
    size: int | list[int] = 0
    mode: str = "auto"
    resize: str = "stretch"
    interpolation: str = "bilinear"
    time: int = field(default=1, init=False)
    padded: bool = field(default=False, init=False)
    sizes: list[int] = field(default_factory=list, init=False)
    shift: list[float] = field(default_factory=list, init=False)
    scale: list[float] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        for name, setting, known in (
            ("short", self.short, ("stretch", "pad")),
            ("mode", self.mode, ("auto", "grey", "colour")),
            ("resize", self.resize, ("stretch", "crop")),
            ("interpolation", self.interpolation, ("bilinear", "bicubic")),
        ):
            if setting not in known:
                raise ValueError(f"video: {name}: expected one of {', '.join(known)}, got {setting!r}")
        if type(self.frames) is not int or self.frames < 0:
            raise ValueError(f"video: frames: expected a number from 0 on, got {self.frames!r}")
        check_size("video", self.size)
        self.notices: list[Callable[[str], str]] = []

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """Five axes; or files of which most are animations, or folders of frames."""
        first = column.first
        if first.ndim == 5:
            return 0.9
        if first.ndim != 1 or first.dtype.kind in "fiub" or column.target:
            return 0.0
        cells = [cell for cell in column.sample[:_LOOKED] if isinstance(cell, Path | bytes)]
        found = sum(cell.is_dir() if isinstance(cell, Path) and cell.is_dir() else is_animated(cell) for cell in cells)
        return 0.97 if 2 * found > len(cells) else 0.0

    @classmethod
    def examples_in(cls, folder: Path, files: Sequence[Path]) -> list[Path]:
        """The clips of a folder: animations and arrays, and each folder whose pictures are the frames of one."""
        return found_in(files)

    def findings(self, name: str, chunks: Iterable[NDArray[Any]], rows: int) -> list[str]:
        """How many frames are read, and what sizes and colours were made equal."""
        return [f"{name}: {notice(name)}" for notice in self.notices]

    def picture(self, value: Any) -> Picture:
        """Some frames side by side."""
        known = clip(value, 0)
        return strip(frames(value, 0, evenly(known.length, min(known.length, 6))), named(value))

    def summary(self, values: list[Any]) -> str:
        """How they are read."""
        return ", ".join(f"{name} {value}" for name, value in self.facts.items())

    def fit(self, values: Any) -> Self:
        """Frames, size, and the statistics of each channel."""
        return self._fit(list(values))

    def fit_chunks(self, chunks: Any) -> Self:
        """As `fit`, of values that come in chunks; `chunks.cells` iterates over single values, repeatedly."""
        return self._fit(chunks.cells)

    def encode(self, values: Any) -> NDArray[np.float32]:
        """(rows, frames, channels, height, width) float32; padding is NaN where the signal is padded."""
        videos = np.full((len(values), self.time, *self.sizes), np.nan, np.float32)
        for row, pixels in enumerate(self._decoded(values)):
            videos[row, : len(pixels)] = pixels
        return self._scaled(videos)

    def packs(self, values: Any) -> bool:
        """Whether none is padded."""
        return not self.padded

    def pack(self, values: Any) -> NDArray[np.uint8]:
        """(rows, frames, channels, height, width): the pixels."""
        return np.stack(list(self._decoded(values)))

    def unpack(self, packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(rows, frames, channels, height, width) float32."""
        return self._scaled(packed.astype(np.float32))

    def moved(self, values: Moving, mask: Moving | None, transform: Moves[Moving]) -> tuple[Moving, Moving | None]:
        """Interpolated, all frames alike."""
        return transform.images(values), mask

    def decode(self, values: NDArray[Any]) -> list[NDArray[np.uint8]]:
        """(frames, height, width) or (frames, height, width, 3) bytes, without padding."""
        pixels = values.astype(np.float32) * _by_channel(self.scale) + _by_channel(self.shift)
        clips_ = [each[~np.isnan(each).any((1, 2, 3))].clip(0, 255).round().astype(np.uint8) for each in pixels]
        return [each[:, 0] if each.shape[1] == 1 else np.moveaxis(each, 1, -1) for each in clips_]

    @property
    def facts(self) -> dict[str, Any]:
        """Frames; channels, height and width."""
        return {"frames": self.time, "sizes": list(self.sizes), "mode": "grey" if self.sizes[:1] == [1] else "colour"}

    @property
    def wire(self) -> FileWire:
        """The file of an animation."""
        grey = ", grayscale" if self.sizes[:1] == [1] else ""
        hint = f"{self.time} frames, resized to {self.sizes[2]}×{self.sizes[1]} pixels{grey}" if self.sizes else ""
        return FileWire("video", "image/gif,image/png,image/apng,image/webp", "img", hint)

    @property
    def signal(self) -> Signal:
        """A video."""
        return Signal(("time", "channels", "height", "width"), (self.time, *self.sizes), "float", {}, self.padded)

    def _fit(self, cells: Iterable[Any]) -> Self:
        known = list(clips(cells))
        counts = Counter(each.length for each in known)
        median = sorted(each.length for each in known)[len(known) // 2]
        self.time = self.frames or min(median, _USUAL)
        shorter = sum(count for frames_, count in counts.items() if frames_ < self.time)
        self.padded = self.short == "pad" and shorter > 0
        grey = self.mode == "grey" or (self.mode == "auto" and all(each.grey for each in known))
        chosen, notice = self._one_size([(each.height, each.width) for each in known])
        self.sizes = [1 if grey else 3, *chosen]
        self.notices = [partial(_read, len(known), self.time, (min(counts), max(counts)), shorter, self.short)]
        self.notices += [partial(_resized, notice, chosen)] if notice else []
        shown = (picture for row, cell in enumerate(cells) for picture in self._pictures(cell, row))
        _, self.shift, self.scale = statistics_of(shown, self.sizes[0])
        return self

    def _one_size(self, sizes: list[tuple[int, int]]) -> tuple[tuple[int, int], str]:
        """Height and width, and what has to be said about it."""
        if self.size or max(map(max, sizes)) <= _LARGEST:
            return one_size(sizes, self.size)
        height, width = np.median(np.array(sizes), 0)
        share = 64 / max(height, width)
        chosen = [max(8, round(share * side / 8) * 8) for side in (height, width)]
        return one_size(sizes, chosen)[0], f"of {height:g}×{width:g} pixels, more or less"

    def _pictures(self, cell: Any, row: int) -> Any:
        """The frames that are read of a clip, decoded."""
        count = clip(cell, row).length
        wanted = min(count, self.time) if self.padded else self.time
        how = Resizing(cast(Resize, self.resize), cast(Interpolation, self.interpolation))
        places = evenly(count, wanted)
        try:
            yield from pictures(
                frames(cell, row, places), (self.sizes[1], self.sizes[2]), grey=self.sizes[0] == 1, resize=how
            )
        except BadValue as fault:
            raise fault.at(row, f"frame {places[fault.row]}: {fault.what}" if fault.row != row else "") from None

    def _decoded(self, values: Any) -> Iterable[NDArray[np.uint8]]:
        """(frames, channels, height, width) of each clip."""
        for row, cell in enumerate(values):
            shown = np.stack([np.asarray(picture) for picture in self._pictures(cell, row)])
            yield shown[:, None] if shown.ndim == 3 else np.moveaxis(shown, -1, 1)

    def _scaled(self, videos: NDArray[np.float32]) -> NDArray[np.float32]:
        """Normalised in place."""
        videos -= _by_channel(self.shift)
        videos /= _by_channel(self.scale)
        return videos


def found_in(files: Sequence[Path]) -> list[Path]:
    """What is a clip among the files of a folder: a file by itself, or the folder whose frames several are."""
    together: dict[Path, list[Path]] = {}
    for file in files:
        together.setdefault(file.parent, []).append(file)
    cells: list[Path] = []
    for folder, own in together.items():
        still = [file for file in own if file.suffix.lower() in IMAGES and not is_animated(file)]
        cells += [folder] if are_frames(still) else still
        cells += [file for file in own if file not in still]
    return sorted(cells)


def _read(rows: int, time: int, counts: tuple[int, int], shorter: int, short: str, name: str) -> str:
    """How many frames are read, and how others would be."""
    spans = f"{counts[0]} to {counts[1]}" if counts[0] < counts[1] else str(counts[0])
    less = {"stretch": "read more than once", "pad": "padded"}[short]
    fewer = f"; those of {shorter} of {rows} clips, which have fewer, are {less}" if shorter else ""
    more = read_as(name, {"video": {"frames": 2 * time}})
    return f"{time} of {spans} frames are read, evenly spread{fewer}; otherwise: {more}"


def _resized(notice: str, size: tuple[int, int], name: str) -> str:
    spec = {"video": {"size": [2 * size[0], 2 * size[1]]}}
    return f"frames are {notice}; all are resized to {size[0]}×{size[1]}; for another size: {read_as(name, spec)}"


def _by_channel(values: list[float]) -> NDArray[np.float32]:
    return np.asarray(values, np.float32).reshape(-1, 1, 1)


def example() -> tuple[Video, Any]:
    """The kind, and five clips of noise: for its contract."""
    clips_ = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 8, 3), dtype=np.uint8)
    return Video(frames=3), list(islice(clips_, 5))
