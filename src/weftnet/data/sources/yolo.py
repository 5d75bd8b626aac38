"""Boxes in text files, a line each, as YOLO has them: class, centre, width and height, in shares of the picture.

    FOLDER/images/train/NAME.jpg, FOLDER/labels/train/NAME.txt     with splits (also val, valid, dev, validation, test)
    FOLDER/train/images/NAME.jpg, FOLDER/train/labels/NAME.txt     likewise
    FOLDER/images/NAME.jpg, FOLDER/labels/NAME.txt                 without
    FOLDER/data.yaml                                               names: [cat, dog], or {0: cat, 1: dog}
    FOLDER/classes.txt                                             or the names, a line each

    2 0.5 0.25 0.1 0.2        class 2; x₁ = (0.5 − 0.1 / 2) · width …

Two columns: `image`, and `boxes`, the target. A picture without a text file has no box, as YOLO has it; a text file
without its picture is refused, and so is a class that has no name. Of `data.yaml` the names alone are read; it is data,
and its paths are not followed. For boxes beyond their picture and the like see `_drawings.py`.
Source: J. Redmon, Darknet, https://pjreddie.com/darknet/yolo.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from weftnet.base.foreign import reading
from weftnet.base.plain_yaml import parse
from weftnet.base.png import png
from weftnet.data.content import Content
from weftnet.data.folder import list_folder
from weftnet.data.media import IMAGES, LARGEST
from weftnet.data.read import read_text
from weftnet.data.sources._drawings import Box, Drawing, content_of
from weftnet.data.sources._place import Place
from weftnet.data.split_names import split_named
from weftnet.errors import DataError

FOLDER = "a folder with the folders images and labels, whose text files hold boxes"
_IMAGES, _LABELS, _NAMES = "images", "labels", ("data.yaml", "data.yml", "dataset.yaml")
_CLASSES = "classes.txt"
#: bytes of one text file; numbers of a line
_MOST, _NUMBERS = 4 * 2**20, 5


def opens(place: Place) -> float:
    """Folders of pictures beside text files of numbers, in them or in each of their folders of splits."""
    if not place.is_folder:
        return 0.0
    for _, labels in _pairs(place.path):
        files = (file for pattern in ("*.txt", "*/*.txt") for file in labels.glob(pattern))
        if next(files, None) is not None:
            return 0.96
    return 0.0


def read(path: Path, *, limit: int = LARGEST) -> Content:
    """Read the text files beside their pictures.

    Args:
        path: the folder.
        limit: bytes that one file may have.

    Raises:
        DataError: a text file has no picture, a line is no box, or a class has no name.
    """
    names, drawings, texts, bare = _names(path, limit), [], [], 0
    for images, labels in _pairs(path):
        own = "" if images.parent == path else str(split_named(images.parent.name))
        files = {file.relative_to(labels).with_suffix(""): file for file in list_folder(labels, (".txt",)).files}
        files.pop(Path("classes"), None)
        for picture in list_folder(images, IMAGES).files:
            below = picture.relative_to(images)
            split = own or (split_named(below.parts[0]) or "" if len(below.parts) > 1 else "")
            drawing, file = Drawing(picture, split), files.pop(below.with_suffix(""), None)
            bare += file is None
            if file is not None:
                texts.append(file)
                drawing.boxes += _boxes(file, names, limit)
            drawings.append(drawing)
        if files:
            alone = next(iter(files.values()))
            expected = f"{alone.stem} as a picture in {images}"
            raise DataError("the picture is not there", where=str(alone), expected=expected, got="no such file")
    notes = [f"{bare} pictures have no text file: they have no box"] if bare else []
    described = [path / name for name in (*_NAMES, _CLASSES) if (path / name).is_file()]
    return content_of(path, drawings, [*texts, *described], limit, list(names.values()), notes)


def _boxes(file: Path, names: Mapping[int, str], limit: int) -> list[Box]:
    """The boxes of a text file."""
    boxes = []
    for number, line in enumerate(read_text(file, min(limit, _MOST)).splitlines(), 1):
        words, where = line.split(), f"{file}: line {number}"
        if not words:
            continue
        if len(words) != _NUMBERS:
            fix = "write outlines and other shapes as the boxes around them" if len(words) > _NUMBERS else ""
            expected, got = "class, x, y, width, height", f"{len(words)} numbers"
            raise DataError("the line is no box", where=where, expected=expected, got=got, fix=fix)
        with reading(where, "the line is no box"):
            place, (x, y, width, height) = int(words[0]), map(float, words[1:])
        if not all(-1e-3 <= each <= 1 + 1e-3 for each in (x, y, width, height)):
            fix = "divide pixels by the picture's width and height"
            raise DataError("the box is not in shares of its picture", where=where, expected="0 to 1",
                            got=" ".join(words[1:])[:80], fix=fix)  # fmt: skip
        if names and place not in names:
            expected = f"0 to {max(names)}: {', '.join(names.values())}"[:200]
            raise DataError("the class has no name", where=where, expected=expected, got=str(place))
        corners = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        boxes.append(Box(where, names.get(place, str(place)), corners, shares=True))
    return boxes


def _names(path: Path, limit: int) -> dict[int, str]:
    """Number → name of each class; {} where no file names them."""
    for file in (path / name for name in _NAMES):
        if file.is_file():
            with reading(file, "the names of the classes can't be read"):
                document = parse(read_text(file, min(limit, _MOST)))
                names = document["names"] if isinstance(document, Mapping) else None
                pairs = names.items() if isinstance(names, Mapping) else enumerate(names or ())
                found = {int(number): str(name) for number, name in pairs}
            if not found or len(set(found.values())) != len(found):
                expected, got = "names: [cat, dog, …], all different", str(names)[:120]
                raise DataError("the names of the classes can't be used", where=str(file), expected=expected, got=got)
            return dict(sorted(found.items()))
    if (file := path / _CLASSES).is_file():
        lines = [line.strip() for line in read_text(file, min(limit, _MOST)).splitlines() if line.strip()]
        return dict(enumerate(lines))
    return {}


def _pairs(path: Path) -> list[tuple[Path, Path]]:
    """The folders of pictures and of text files: in this folder, or in each of its folders of splits."""
    folders = [path] + [each for each in sorted(path.iterdir()) if each.is_dir() and split_named(each.name)]
    pairs = [(folder / _IMAGES, folder / _LABELS) for folder in folders]
    return [(images, labels) for images, labels in pairs if images.is_dir() and labels.is_dir()]


def example(folder: Path) -> Path:
    """Grey pictures of a bright square each."""
    home = folder / "yolo"
    for name in (_IMAGES, _LABELS):
        (home / name).mkdir(parents=True)
    (home / "data.yaml").write_text("names: [square, flat]\n", encoding="utf-8")
    for number in range(12):
        pixels = np.zeros((16, 20), np.uint8)
        pixels[2:10, 4:12] = 200
        (home / _IMAGES / f"{number}.png").write_bytes(png(pixels))
        (home / _LABELS / f"{number}.txt").write_text(f"{number % 2} 0.4 0.375 0.4 0.5\n", encoding="utf-8")
    return home
