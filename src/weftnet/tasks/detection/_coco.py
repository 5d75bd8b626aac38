"""Answers as a document of COCO: pictures, categories, and an annotation with its `score` for each box."""

from collections.abc import Iterable, Mapping
from typing import Any


def coco(lines: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The document; pictures and categories are numbered from 1.

    Args:
        lines: answers, each with the name of its example.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    places: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        height, width = line["size"]
        name = str(next(line[key] for key in ("file", "row") if line.get(key) not in (None, "")))
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for label in line["counts"]:
            places.setdefault(label, len(places) + 1)
        for thing in line["things"]:
            left, top, right, bottom = thing["box"]
            wide, high = round(right - left, 2), round(bottom - top, 2)
            annotations.append({
                "id": len(annotations) + 1, "image_id": number, "category_id": places[thing["label"]],
                "bbox": [left, top, wide, high], "area": round(wide * high, 2), "iscrowd": 0,
                "score": thing["likelihood"],
            })  # fmt: skip
    categories = [{"id": place, "name": label} for label, place in places.items()]
    return {"images": images, "categories": categories, "annotations": annotations}
