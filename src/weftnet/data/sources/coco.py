"""Boxes in the JSON of COCO: pictures, categories, and an annotation for each box.

    FOLDER/annotations/instances_train.json, FOLDER/train/…          names of the files say the split
    FOLDER/instances_train.json, instances_val.json, FOLDER/images   pictures beside them
    instances.json                                                   one file, pictures in its folder or below

    {"images": [{"id": 1, "file_name": "a.jpg", "width": 320, "height": 240}],
     "categories": [{"id": 7, "name": "cat"}],
     "annotations": [{"image_id": 1, "category_id": 7, "bbox": [x, y, width, height], "iscrowd": 0}]}

Two columns: `image`, and `boxes`, the target. A category that is not listed, an annotation of no picture, and a picture
that is not there are refused. Crowds (`iscrowd`), which are no single things, are left out with a note. For boxes
beyond their picture and the like see `_drawings.py`.
Source: T.-Y. Lin and others, Microsoft COCO: Common objects in context, 2014, https://arxiv.org/abs/1405.0312;
https://cocodataset.org/#format-data.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from weftnet.base.foreign import reading
from weftnet.base.png import png
from weftnet.data.content import Content
from weftnet.data.media import LARGEST
from weftnet.data.read import read_text
from weftnet.data.sources._drawings import Box, Drawing, content_of, found
from weftnet.data.sources._layout import splits_of
from weftnet.data.sources._place import Place
from weftnet.errors import DataError

FOLDER = "a folder of pictures and their boxes as COCO has them (instances_train.json)"
#: bytes of a file that are looked at to recognise it, and words that one of its begins has
_LOOK, _MARKS = 2**16, re.compile(rb'"(images|annotations|categories)"\s*:\s*\[')
_FIELDS = ("images", "annotations", "categories")


def opens(place: Place) -> float:
    """Files and folders of such files, by the words that they begin with."""
    if place.is_folder:
        return 0.96 if _files(place.path) else 0.0
    return 0.95 if place.ending == ".json" and _is_coco(place.path) else 0.0


def read(path: Path, *, limit: int = LARGEST) -> Content:
    """Read the annotations and look for their pictures.

    Args:
        path: of a file, or of a folder with one for each split.
        limit: bytes that one file may have.

    Raises:
        DataError: a file is no such JSON, names what it doesn't list, or a picture is not there.
    """
    files = _files(path) if path.is_dir() else [path]
    home = path if path.is_dir() else path.parent
    splits = splits_of(files, home) if len(files) > 1 else {}
    if len(files) > 1 and None in splits.values():
        odd = next(file for file in files if splits[file] is None)
        raise DataError("the name says no split, while others do", where=str(odd),
                        expected="train, val or test in it", fix="move it elsewhere, or open one of them")  # fmt: skip
    drawings: list[Drawing] = []
    names: dict[str, None] = {}
    crowds: list[str] = []
    for file in files:
        own, classes = _read(file, home, splits.get(file) or "", limit, crowds)
        drawings += own
        names |= dict.fromkeys(classes)
    notes = [f"{len(crowds)} boxes are of crowds and left out, first {crowds[0]}"] if crowds else []
    return content_of(path, drawings, files, limit, list(names), notes)


def _read(
    file: Path, home: Path, split: str, limit: int, crowds: list[str]
) -> tuple[list[Drawing], list[str]]:  # fmt: skip
    """The pictures of one file, and the names of its classes."""
    with reading(file, "is no JSON of boxes"):
        document = json.loads(read_text(file, limit))
    if not isinstance(document, Mapping) or not all(isinstance(document.get(name), list) for name in _FIELDS):
        got = ", ".join(map(str, document)) if isinstance(document, Mapping) else type(document).__name__
        raise DataError("this is no JSON of boxes", where=str(file), expected=", ".join(_FIELDS), got=got[:200])
    classes: dict[Any, str] = {}
    for number, category in enumerate(document["categories"]):
        with _at(file, "categories", number):
            classes[_id(category["id"])] = str(category["name"])
    folders, drawings = _folders(file, home, split), {}
    for number, image in enumerate(document["images"]):
        where = f"{file}: images {number}"
        with _at(file, "images", number):
            name, key = str(image["file_name"]), _id(image["id"])
            size = (int(image["height"]), int(image["width"])) if image.get("height") and image.get("width") else None
        if key in drawings:
            raise DataError("two pictures have one id", where=where, got=str(key))
        drawings[key] = Drawing(found(name, folders, home, where), split, size)
    for number, annotation in enumerate(document["annotations"]):
        where = f"{file}: annotations {number}"
        with _at(file, "annotations", number):
            image, category = _id(annotation["image_id"]), _id(annotation["category_id"])
            crowd = bool(annotation.get("iscrowd"))
            x, y, width, height = (float(each) for each in annotation["bbox"])
        if image not in drawings:
            raise DataError("the box is of a picture that is not listed", where=where, got=f"image_id {image}")
        if category not in classes:
            expected = ", ".join(map(str, classes))[:200]
            what = "the box is of a class that is not listed"
            raise DataError(what, where=where, expected=f"one of {expected}", got=f"category_id {category}")
        if crowd:
            crowds.append(where)
        else:
            drawings[image].boxes.append(Box(where, classes[category], (x, y, x + width, y + height)))
    return list(drawings.values()), list(classes.values())


def _at(file: Path, field: str, number: int) -> Any:
    """The gate around one entry of a list."""
    return reading(f"{file}: {field} {number}", "is not as COCO has it")


def _id(value: Any) -> int | str:
    """An id: a number or a word."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"expected a number or a word as id, got {value!r}")
    return value


def _folders(file: Path, home: Path, split: str) -> list[Path]:
    """Where the pictures of a file may lie."""
    stem = re.sub(r"^(instances|annotations|person_keypoints)[-_]", "", file.stem)
    bases = list(dict.fromkeys((file.parent, home, file.parent / "images", home / "images")))
    inner = [base / name for base in bases for name in dict.fromkeys((stem, split)) if name]
    return [*bases, *inner]


def _files(path: Path) -> list[Path]:
    """The files of boxes in a folder or in its `annotations`."""
    here = [path, path / "annotations"]
    files = sorted(file for folder in here if folder.is_dir() for file in folder.glob("*.json"))
    files += sorted(path.glob("*/_annotations.coco.json"))
    return [file for file in files if not file.name.startswith(".") and _is_coco(file)]


def _is_coco(file: Path) -> bool:
    """Whether a file begins like one."""
    with reading(file):
        if not file.is_file():
            return False
        with file.open("rb") as stream:
            begin = stream.read(_LOOK)
    return bool(_MARKS.search(begin)) and (b'"file_name"' in begin or b'"bbox"' in begin or b'"supercategory"' in begin)


def example(folder: Path) -> Path:
    """Grey pictures of a bright square each."""
    home = folder / "squares"
    (home / "images").mkdir(parents=True)
    images, annotations = [], []
    for number in range(12):
        pixels = np.zeros((16, 20), np.uint8)
        pixels[2 + number % 5 : 10, 3:12] = 200
        (home / "images" / f"{number}.png").write_bytes(png(pixels))
        images.append({"id": number, "file_name": f"{number}.png", "width": 20, "height": 16})
        annotations.append({
            "id": number, "image_id": number, "category_id": 1 + number % 2, "iscrowd": 0,
            "bbox": [3, 2 + number % 5, 9, 8 - number % 5],
        })  # fmt: skip
    categories = [{"id": 1, "name": "square"}, {"id": 2, "name": "flat"}]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (home / "instances.json").write_text(json.dumps(document), encoding="utf-8")
    return home
