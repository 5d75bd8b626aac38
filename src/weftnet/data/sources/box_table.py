"""Boxes in a table: a row for each, with the file of its picture.

    file,label,x1,y1,x2,y2        corners in pixels, the right and lower edges not part of the box
    file,label,xmin,ymin,xmax,ymax
    file,label,x1,y1,x2,y2,split  and the split of the picture

The file is also called image, filename, path or picture, the label class or name. A row with a file alone is a picture
without a box. Names are relative to the table's folder, or to one inside it (`images="photos"`). Other columns are left
out with a note. Two columns come out: `image`, and `boxes`, the target. For boxes beyond their picture and the like see
`_drawings.py`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from weftnet.base.foreign import reading
from weftnet.base.png import png
from weftnet.data.content import Content
from weftnet.data.media import LARGEST
from weftnet.data.read import LIMIT, UnpackedText
from weftnet.data.sources import table
from weftnet.data.sources._drawings import Box, Drawing, content_of, found
from weftnet.data.sources._place import Place
from weftnet.data.split_names import split_named
from weftnet.errors import DataError

_FILE, _LABEL = ("file", "image", "filename", "path", "picture"), ("label", "class", "name")
_CORNERS = (("x1", "y1", "x2", "y2"), ("xmin", "ymin", "xmax", "ymax"))
_SPLIT = "split"


def opens(place: Place) -> float:
    """Tables with such columns."""
    if place.ends_in(table.ENDINGS) == 0:
        return 0.0
    try:
        with reading(place.path), UnpackedText(place.path, LIMIT, "utf-8") as text:
            header = next(iter(text.lines()), "")
    except DataError:  # whoever reads it says so
        return 0.0
    words = [word.strip().strip('"').lower() for word in header.replace(";", ",").replace("\t", ",").split(",")]
    return 0.95 if _columns(words) else 0.0


def read(path: Path, *, images: str = "", limit: int = LARGEST) -> Content:
    """Read the table and look for its pictures.

    Args:
        path: the table.
        images: the folder of the pictures, inside the table's.
        limit: bytes that one file may have.

    Raises:
        DataError: a number is none, a label is missing, or a picture is not there.
    """
    raw = table.read(path, limit=limit)
    names = {name.strip().lower(): name for name in raw.columns}
    known = _columns(list(names))
    if not known:
        expected, got = "file, label, x1, y1, x2, y2", ", ".join(raw.columns)
        raise DataError("this is no table of boxes", where=str(path), expected=expected, got=got)
    columns = {role: raw.columns[names[name]].tolist() for role, name in known.items()}
    home, drawings = path.parent, {}
    for row in range(raw.count):
        where = f"{path}: row {row + raw.first}"
        cells = {role: values[row] for role, values in columns.items()}
        if cells["file"] is None:
            raise DataError("the picture is missing", where=where, expected="the name of a file")
        name, split = str(cells["file"]), _split(cells.get(_SPLIT), where)
        if name not in drawings:
            drawings[name] = Drawing(found(name, [home / images], home, where), split)
        if drawings[name].split != split:
            what, got = "a picture is in two splits", f"{drawings[name].split} and {split}"
            raise DataError(what, where=where, expected="one", got=got)
        if box := _box(cells, where):
            drawings[name].boxes.append(box)
    unused = [name for name in raw.columns if name.strip().lower() not in known.values()]
    notes = [*raw.notes, *([f"left out: {', '.join(unused)}"] if unused else [])]
    return content_of(path, list(drawings.values()), [path], limit, (), notes)


def _box(cells: Mapping[str, Any], where: str) -> Box | None:
    """The box of a row; None for a row with a file alone."""
    corners = [cells[name] for name in _CORNERS[0]]
    if cells["label"] is None and all(each is None for each in corners):
        return None
    if cells["label"] is None or any(each is None for each in corners):
        got = ", ".join("–" if each is None else str(each) for each in (cells["label"], *corners))
        fix = "fill it in; a row with a file alone is a picture without a box"
        raise DataError("the box is not whole", where=where, expected="a label and four numbers", got=got, fix=fix)
    with reading(where, "the box is no four numbers"):
        return Box(where, str(cells["label"]).strip(), [float(each) for each in corners])


def _split(word: Any, where: str) -> str:
    """The split that a cell names; "" for a table without such a column."""
    if word is None:
        return ""
    if (split := split_named(str(word))) is None:
        raise DataError("the split is none", where=where, expected="train, validation or test", got=str(word)[:40])
    return split


def _columns(names: list[str]) -> dict[str, str]:
    """What a column is for → its name, in lower case; {} where one is lacking."""
    corners = next((each for each in _CORNERS if set(each) <= set(names)), None)
    file = next((name for name in _FILE if name in names), None)
    label = next((name for name in _LABEL if name in names), None)
    if corners is None or file is None or label is None:
        return {}
    own = {"file": file, "label": label, **dict(zip(_CORNERS[0], corners, strict=True))}
    return own | ({_SPLIT: _SPLIT} if _SPLIT in names else {})


def example(folder: Path) -> Path:
    """Grey pictures of a bright square each."""
    home, lines = folder / "boxes", ["file,label,x1,y1,x2,y2"]
    home.mkdir(parents=True)
    for number in range(12):
        pixels = np.zeros((16, 20), np.uint8)
        pixels[2:10, 3:12] = 200
        (home / f"{number}.png").write_bytes(png(pixels))
        lines.append(f"{number}.png,{('square', 'flat')[number % 2]},3,2,12,10")
    (home / "boxes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return home / "boxes.csv"
