"""Mask: the class of every pixel, from pictures whose pixels are class numbers.

Grey pictures hold the numbers themselves, pictures with a palette the places in it, black-and-white ones 0 and 1;
arrays of integers (rows, height, width) hold the numbers too. Colours are no numbers, and a photo format changes them:
pictures in colour and JPEG files are refused.

    encoded    the place of the pixel's class among the classes, or VOID where it doesn't count

The classes are those of `classes`, by number, or the numbers that occur in the training masks. Names may stand in a
file, a line each. What doesn't count: the numbers in `void`; without that setting 255, as in Pascal VOC, and classes
whose name says so (void, unlabelled, ignore).

All masks are resized to one size by the nearest pixel; the size is chosen as that of images is (`image.py`), so that a
pixel of the mask is one of the image.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.base.figures import Picture
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds._moves import Moves, Moving
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._size import check_size, one_size
from weftnet.data.media import named
from weftnet.data.pictures import QUIET, opened
from weftnet.data.wires import FileWire
from weftnet.errors import DataError

#: stands for a pixel that doesn't count
VOID = 255
#: names of classes that don't count, and the number that doesn't by convention
_VOID_NAMES, _CONVENTION = ("void", "unlabelled", "unlabeled", "ignore"), 255
#: values that are looked at to recognise masks, and the most different numbers in them
_LOOK, _MOST = 8, 64
#: shows what doesn't count
_RED = (190, 60, 60)
_MODES = ("1", "L", "P", "I", "I;16", "I;16B", "I;16L")


@dataclass
class Mask(Kind):
    """A class for every pixel.

    Args:
        classes: names of the classes 0, 1, …, or a file of them, a line each; [] for those that occur.
        void: numbers of what doesn't count; None for those that by convention don't.
        size: the side, or height and width; 0 to choose from the training masks.
    """

    packages: ClassVar[tuple[str, ...]] = ("Pillow",)
    words: ClassVar[bool] = False
    suffixes: ClassVar[tuple[str, ...]] = (".png", ".bmp", ".gif", ".tif", ".tiff")
    classes: list[str] | str = field(default_factory=list)
    void: list[int] | None = None
    size: int | list[int] = 0
    numbers: list[int] = field(default_factory=list, init=False)
    labels: list[str] = field(default_factory=list, init=False)
    sizes: list[int] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        check_size("mask", self.size)
        self.notices: list[str] = []

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """A target of arrays of integers, or of pictures without colours that hold few different numbers."""
        first = column.first
        if not column.target:
            return 0.0
        if first.ndim == 3 and first.dtype.kind in "iub":
            return 0.95
        return 0.97 if first.ndim == 1 and first.dtype.kind == "O" and _are_masks(column.sample[:_LOOK]) else 0.0

    def fit(self, values: Any) -> Self:
        """Classes and size."""
        return self._fit([values])

    def fit_chunks(self, chunks: Any) -> Self:
        """As `fit`, of values that come in chunks."""
        return self._fit(chunks)

    def encode(self, values: Any) -> NDArray[np.uint8]:
        """(rows, height, width): places of the classes; VOID for what doesn't count, and for an unknown number."""
        masks = np.full((len(values), *self.sizes), VOID, np.uint8)
        for mask, raw in zip(masks, self._resized(values), strict=True):
            for place, number in enumerate(self.numbers):
                mask[raw == number] = place
        return masks

    def encode_target(self, values: Any) -> NDArray[np.uint8]:
        """As `encode`.

        Raises:
            BadValue: a number is no class that the training masks have.
        """
        known = np.array([*self.numbers, *self._voids], np.int64)
        for row, raw in enumerate(self._resized(values)):
            if not np.isin(raw, known).all():
                number = int(raw[~np.isin(raw, known)][0])
                expected = ", ".join(map(str, self.numbers)) + "; void: " + (", ".join(map(str, self._voids)) or "none")
                fix = f"name every class in `classes`, or count it out: {{'mask': {{'void': [{number}]}}}}"
                raise BadValue(row, f"{number} is no class of the training masks", expected=expected, fix=fix)
        return self.encode(values)

    def decode(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """(rows, height, width): the numbers in the masks; the first void one, or −1, where a pixel doesn't count."""
        numbers = np.full(256, self._voids[0] if self._voids else -1, np.int64)
        numbers[: len(self.numbers)] = self.numbers
        return cast("NDArray[np.int64]", numbers[values])

    def mask(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """(rows, height, width): where a pixel counts."""
        counts: NDArray[np.bool_] = values != VOID
        return counts

    def picture(self, value: Any) -> Picture:
        """A shade for each class, red for what doesn't count."""
        numbers = next(self._resized([value]))
        pixels = np.full((*numbers.shape, 3), _RED, np.uint8)
        for place, number in enumerate(self.numbers):
            pixels[numbers == number] = 255 * place // max(len(self.numbers) - 1, 1)
        return Picture(pixels)

    def moved(self, values: Moving, mask: Moving | None, transform: Moves[Moving]) -> tuple[Moving, Moving | None]:
        """To the nearest pixel; what comes from beyond the border doesn't count."""
        there = transform.nearest(values, VOID)
        return there, None if mask is None else transform.nearest(mask, 0)

    def packs(self, values: Any) -> bool:
        """Always: encoded masks are bytes."""
        return True

    def pack(self, values: Any) -> NDArray[np.uint8]:
        """As `encode_target`."""
        return self.encode_target(values)

    def unpack(self, packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The same."""
        return packed

    def compared(self, values: NDArray[Any]) -> NDArray[Any]:
        """A file by its name, an array by its bytes."""
        cells = np.empty(len(values), object)
        cells[:] = [each if each is None or isinstance(each, str) else _key(each) for each in values]
        return cells

    def target_findings(self, name: str, values: NDArray[Any]) -> list[str]:
        """Classes, what doesn't count, where names come from, and that sizes were made equal."""
        void = f"; not counted: {', '.join(map(str, self._voids))}" if self._voids else ""
        return [f"{len(self.labels)} classes{void}", *self.notices]

    @property
    def facts(self) -> dict[str, Any]:
        """Classes, height and width."""
        return {"labels": list(self.labels), "sizes": list(self.sizes)}

    @property
    def wire(self) -> FileWire:
        """A file of a picture."""
        return FileWire("mask", "image/png", "img")

    @property
    def signal(self) -> Signal:
        """Class numbers in rows and columns."""
        return Signal(("height", "width"), tuple(self.sizes), "int")

    @property
    def _voids(self) -> list[int]:
        if self.void is not None:
            return self.void
        named = [number for number, name in enumerate(self._given) if name.lower() in _VOID_NAMES]
        return [*named, *([_CONVENTION] if _CONVENTION not in self.numbers else [])]

    @property
    def _given(self) -> list[str]:
        """The names that a person gave, by number."""
        return self.classes if isinstance(self.classes, list) else []

    def _fit(self, chunks: Iterable[Any]) -> Self:
        present: set[int] = set()
        shapes: list[tuple[int, int]] = []
        for values in chunks:
            for raw in _read(values):
                shapes.append((raw.shape[0], raw.shape[1]))
                present.update(np.unique(raw).tolist())
        size, notice = one_size(shapes, self.size)
        self.sizes, self.notices = list(size), [f"masks are {notice}"] * bool(notice)
        self.classes = self._read_names()
        self.numbers = []  # on which depends what is void
        every = list(range(len(self._given))) if self._given else sorted(present)
        self.numbers = [number for number in every if number not in self._voids]
        if self.void is None and every == [0, _CONVENTION]:
            self.numbers = every
            self.notices.append(f"0 and {_CONVENTION} are read as two classes")
        self.labels = [self._given[n] if self._given else str(n) for n in self.numbers]
        if unnamed := sorted(present - {*self.numbers, *self._voids}):
            raise DataError(
                "the masks hold numbers without a name", expected=f"0 to {len(self._given) - 1}",
                got=", ".join(map(str, unnamed[:9])), fix="name them in `classes`, or count them out: `void`",
            )  # fmt: skip
        if not 2 <= len(self.numbers) <= VOID:
            got = ", ".join(self.labels[:9]) or "none"
            raise DataError("the masks' classes can't be learnt", expected=f"2 to {VOID} classes that count", got=got)
        return self

    def _read_names(self) -> list[str]:
        """The names that were given, or those in a file."""
        if isinstance(self.classes, list):
            return self.classes
        path = Path(self.classes).expanduser()
        try:
            return names_in(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as fault:
            raise DataError("the names of the classes can't be read", where=str(path), got=str(fault)) from None

    def _resized(self, values: Any) -> Iterator[NDArray[np.int64]]:
        """Masks of numbers, of one size."""
        height, width = self.sizes
        for raw in _read(values):
            rows = (np.arange(height) + 0.5) * raw.shape[0] / height
            columns = (np.arange(width) + 0.5) * raw.shape[1] / width
            yield raw if raw.shape == (height, width) else raw[rows.astype(int)[:, None], columns.astype(int)]


def names_in(text: str) -> list[str]:
    """The names of classes in a file, a line each."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _are_masks(cells: Sequence[Any]) -> bool:
    """Whether these few values are pictures of class numbers, as far as can be told."""
    if not cells or not all(isinstance(cell, Path | bytes | np.ndarray) for cell in cells):
        return False
    try:
        numbers = {number for raw in _read(cells) for number in np.unique(raw).tolist()}
    except BadValue:
        return False
    return len(numbers) <= _MOST


def _key(cell: Any) -> str:
    return str(cell) if isinstance(cell, Path) else repr(cell.tobytes() if isinstance(cell, np.ndarray) else cell)


def _read(values: Sequence[Any]) -> Iterator[NDArray[np.int64]]:
    """The numbers of every mask (height, width).

    Raises:
        BadValue: a cell is no mask.
    """
    for row, cell in enumerate(values):
        if isinstance(cell, np.ndarray):
            if cell.ndim != 2 or cell.dtype.kind not in "iub":
                got = f"{cell.dtype} {cell.shape}"
                raise BadValue(row, "this is no mask", expected="integers (height, width)", got=got)
            yield cell.astype(np.int64)
            continue
        with QUIET, opened(cell, row) as picture:
            if picture.format == "JPEG" or picture.mode not in _MODES:
                what = "a mask holds class numbers, and this picture doesn't"
                got = f"{named(cell)}: {picture.format}, mode {picture.mode}"
                fix = "save it as PNG, grey or with a palette"
                raise BadValue(row, what, expected="a grey picture, or one with a palette", got=got, fix=fix)
            yield np.asarray(picture).astype(np.int64)


def example() -> tuple[Mask, Any]:
    """The kind, and six masks of which a number doesn't count: for its contract."""
    numbers = np.random.default_rng(0).integers(0, 4, (6, 5, 7)).astype(np.uint8)
    return Mask(classes=["ground", "tree", "void", "sky"]), numbers
