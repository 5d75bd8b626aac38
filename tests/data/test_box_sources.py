"""Boxes as COCO, Pascal VOC, YOLO and a table have them: the same from each; what is refused, with its place."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from weftnet.base.png import png
from weftnet.data import open_data
from weftnet.data.sources import SOURCES
from weftnet.errors import DataError

NAMES = ("coco", "voc", "yolo", "box_table")
#: file → (label, corners) in pictures of 20×16
TRUTH = {
    "a": [("cat", (2.0, 3.0, 9.0, 15.0)), ("dog", (0.0, 0.0, 20.0, 16.0))],
    "b": [("dog", (11.0, 1.0, 12.0, 2.0))],
    "c": [],
}
SPLITS = {"a": "train", "b": "train", "c": "val"}


def picture(file: Path, size: tuple[int, int] = (16, 20)) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(sum(file.stem.encode())).integers(0, 255, size, dtype=np.uint8)
    file.write_bytes(png(pixels))


def coco(home: Path) -> Path:
    for split in ("train", "val"):
        names = [name for name in TRUTH if SPLITS[name] == split]
        for name in names:
            picture(home / "images" / f"{name}.png")
        images = [{"id": ord(n), "file_name": f"{n}.png", "width": 20, "height": 16} for n in names]
        boxes = [
            {"image_id": ord(n), "category_id": {"cat": 3, "dog": 9}[label],
             "bbox": [left, top, right - left, bottom - top]}
            for n in names for label, (left, top, right, bottom) in TRUTH[n]
        ]  # fmt: skip
        categories = [{"id": 3, "name": "cat"}, {"id": 9, "name": "dog"}]
        document = {"images": images, "annotations": boxes, "categories": categories}
        (home / f"instances_{split}.json").write_text(json.dumps(document))
    return home


def voc(home: Path) -> Path:
    for folder in ("Annotations", "ImageSets/Main"):
        (home / folder).mkdir(parents=True)
    for name, boxes in TRUTH.items():
        picture(home / "JPEGImages" / f"{name}.png")
        things = [
            f"<object><name>{label}</name><bndbox><xmin>{left + 1:g}</xmin><ymin>{top + 1:g}</ymin>"
            f"<xmax>{right:g}</xmax><ymax>{bottom:g}</ymax></bndbox></object>"
            for label, (left, top, right, bottom) in boxes
        ]
        size = "<size><width>20</width><height>16</height></size>"
        (home / f"Annotations/{name}.xml").write_text(f"<annotation>{size}{''.join(things)}</annotation>")
        with (home / f"ImageSets/Main/{SPLITS[name]}.txt").open("a") as list_of:
            list_of.write(name + "\n")
    return home


def yolo(home: Path) -> Path:
    for name, boxes in TRUTH.items():
        picture(home / "images" / SPLITS[name] / f"{name}.png")
        (home / "labels" / SPLITS[name]).mkdir(parents=True, exist_ok=True)
        lines = [
            f"{['cat', 'dog'].index(label)} {(a + c) / 40} {(b + d) / 32} {(c - a) / 20} {(d - b) / 16}\n"
            for label, (a, b, c, d) in boxes
        ]
        if lines:
            (home / "labels" / SPLITS[name] / f"{name}.txt").write_text("".join(lines))
    (home / "data.yaml").write_text("path: ../elsewhere\ntrain: images/train\nnames:\n  0: cat\n  1: dog\n")
    return home


def box_table(home: Path) -> Path:
    lines = ["Filename,Class,xmin,ymin,xmax,ymax,split"]
    for name, boxes in TRUTH.items():
        picture(home / f"{name}.png")
        lines += [f"{name}.png,{label},{','.join(map(str, box))},{SPLITS[name]}" for label, box in boxes]
        lines += [f"{name}.png,,,,,,{SPLITS[name]}"] * (not boxes)
    (home / "boxes.csv").write_text("\n".join(lines))
    return home / "boxes.csv"


WRITERS = {"coco": coco, "voc": voc, "yolo": yolo, "box_table": box_table}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_boxes_from_every_source(name: str, tmp_path: Path) -> None:
    content = SOURCES.get(name).read(WRITERS[name](tmp_path))
    rows = {file.stem: row for row, file in enumerate(content.columns["image"])}
    assert sorted(rows) == ["a", "b", "c"]
    for key, boxes in TRUTH.items():
        drawn = content.columns["boxes"][rows[key]]
        assert (drawn.height, drawn.width, drawn.labels) == (16, 20, tuple(label for label, _ in boxes))
        np.testing.assert_allclose(
            np.array(drawn.corners).reshape(-1, 4), [box for _, box in boxes] or np.empty((0, 4))
        )
    splits = {split: sorted(content.columns["image"][row].stem for row in own) for split, own in content.splits.items()}
    assert splits == {"train": ["a", "b"], "validation": ["c"]}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_reader_opens_it_opens_alone(name: str, tmp_path: Path) -> None:
    data = open_data(WRITERS[name](tmp_path))
    assert data.sizes == {"train": 2, "validation": 1, "test": 0}
    assert any("2 classes, 3 boxes in 3 pictures" in note for note in data.notes)
    assert any("1 pictures have no box" in note for note in data.notes)


def change(home: Path, name: str, box: tuple[float, float, float, float], label: str = "cat") -> Path:
    """The source with one box, in the picture a, changed."""
    TRUTH_OF_A = TRUTH["a"]
    TRUTH["a"] = [(label, box)]
    try:
        return WRITERS[name](home)
    finally:
        TRUTH["a"] = TRUTH_OF_A


@pytest.mark.parametrize("name", ["coco", "voc", "box_table"])
def test_odd_boxes_are_said_or_refused(name: str, tmp_path: Path) -> None:
    read = SOURCES.get(name).read

    def opened(number: int, *box: float) -> Any:
        return read(change(tmp_path / str(number), name, box))  # type: ignore[arg-type]

    for folder in range(5):
        (tmp_path / str(folder)).mkdir()
    clipped = opened(0, -2, 3, 9, 40)
    drawn = next(each for each in clipped.columns["boxes"] if "cat" in each.labels)
    assert drawn.corners == ((0.0, 3.0, 9.0, 16.0),)
    assert any("1 boxes reach beyond their picture" in note for note in clipped.notes)
    for number, box, said in ((1, (4, 4, 4, 9), "have no area"), (2, (30, 4, 40, 9), "lie outside of their picture")):
        content = opened(number, *box)
        assert sum(len(each.labels) for each in content.columns["boxes"]) == 1
        assert any(f"1 boxes {said} and are left out, first" in note for note in content.notes)
    with pytest.raises(DataError, match=r"this is no box: its right edge is left") as raised:
        opened(3, 9, 4, 2, 9)
    assert str(tmp_path / "3") in raised.value.where
    with pytest.raises(DataError, match=r"no box|the box is not whole"):
        opened(4, float("nan"), 4, 9, 9)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_picture_is_refused_by_name(name: str, tmp_path: Path) -> None:
    place = WRITERS[name](tmp_path)
    next(tmp_path.rglob("b.png")).unlink()
    with pytest.raises(DataError, match="the picture is not there") as raised:
        SOURCES.get(name).read(place)
    assert "b" in f"{raised.value.where} {raised.value.expected}"


@pytest.mark.parametrize("name", ["coco", "voc"])
def test_a_picture_of_another_size_is_refused(name: str, tmp_path: Path) -> None:
    place = WRITERS[name](tmp_path)
    picture(next(tmp_path.rglob("b.png")), (32, 40))
    with pytest.raises(DataError, match="another size than its boxes were drawn for") as raised:
        SOURCES.get(name).read(place)
    assert (raised.value.expected, raised.value.got) == ("20×16 pixels", "40×32")


def test_coco_refuses_what_it_does_not_list(tmp_path: Path) -> None:
    place, file = coco(tmp_path), tmp_path / "instances_train.json"
    document = json.loads(file.read_text())
    for change, message in (
        ({"category_id": 77}, "the box is of a class that is not listed"),
        ({"image_id": 77}, "the box is of a picture that is not listed"),
        ({"bbox": [1, 2, 3]}, "is not as COCO has it"),
        ({"category_id": True}, "is not as COCO has it"),
    ):
        altered = json.loads(json.dumps(document))
        altered["annotations"][1].update(change)
        file.write_text(json.dumps(altered))
        with pytest.raises(DataError, match=message) as raised:
            SOURCES.get("coco").read(place)
        assert raised.value.where == f"{file}: annotations 1"
    document["annotations"][1]["iscrowd"] = 1
    file.write_text(json.dumps(document))
    content = SOURCES.get("coco").read(place)
    assert any("1 boxes are of crowds and left out" in note for note in content.notes)
    document["images"][0]["file_name"] = "../../../etc/passwd"
    file.write_text(json.dumps(document))
    with pytest.raises(DataError, match="the path leads out of the folder"):
        SOURCES.get("coco").read(place)


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><annotation/>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation/>',
        "<annotation><object>",
        "<annotation>&x;</annotation>",
        "<annotation><object><name>a</name></object></annotation>",
        "<scene/>",
        "<annotation>" * 20_000,
    ],
)
def test_voc_reads_elements_alone(text: str, tmp_path: Path) -> None:
    place = voc(tmp_path)
    (tmp_path / "Annotations" / "a.xml").write_text(text)
    with pytest.raises(DataError) as raised:
        SOURCES.get("voc").read(place)
    assert "a.xml" in raised.value.where


def test_voc_counts_from_one_unless_told(tmp_path: Path) -> None:
    place = voc(tmp_path)
    drawn = SOURCES.get("voc").read(place, first=0).columns["boxes"]
    assert any((12.0, 2.0, 13.0, 3.0) in each.corners for each in drawn)


def test_voc_beside_the_pictures(tmp_path: Path) -> None:
    place = voc(tmp_path / "voc")
    home = tmp_path / "flat"
    for name, split in SPLITS.items():
        (home / split).mkdir(parents=True, exist_ok=True)
        shutil.copy(place / "JPEGImages" / f"{name}.png", home / split)
        shutil.copy(place / "Annotations" / f"{name}.xml", home / split)
    assert {split: len(rows) for split, rows in SOURCES.get("voc").read(home).splits.items()} == {
        "train": 2, "validation": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 0.5 0.5 0.2", "the line is no box"),
        ("0 0.1 0.1 0.2 0.1 0.2 0.2", "the line is no box"),
        ("cat 0.5 0.5 0.2 0.2", "the line is no box"),
        ("0 50 50 20 20", "the box is not in shares of its picture"),
        ("0 nan 0.5 0.2 0.2", "the box is not in shares of its picture"),
        ("7 0.5 0.5 0.2 0.2", "the class has no name"),
    ],
)
def test_yolo_lines_are_checked(line: str, message: str, tmp_path: Path) -> None:
    place = yolo(tmp_path)
    file = tmp_path / "labels" / "train" / "a.txt"
    file.write_text(f"0 0.5 0.5 0.2 0.2\n{line}\n")
    with pytest.raises(DataError, match=message) as raised:
        SOURCES.get("yolo").read(place)
    assert raised.value.where == f"{file}: line 2"


def test_yolo_names_are_data(tmp_path: Path) -> None:
    place = yolo(tmp_path)
    (tmp_path / "data.yaml").write_text("names: !!python/object/apply:os.system [ls]\n")
    with pytest.raises(DataError, match="the names of the classes can't be read"):
        SOURCES.get("yolo").read(place)
    (tmp_path / "data.yaml").write_text("names: [cat, cat]\n")
    with pytest.raises(DataError, match="the names of the classes can't be used"):
        SOURCES.get("yolo").read(place)
    (tmp_path / "data.yaml").unlink()
    assert SOURCES.get("yolo").read(place).kinds == {"boxes": {"boxes": {"classes": []}}}


def test_a_table_is_checked(tmp_path: Path) -> None:
    place = box_table(tmp_path)
    text = place.read_text()
    for altered, message in (
        (text.replace("dog,0.0", ",0.0"), "row 3: the box is not whole"),
        (text.replace("11.0,1.0", "eleven,1.0"), "row 4: the box is no four numbers"),
        (text.replace("val", "holdout"), "row 5: the split is none"),
        (
            text.replace("a.png,cat,2.0,3.0,9.0,15.0,train", "a.png,cat,2,3,9,15,val"),
            "row 3: a picture is in two splits",
        ),
    ):
        place.write_text(altered)
        with pytest.raises(DataError, match=message):
            SOURCES.get("box_table").read(place)
