"""Boxes in the XML of Pascal VOC: a file for each picture.

    FOLDER/Annotations/NAME.xml, FOLDER/JPEGImages/NAME.jpg      and FOLDER/ImageSets/Main/train.txt, val.txt, test.txt
    FOLDER/NAME.xml, FOLDER/NAME.jpg                             side by side
    FOLDER/train/NAME.xml, FOLDER/train/NAME.jpg                 with splits (also val, valid, dev, validation, test)

Two columns: `image`, and `boxes`, the target. Pixels are counted from 1 and the last one is part of the box, as in
Pascal VOC: x₁ = xmin − 1, x₂ = xmax; `first=0` is for tools that count from 0. Without lists of the splits all
pictures are rows alike; with them a picture that no list names is left out with a note.

A file with a document type or entities is refused, so that none can refer to others or grow: what remains is read by
expat, element by element. For boxes beyond their picture and the like see `_drawings.py`.
Source: M. Everingham and others, The Pascal Visual Object Classes (VOC) challenge, 2010,
https://doi.org/10.1007/s11263-009-0275-4.
"""

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import numpy as np

from weftnet.base.foreign import reading
from weftnet.base.png import png
from weftnet.data.content import Content
from weftnet.data.folder import list_folder
from weftnet.data.media import IMAGES, LARGEST
from weftnet.data.read import read_bytes, read_text
from weftnet.data.sources._drawings import Box, Drawing, content_of
from weftnet.data.sources._place import Place
from weftnet.data.split_names import split_named
from weftnet.errors import DataError

FOLDER = "a folder of pictures and their boxes as Pascal VOC has them (NAME.xml)"
#: bytes of one file of boxes, files that are looked at, and what such a file begins with
_MOST, _LOOK, _ROOT = 4 * 2**20, 3, "annotation"


def opens(place: Place) -> float:
    """Folders with files of boxes, in `Annotations`, or beside the pictures."""
    if not place.is_folder:
        return 0.0
    files = _annotations(place.path, _LOOK)
    return 0.96 if files and all(b"<annotation" in _begin(file) for file in files) else 0.0


def read(path: Path, *, first: int = 1, limit: int = LARGEST) -> Content:
    """Read the files of boxes and look for their pictures.

    Args:
        path: the folder.
        first: the number of the first pixel: 1 as in Pascal VOC, 0 where a tool counts from 0.
        limit: bytes that one file may have.

    Raises:
        DataError: a file can't be read, has a document type, or its picture is not there.
    """
    files = _annotations(path)
    folders = [path / name for name in ("JPEGImages", "images") if (path / name).is_dir()]
    pictures = {file.with_suffix(""): file for file in list_folder(path, IMAGES).files}
    lists, drawings, left = _lists(path, limit), [], []
    for file in files:
        split = lists.get(file.stem, "") if lists else str(split_named(file.relative_to(path).parts[0]) or "")
        if lists and not split:
            left.append(file.name)
            continue
        beside = [file.parent, *folders]
        picture = next((pictures[folder / file.stem] for folder in beside if folder / file.stem in pictures), None)
        if picture is None:
            expected = ", ".join(str(folder / f"{file.stem}.jpg") for folder in beside[:3])
            raise DataError("the picture is not there", where=str(file), expected=expected, got="no such file")
        drawings.append(_drawing(file, picture, split, first, limit))
    named = {each.file for each in drawings}
    notes = [f"{len(left)} pictures are on no list of a split and left out, first {left[0]}"] if left else []
    if bare := [each for each in pictures.values() if each not in named and not lists]:
        notes.append(f"{len(bare)} pictures have no file of boxes and are left out, first {bare[0].name}")
    return content_of(path, drawings, files, limit, (), notes)


