"""Metrics that add up the same do it once in an evaluation, without changing a number."""

from typing import Any

import pytest
import torch
from torch import Tensor

from weftnet.metrics import METRICS
from weftnet.metrics._classes import Confusion
from weftnet.metrics._labels import LabelCounts
from weftnet.metrics._metric import Metric, Sums, update_all

CLASSES = ("accuracy", "balanced_accuracy", "macro_f1", "mean_iou")
LABELS = ("label_micro_f1", "label_macro_f1")


def metrics(*names: str, **settings: Any) -> list[Metric]:
    return [METRICS.get(name)(**settings) for name in names]


def batches(labels: bool) -> list[tuple[Tensor, Tensor]]:
    draw = torch.Generator().manual_seed(0)
    logits = [torch.randn(rows, 4, generator=draw) for rows in (1, 7, 12)]
    if labels:
        return [(each, (torch.rand(each.shape, generator=draw) < 0.4).double()) for each in logits]
    return [(each, torch.randint(4, (len(each),), generator=draw)) for each in logits]


@pytest.mark.parametrize(("base", "names"), [(Confusion, CLASSES), (LabelCounts, LABELS)])
def test_counted_once_and_the_same_numbers(
    monkeypatch: pytest.MonkeyPatch, base: type[Sums], names: tuple[str, ...]
) -> None:
    together, calls, sums = [*metrics(*names), *metrics(*names)], [], base.sums

    def counted(self: Any, outputs: Tensor, target: Tensor) -> Tensor:
        calls.append(self.name)
        return sums(self, outputs, target)

    monkeypatch.setattr(base, "sums", counted)
    given = batches(base is LabelCounts)
    for outputs, target in given:
        update_all(together, outputs, target)
    assert len(calls) == len(given)
    for metric, alone in zip(together, [*metrics(*names), *metrics(*names)], strict=True):
        for outputs, target in given:
            alone.update(outputs, target)
        assert float(metric.compute()) == float(alone.compute())
        metric.reset()
        metric.update(*given[0])
        alone.reset()
        alone.update(*given[0])
        assert float(metric.compute()) == float(alone.compute())


def test_other_settings_are_counted_apart() -> None:
    low, high = metrics(LABELS[0], threshold=0.2)[0], metrics(LABELS[0], threshold=0.8)[0]
    for outputs, target in batches(labels=True):
        update_all([low, high], outputs, target)
    assert float(low.compute()) != float(high.compute())


def test_who_adds_up_otherwise_does_so_alone() -> None:
    class Second(METRICS.get("accuracy")):  # type: ignore[misc]
        """Counts the class of a rank, a setting that its base knows nothing of."""

        def __init__(self, rank: int) -> None:
            self.rank = rank
            super().__init__()

        def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
            return super().sums(outputs.argsort(1).roll(self.rank, 1).double(), target)

    several: list[Metric] = [*metrics("accuracy"), Second(1), Second(2)]
    for outputs, target in batches(labels=False):
        update_all(several, outputs, target)
    assert len({float(each.compute()) for each in several}) == 3
