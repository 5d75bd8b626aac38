"""What readers of boxes share: pictures with the boxes in them become two columns, `image` and `boxes`, the target.

a box that reaches beyond its picture    is clipped, with a note
a box of no area, or wholly outside      is left out, with a note
swapped corners, numbers not finite      are refused: file, box
a picture that is not there              is refused
a picture of another size than is said   is refused: its boxes would lie elsewhere
a picture without a box                  stays: there is nothing to be found in it
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from weftnet.data.content import Content, short_name
from weftnet.data.folder import digest_of, inside
from weftnet.data.kinds._drawn import Corners, Drawn, Fate, settled
from weftnet.data.kinds._kind import BadValue
from weftnet.data.pictures import Outline, outlines
from weftnet.errors import DataError

#: what is said of boxes that are not as they were written
_SAID = {
    "clipped": "{} reach beyond their picture and are clipped to it",
    "empty": "{} have no area and are left out",
    "outside": "{} lie outside of their picture and are left out",
}
_GONE = ("empty", "outside")


@dataclass(frozen=True)
class Box:
    """A box as it was written.

    Args:
        where: file and place in it, for messages.
        label: its class.
        corners: (x₁, y₁, x₂, y₂); in shares of the picture where `shares` is set.
        shares: whether they are parts of width and height.
    """

    where: str
    label: str
    corners: Sequence[float]
    shares: bool = False


@dataclass
class Drawing:
    """A picture and its boxes.

    Args:
        file: the picture.
        split: that it is of; "" where the source has none.
        size: height and width that were written beside the boxes; None where nothing was.
        boxes: in it.
    """

    file: Path
    split: str = ""
    size: tuple[int, int] | None = None
    boxes: list[Box] = field(default_factory=list)


def content_of(
    path: Path,
    drawings: Sequence[Drawing],
    files: Sequence[Path],
    limit: int,
    classes: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Content:
    """Two columns.

    Args:
        path: that was opened: a folder, or a file.
        drawings: a row each.
        files: that the boxes were read from.
        limit: bytes that one file may have.
        classes: their names in order; () for those that occur.
        notes: of the reader.

    Raises:
        DataError: there is no picture, one can't be read or is of another size, or a box can't be used.
    """
    home = path if path.is_dir() else path.parent
    if not drawings:
        raise DataError("there are no pictures with boxes", where=str(path), got="no picture")
    seen: dict[Path, Drawing] = {}
    for each in drawings:
        if each.file in seen:
            raise DataError("the picture comes twice", where=str(each.file), fix="join its boxes, and name it once")
        seen[each.file] = each
    digest = digest_of([*sorted(files), *(each.file for each in drawings)], home, limit)
    cells, fates = np.empty(len(drawings), object), _Fates()
    pictures = [each.file for each in drawings]
    for row, (each, outline) in enumerate(zip(drawings, _sizes(pictures), strict=True)):
        cells[row] = _drawn(each, outline, fates)
    rows: dict[str, list[int]] = {}
    for row, each in enumerate(drawings):
        rows.setdefault(each.split, []).append(row)
    images = np.empty(len(drawings), object)
    images[:] = pictures
    return Content(
        short_name(str(path)),
        str(path),
        {"image": images, "boxes": cells},
        digest,
        target="boxes",
        kinds={"boxes": {"boxes": {"classes": list(classes)}}},
        table=True,
        typed=True,
        splits={split: np.array(own, np.int64) for split, own in rows.items()} if len(rows) > 1 else {},
        files=pictures,
        notes=(*notes, *fates.notes()),
    )


class _Fates:
    """What became of boxes."""

    def __init__(self) -> None:
        self._seen: dict[Fate, list[str]] = {}

    def add(self, fate: Fate, where: str) -> None:
        """One more."""
        self._seen.setdefault(fate, []).append(where)

    def notes(self) -> list[str]:
        """Sentences about those that are not as they were written."""
        counts = {fate: places for fate, places in self._seen.items() if fate in _SAID}
        return [_SAID[fate].format(f"{len(places)} boxes") + f", first {places[0]}" for fate, places in counts.items()]


def _sizes(pictures: Sequence[Path]) -> list[Outline]:
    """The outline of every picture."""
    try:
        return list(outlines(pictures))
    except BadValue as fault:
        expected, got = fault.expected, fault.got
        raise DataError(fault.what, where=str(pictures[fault.row]), expected=expected, got=got) from None


def _drawn(drawing: Drawing, outline: Outline, fates: _Fates) -> Drawn:
    """The boxes of a picture, settled in it."""
    height, width = outline.height, outline.width
    if drawing.size is not None and drawing.size != (height, width):
        raise DataError(
            "the picture is of another size than its boxes were drawn for",
            where=str(drawing.file),
            expected=f"{drawing.size[1]}×{drawing.size[0]} pixels",
            got=f"{width}×{height}",
            fix="resize the boxes with the picture, or give the picture that they were drawn in",
        )
    kept: list[tuple[Corners, str]] = []
    for box in drawing.boxes:
        scale = (width, height) * 2 if box.shares else (1, 1) * 2
        try:
            corners, fate = settled([each * by for each, by in zip(box.corners, scale, strict=True)], height, width)
        except ValueError as fault:
            got = ", ".join(f"{each:g}" for each in box.corners)
            raise DataError(f"this is no box: {fault}", where=box.where, expected="x1 ≤ x2, y1 ≤ y2", got=got) from None
        fates.add(fate, box.where)
        if fate not in _GONE:
            kept.append((corners, box.label))
    return Drawn(height, width, tuple(corners for corners, _ in kept), tuple(label for _, label in kept))


def found(name: str, folders: Sequence[Path], home: Path, where: str) -> Path:
    """The picture of this name in one of some folders.

    Raises:
        DataError: it is in none of them, or the name leads out of the folder that was opened.
    """
    for folder in folders:
        if (file := inside(folder / name, home.resolve())).is_file():
            return folder / name if (folder / name).is_file() else file
    looked = ", ".join(str(folder) for folder in folders[:6])
    raise DataError("the picture is not there", where=where, expected=f"{name} in {looked}", got="no such file")