def _drawing(file: Path, picture: Path, split: str, first: int, limit: int) -> Drawing:
    """The boxes of a file."""
    root = _parsed(file, min(limit, _MOST))
    if root.tag != _ROOT:
        raise DataError("this is no file of boxes", where=str(file), expected=f"<{_ROOT}>", got=f"<{root.tag}>"[:80])
    size, drawing = root.find("size"), Drawing(picture, split)
    if size is not None:
        with reading(f"{file}: size", "is not as Pascal VOC has it"):
            height, width = (int(_text(size, name)) for name in ("height", "width"))
        drawing.size = (height, width) if height and width else None
    for number, thing in enumerate(root.findall("object")):
        where = f"{file}: object {number}"
        with reading(where, "is not as Pascal VOC has it"):
            label, box = _text(thing, "name").strip(), thing.find("bndbox")
            if box is None or not label:
                raise ValueError("expected a name and a bndbox")
            left, top, right, bottom = (float(_text(box, name)) for name in ("xmin", "ymin", "xmax", "ymax"))
        # the last pixel is part of the box: counted from 1, its right edge is its number
        drawing.boxes.append(Box(where, label, (left - first, top - first, right + 1 - first, bottom + 1 - first)))
    return drawing


def _text(element: Element, name: str) -> str:
    found = element.find(name)
    if found is None or found.text is None:
        raise ValueError(f"expected <{name}> in <{element.tag}>")
    return found.text


def _parsed(file: Path, limit: int) -> Element:
    """The root of an XML file without a document type."""
    content, builder, parser = bytes(read_bytes(file, limit)), TreeBuilder(), expat.ParserCreate()

    def refuse(*_: Any) -> None:
        what, fix = "the file has a document type, which could refer to other files", "remove the line <!DOCTYPE …>"
        raise DataError(what, where=str(file), expected="elements alone", got="<!DOCTYPE", fix=fix)

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    with reading(file, "is no XML that can be read"):
        parser.Parse(content, True)
        root: Element = builder.close()
    return root


def _annotations(path: Path, most: int | None = None) -> list[Path]:
    """The files of boxes, the first few of them or all."""
    folders = [path / "Annotations", path / "annotations", path]
    folders += [each for each in sorted(path.iterdir()) if each.is_dir() and split_named(each.name)]
    files: list[Path] = []
    for folder in folders:
        if folder.is_dir():
            files += [each for each in sorted(folder.glob("*.xml")) if not each.name.startswith(".")]
        if most is not None and len(files) >= most:
            return files[:most]
    return list(dict.fromkeys(files))


def _begin(file: Path) -> bytes:
    with reading(file):
        if not file.is_file():
            return b""
        with file.open("rb") as stream:
            return stream.read(2**12)


def _lists(path: Path, limit: int) -> dict[str, str]:
    """Name of a picture → its split, as the lists in `ImageSets/Main` say."""
    found: dict[str, str] = {}
    for file in sorted((path / "ImageSets" / "Main").glob("*.txt")):
        split = split_named(file.stem)
        for line in read_text(file, limit).split("\n") if split else ():
            if words := line.split():
                found[words[0]] = str(split)
    return found


def example(folder: Path) -> Path:
    """Grey pictures of a bright square each."""
    home = folder / "voc"
    for name in ("Annotations", "JPEGImages"):
        (home / name).mkdir(parents=True)
    for number in range(12):
        pixels = np.zeros((16, 20), np.uint8)
        pixels[2 + number % 5 : 10, 3:12] = 200
        (home / "JPEGImages" / f"{number}.png").write_bytes(png(pixels))
        box = f"<xmin>4</xmin><ymin>{3 + number % 5}</ymin><xmax>12</xmax><ymax>10</ymax>"
        (home / "Annotations" / f"{number}.xml").write_text(
            "<annotation><size><width>20</width><height>16</height><depth>1</depth></size>"
            f"<object><name>{('square', 'flat')[number % 2]}</name><bndbox>{box}</bndbox></object></annotation>",
            encoding="utf-8",
        )
    return home
