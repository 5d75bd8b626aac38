"""Boxes: the things in a picture, each by the rectangle around it and its class; a padded set.

    encoded    (x₁, y₁, x₂, y₂, class) in pixels of the picture as it is resized; class −1 and zeros where there is none

A raw value says the size of its picture (`_drawn.py`), so that boxes shrink and grow as the picture is stretched to the
one size; that size is chosen as that of images is (`image.py`), so that a box lies where its thing lies. A picture may
have no box at all. A box of which an augmentation leaves less than a fifth inside the border no longer counts.

The classes are those of `classes`, in their order, or those that occur in the training rows, sorted. A row has room for
`most` boxes; by default for twice as many as any training row has, and at least 16.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.base.figures import Picture
from weftnet.data.kinds._drawn import Drawn, drawn_of
from weftnet.data.kinds._framed import framed
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds._moves import Moves, Moving
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._size import check_size, one_size
from weftnet.data.wires import BoxesWire
from weftnet.errors import DataError

#: the class of what is no box, and numbers of one: four corners and its class
ABSENT, WIDTH = -1, 5
#: room that there is at the least, and values that are looked at to recognise boxes
_LEAST, _LOOK = 16, 64
#: a box no longer counts once its picture was moved, and fewer pixels of a side or a smaller share of it are left
_SMALLEST, _LEFT = 1.0, 0.2


@dataclass
class Boxes(Kind):
    """A set of boxes with classes.

    Args:
        classes: their names, in order; [] for those that occur.
        size: of the pictures: the side, or height and width; 0 to choose from the training pictures.
        most: boxes that a row has room for; 0 to choose from the training rows.
    """

    trim: ClassVar[bool] = True
    classes: list[str] = field(default_factory=list)
    size: int | list[int] = 0
    most: int = 0
    labels: list[str] = field(default_factory=list, init=False)
    sizes: list[int] = field(default_factory=list, init=False)
    room: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        check_size("boxes", self.size)
        if self.most < 0:
            raise ValueError(f"boxes: most: expected 0 or more, got {self.most}")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"boxes: classes: expected different names, got {self.classes}")
        self.notices: list[str] = []

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """A target of sets of boxes."""
        first = column.first
        if not column.target or first.ndim != 1 or first.dtype.kind != "O":
            return 0.0
        cells = column.sample[:_LOOK]
        known = [isinstance(cell, Drawn) or (isinstance(cell, Mapping) and "boxes" in cell) for cell in cells]
        return 0.98 if known and all(known) else 0.0

    def fit(self, values: Any) -> Self:
        """Classes, size and room."""
        return self._fit([values])

    def fit_chunks(self, chunks: Any) -> Self:
        """As `fit`, of values that come in chunks."""
        return self._fit(chunks)

    def encode(self, values: Any) -> NDArray[np.float32]:
        """(rows, room, 5): the boxes that there is room for; those of an unknown class have none."""
        rows = np.zeros((len(values), self.room, WIDTH), np.float32)
        rows[..., 4] = ABSENT
        places = {label: place for place, label in enumerate(self.labels)}
        for row, each in zip(rows, _read(values), strict=True):
            if each is None or not each.corners:
                continue
            scale = np.array([self.sizes[1] / each.width, self.sizes[0] / each.height] * 2)
            known = [place for place, label in enumerate(each.labels) if label in places][: self.room]
            row[: len(known), :4] = np.array(each.corners)[known] * scale
            row[: len(known), 4] = [places[each.labels[place]] for place in known]
        return rows

    def encode_target(self, values: Any) -> NDArray[np.float32]:
        """As `encode`.

        Raises:
            BadValue: the boxes are missing, one is of an unknown class, or there are more than there is room for.
        """
        known = set(self.labels)
        for row, each in enumerate(_read(values)):
            if each is None:
                what, expected = "the boxes are missing", "a set of boxes, which may be empty"
                raise BadValue(row, what, expected=expected, fix="leave the row out, or give an empty set")
            if unknown := [label for label in each.labels if label not in known]:
                what = f"a box is of the class {unknown[0]!r}, which the training rows don't have"
                fix = "name every class: {'boxes': {'classes': [...]}}"
                raise BadValue(row, what, expected=", ".join(self.labels), got=unknown[0], fix=fix)
            if len(each.labels) > self.room:
                fix = f"make room: {{'boxes': {{'most': {len(each.labels)}}}}}"
                what, got = "there are more boxes than there is room for", f"{len(each.labels)} boxes"
                raise BadValue(row, what, expected=f"at most {self.room}", got=got, fix=fix)
        return self.encode(values)

    def decode(self, values: NDArray[Any]) -> NDArray[Any]:
        """The boxes, in pixels of the resized picture."""
        cells = np.empty(len(values), object)
        for row, boxes in enumerate(values):
            real = boxes[boxes[:, 4] >= 0]
            corners = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d, *_ in real.tolist())
            labels = tuple(self.labels[int(place)] for place in real[:, 4])
            cells[row] = Drawn(self.sizes[0], self.sizes[1], corners, labels)
        return cells

    def mask(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """(rows, room): where there is a box."""
        real: NDArray[np.bool_] = values[..., 4] >= 0
        return real

    def moved(self, values: Moving, mask: Moving | None, transform: Moves[Moving]) -> tuple[Moving, Moving | None]:
        """Around their moved corners, clipped; what leaves the picture, or almost does, counts no more.

        Where pictures are seen through each other, a sixth number is the weight of each box.
        """
        real: Any = (cast(Any, values)[..., 4] >= 0) if mask is None else mask
        there: Any = cast(Any, transform.beside(values)).clone()
        corners, kept = cast(Any, transform.boxes(cast(Any, values)[..., :4], real, _LEFT))
        kept = kept & (corners[..., 2:] - corners[..., :2] >= _SMALLEST).all(-1)
        there[..., :4] = corners
        there[..., 4] = there[..., 4].where(kept, there.new_full((), ABSENT))
        shares: Any = transform.shares(cast(Any, values).shape[1])
        if shares is not None:
            before = there[..., WIDTH] if there.shape[2] > WIDTH else 1.0
            wider = there.new_empty(*there.shape[:2], WIDTH + 1)
            wider[..., :WIDTH], wider[..., WIDTH] = there[..., :WIDTH], shares.to(there) * before
            there = wider
        return there, kept

    def over(self, picture: Picture, value: Drawn) -> Picture:
        """A picture with a frame for each box, in the colour of its class."""
        places = [self.labels.index(label) for label in value.labels]
        height, width = picture.pixels.shape[:2]
        share = width / value.width, height / value.height
        corners = [(a * share[0], b * share[1], c * share[0], d * share[1]) for a, b, c, d in value.corners]
        return Picture(framed(picture.pixels, corners, places), str(value))

    def compared(self, values: NDArray[Any]) -> NDArray[Any]:
        """Boxes as values that are equal where all is equal.

        Raises:
            BadValue: a value is no set of boxes.
        """
        cells = np.empty(len(values), object)
        cells[:] = list(_read(values))
        return cells

    def balance(self, values: NDArray[Any]) -> Counter[str]:
        """How many boxes of each class there are."""
        return Counter(label for each in _read(values) if each is not None for label in each.labels)

    def target_findings(self, name: str, values: NDArray[Any]) -> list[str]:
        """Classes, how many boxes, pictures without one, and that sizes were made equal."""
        found = [each for each in _read(values) if each is not None]
        counts = [len(each.labels) for each in found]
        empty = sum(not count for count in counts)
        notes = [
            f"{len(self.labels)} classes, {sum(counts)} boxes in {len(found)} pictures, at most {max(counts)} in one"
        ]
        if empty:
            notes.append(f"{empty} pictures have no box: nothing in them is to be found")
        return [*notes, *self.notices]

    @property
    def facts(self) -> dict[str, Any]:
        """Classes, height and width, room."""
        return {"labels": list(self.labels), "sizes": list(self.sizes), "most": self.room}

    @property
    def wire(self) -> BoxesWire:
        """Boxes in pixels, with the size of their picture."""
        return BoxesWire(self.sizes or (1, 1), self.labels)

    @property
    def signal(self) -> Signal:
        """Rows of numbers, padded."""
        return Signal(("time", "dim"), (self.room, WIDTH), padded=True)

    def _fit(self, chunks: Iterable[Any]) -> Self:
        seen: Counter[str] = Counter()
        shapes: list[tuple[int, int]] = []
        largest = 0
        for values in chunks:
            for each in _read(values):
                if each is not None:
                    seen.update(each.labels)
                    shapes.append((each.height, each.width))
                    largest = max(largest, len(each.labels))
        if not seen:
            what = "there is no box in the training rows"
            raise DataError(what, expected="at least one", fix="open other data, or check the files of the boxes")
        if self.classes and (unnamed := sorted(set(seen) - set(self.classes))):
            expected, got = ", ".join(self.classes), ", ".join(unnamed[:9])
            raise DataError("boxes are of classes that `classes` doesn't name", expected=expected, got=got)
        size, notice = one_size(shapes, self.size)
        self.sizes, self.notices = list(size), [f"pictures are {notice}; their boxes move along"] * bool(notice)
        self.labels = list(self.classes) or sorted(seen)
        self.room = self.most or max(_LEAST, 2 * largest)
        if largest > self.room:
            fix = f"{{'boxes': {{'most': {largest}}}}}"
            what = "a training row has more boxes than there is room for"
            raise DataError(what, expected=f"at most {self.room}", got=str(largest), fix=fix)
        return self


def _read(values: Any) -> Iterator[Drawn | None]:
    """The boxes of every cell, None where it is missing.

    Raises:
        BadValue: a cell is no set of boxes.
    """
    for row, cell in enumerate(values):
        if cell is None:
            yield None
            continue
        try:
            yield drawn_of(cell)
        except (ValueError, TypeError) as fault:
            what, expected = "this is no set of boxes", "boxes inside their picture, each with a label"
            raise BadValue(row, what, expected=expected, got=str(fault)) from None


def example() -> tuple[Boxes, NDArray[Any]]:
    """The kind, and four pictures, one of them without a box: for its contract."""
    cells = np.empty(4, object)
    cells[:] = [
        Drawn(64, 64, ((3.0, 4.0, 20.0, 30.0), (40.0, 10.0, 60.0, 50.0)), ("cat", "dog")),
        Drawn(64, 64),
        Drawn(64, 64, ((0.0, 0.0, 64.0, 63.0),), ("dog",)),
        Drawn(32, 128, ((10.0, 2.0, 90.0, 30.0),), ("cat",)),
    ]
    return Boxes(size=64), cells
