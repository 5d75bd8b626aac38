"""The mean average precision: equal to what pycocotools says of the same boxes in files, and to a loop."""

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from weftnet.errors import MissingExtra
from weftnet.metrics.box_average_precision import BoxAveragePrecision, example


def padded(seed: int) -> tuple[Tensor, Tensor]:
    """Found and true boxes of which rows have different numbers."""
    found, true = example(torch.Generator().manual_seed(seed))
    found, true = torch.cat([found, found + 3], 1), true.clone()
    draw = torch.Generator().manual_seed(seed + 1)
    found[..., 4] = torch.rand(found.shape[:2], generator=draw, dtype=torch.float64)
    found[torch.rand(found.shape[:2], generator=draw) < 0.2, 5] = -1
    true[torch.rand(true.shape[:2], generator=draw) < 0.3, 4] = -1
    true[3, :, 4] = -1
    return found, true


def by_files(found: Tensor, true: Tensor, folder: Path) -> Any:
    """pycocotools' own way: files of annotations and results, all of its defaults."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def rows(boxes: Tensor) -> list[dict[str, Any]]:
        every = [(n, row) for n, several in enumerate(boxes.tolist()) for row in several if row[-1] >= 0]
        return [
            {"id": k, "image_id": n, "category_id": int(row[-1]), "iscrowd": 0,
             "bbox": [row[0], row[1], row[2] - row[0], row[3] - row[1]], "area": (row[2] - row[0]) * (row[3] - row[1])}
            | ({"score": row[4]} if len(row) > 5 else {})
            for k, (n, row) in enumerate(every, 1)
        ]  # fmt: skip

    images, classes = [{"id": n} for n in range(len(true))], [{"id": n, "name": str(n)} for n in range(3)]
    (folder / "true.json").write_text(json.dumps({"images": images, "categories": classes, "annotations": rows(true)}))
    (folder / "found.json").write_text(json.dumps(rows(found)))
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(folder / "true.json"))
        evaluation = COCOeval(truth, truth.loadRes(str(folder / "found.json")), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats


@pytest.mark.parametrize("seed", range(3))
def test_equals_pycocotools(seed: int, tmp_path: Path) -> None:
    found, true = padded(seed)
    stats = by_files(found, true, tmp_path)
    for overlap, expected in ((None, stats[0]), (0.5, stats[1]), (0.75, stats[2])):
        metric = BoxAveragePrecision(overlap)
        for start in range(0, len(found), 5):
            metric.update(found[start : start + 5], true[start : start + 5])
        assert metric.compute() == pytest.approx(expected, abs=1e-12)


def test_one_class_by_hand() -> None:
    """Three things; right, wrong, right in the order of likelihood: precision 1, 1/2, 2/3 at recalls 1/3, 1/3, 2/3."""
    true = torch.tensor([[[0, 0, 10, 10, 0], [20, 0, 30, 10, 0], [40, 0, 50, 10, 0.0]]])
    found = torch.tensor([
        [[0, 0, 10, 10, 0.9, 0], [60, 0, 70, 10, 0.8, 0], [20, 0, 30, 10, 0.7, 0], [0, 0, 0, 0, 0, -1.0]]
    ])  # fmt: skip
    metric = BoxAveragePrecision(0.5)
    metric.update(found, true)
    recalls = np.linspace(0, 1, 101)
    expected = np.where(recalls <= 1 / 3, 1.0, np.where(recalls <= 2 / 3, 2 / 3, 0.0)).mean()
    assert metric.compute() == pytest.approx(float(expected))


def test_without_a_true_box_it_is_not_defined() -> None:
    metric = BoxAveragePrecision()
    metric.update(torch.full((2, 3, 6), -1.0), torch.full((2, 1, 5), -1.0))
    assert np.isnan(metric.compute())


def test_without_pycocotools_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools", None)
    with pytest.raises(MissingExtra, match=r"pip install 'weftnet\[boxes\]'"):
        BoxAveragePrecision()
