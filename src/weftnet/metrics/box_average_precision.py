"""Mean average precision of boxes, as COCO has it: how well what is found is ranked before what is not there.

    a found box is right if its IoU with a true box of its class, which no surer one has taken, is at least `overlap`
    AP    mean over 101 recalls 0, 0.01 … 1 of the highest precision at this recall or a higher one
    mAP   mean of AP over the classes that occur, and over the overlaps 0.5, 0.55 … 0.95, or at the one that is given

Source: T.-Y. Lin and others, Microsoft COCO, 2014, https://arxiv.org/abs/1405.0312; computed by pycocotools
(https://github.com/cocodataset/cocoapi, BSD), with at most 100 boxes of a picture; `pip install 'weftnet[boxes]'`.
"""

import contextlib
import io
from typing import Any

import numpy as np
import torch
from torch import Tensor

from weftnet.base.extras import need
from weftnet.data.outputs import Outputs, chosen
from weftnet.metrics._metric import Metric

#: boxes of a picture that count
_MOST = 100


class BoxAveragePrecision(Metric, better="max", unit="share"):
    """From boxes (batch, n, 6) – corners, likelihood, class – and true ones (batch, m, 5); class −1 for none.

    Args:
        overlap: the IoU from which a box is right; None for the mean over 0.5 … 0.95.
    """

    def __init__(self, overlap: float | None = None) -> None:
        need("pycocotools", extra="boxes", what="the mean average precision")
        self.overlap = overlap
        super().__init__()

    def reset(self) -> None:
        """Forget every batch."""
        self._found: list[np.ndarray[Any, Any]] = []
        self._true: list[np.ndarray[Any, Any]] = []

    def update(self, outputs: Outputs, target: Tensor) -> None:
        """Keep what is there."""
        for rows, kept in ((chosen(outputs), self._found), (target, self._true)):
            kept += [each[each[:, -1] >= 0] for each in rows.detach().cpu().double().numpy()]

    def compute(self) -> float:
        """Over all pictures; NaN where no box is true."""
        return float(average_precisions(self._found, self._true, self.overlap)[1])


def average_precisions(
    found: list[np.ndarray[Any, Any]], true: list[np.ndarray[Any, Any]], overlap: float | None = None
) -> tuple[dict[int, np.ndarray[Any, Any]], float]:
    """Precision at 101 recalls of each class, the mean over the overlaps; and the mean average precision.

    Args:
        found: of each picture (n, 6).
        true: of each picture (m, 5).
        overlap: as of the metric.
    """
    if not any(map(len, true)):
        return {}, float("nan")
    coco, evaluation = (need(f"pycocotools.{name}", extra="boxes", what="it") for name in ("coco", "cocoeval"))
    classes = sorted({int(each) for rows in true for each in rows[:, 4]})
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does
        truth, results = coco.COCO(), coco.COCO()
        images = [{"id": number} for number in range(len(true))]
        for each, rows in ((truth, true), (results, found)):
            annotations = [
                {**_box(row), "id": number, "image_id": picture}
                for number, (picture, row) in enumerate(
                    ((picture, row) for picture, several in enumerate(rows) for row in several), 1
                )
            ]
            each.dataset = {"images": images, "categories": [{"id": n} for n in classes], "annotations": annotations}
            each.createIndex()
        asked = evaluation.COCOeval(truth, results, "bbox")
        asked.params.catIds, asked.params.imgIds = classes, list(range(len(true)))
        asked.params.maxDets, asked.params.areaRng, asked.params.areaRngLbl = [_MOST], [[0, 1e10]], ["all"]
        if overlap is not None:
            asked.params.iouThrs = np.array([overlap])
        asked.evaluate()
        asked.accumulate()
    precision = asked.eval["precision"][:, :, :, 0, 0]  # (overlaps, recalls, classes)
    return {label: precision[:, :, place].mean(0) for place, label in enumerate(classes)}, float(precision.mean())


def _box(row: np.ndarray[Any, Any]) -> dict[str, Any]:
    """A box as COCO has it."""
    left, top, right, bottom = row[:4].tolist()
    width, height = right - left, bottom - top
    own = {"bbox": [left, top, width, height], "area": width * height, "iscrowd": 0, "category_id": int(row[-1])}
    return own | ({"score": float(row[4])} if len(row) > 5 else {})


def example(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """True boxes, and found ones that are near them."""
    corners = torch.rand(12, 4, 2, generator=generator, dtype=torch.float64) * 40
    sides = 10 + 20 * torch.rand(12, 4, 2, generator=generator, dtype=torch.float64)
    boxes = torch.cat([corners, corners + sides], 2)
    labels = torch.randint(0, 3, (12, 4, 1), generator=generator).double()
    moved = boxes + 2 * torch.randn(12, 4, 4, generator=generator, dtype=torch.float64)
    sure = torch.rand(12, 4, 1, generator=generator, dtype=torch.float64)
    return torch.cat([moved, sure, labels], 2), torch.cat([boxes, labels], 2)
