"""Detection: the things in a picture, the surest first."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import Numbers, Quantities
from weftnet.base.placed import Placed, PlacedThings
from weftnet.tasks.detection._coco import coco

#: forms in which answers are written beside those of all tasks: ending → the document
WRITES = {".coco.json": coco}


class Answer(TypedDict):
    """The schema of an answer: boxes are in pixels of a picture of `size`, its height and width.

    Where the picture itself is at hand, that is its own size, otherwise the one that the network reads.
    """

    things: Annotated[list[Placed], PlacedThings(size="size")]
    counts: Annotated[dict[str, int], Quantities()]
    size: Annotated[list[int], Numbers()]


def detection(outputs: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`things`, how many of each class there are, and the `size` of the picture.

    Args:
        outputs: of `infer.py`.
        settings: `labels`, `height` and `width` of the task.
    """
    labels: list[str] = settings["labels"]
    answers = []
    for rows in outputs["boxes"]:
        things = [
            {"label": labels[int(row[5])], "likelihood": float(row[4]), "box": [round(float(v), 2) for v in row[:4]]}
            for row in rows[rows[:, 5] >= 0].astype(np.float64)
        ]
        seen = Counter(str(each["label"]) for each in things)
        counts = {label: seen[label] for label in labels}
        answers.append({"things": things, "counts": counts, "size": [settings["height"], settings["width"]]})
    return answers


def resized(answer: Mapping[str, Any], height: int, width: int) -> dict[str, Any]:
    """The answer for the same picture in another size."""
    before = answer["size"]
    scale = np.array([width / before[1], height / before[0]] * 2)
    things = [{**each, "box": [round(float(v), 2) for v in np.array(each["box"]) * scale]} for each in answer["things"]]
    return {**answer, "things": things, "size": [height, width]}
