"""The jackknife of a metric: pseudo-values of groups of examples, against the metric computed without them."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from weftnet.data.batch import Batch
from weftnet.metrics._left_out import MOST, MOST_OF_ALL, LeftOut
from weftnet.metrics._metric import Metric, On
from weftnet.metrics.accuracy import Accuracy
from weftnet.metrics.auroc import Auroc
from weftnet.metrics.macro_f1 import MacroF1
from weftnet.metrics.mean import Mean
from weftnet.metrics.rmse import Rmse


def batches(sizes: list[int]) -> list[Batch]:
    return [Batch({"x": torch.zeros(size, 1)}, {}, {}, torch.arange(size)) for size in sizes]


def seen(metric: Metric, outputs: Tensor, target: Tensor, sizes: list[int], rows: int = 1) -> list[float]:
    """Its pseudo-values after batches of these sizes, whose examples have so many rows."""
    left, start = LeftOut(metric), 0
    for batch in left.of_batches(batches(sizes)):
        end = start + batch.size * rows
        left.update(outputs[start:end], target[start:end])
        start = end
    return left.values()


def direct(metric: Metric, outputs: Tensor, target: Tensor, groups: Iterator[slice]) -> list[float]:
    def over(keep: Tensor) -> float:
        metric.reset()
        metric.update(outputs[keep], target[keep])
        return float(metric.compute())

    def without(group: slice) -> float:
        keep = torch.ones(len(outputs), dtype=torch.bool)
        keep[group] = False
        return over(keep)

    parts = [without(group) for group in groups]
    whole = over(torch.ones(len(outputs), dtype=torch.bool))
    return [len(parts) * whole - (len(parts) - 1) * part for part in parts]


def test_of_a_mean_they_are_the_examples() -> None:
    outputs, target = torch.randn(30, 3), torch.randint(0, 3, (30,))
    values = seen(Accuracy(), outputs, target, [16, 14])
    assert values == pytest.approx((outputs.argmax(1) == target).double().tolist())


@pytest.mark.parametrize("metric", [MacroF1, Accuracy])
@pytest.mark.parametrize("rows", [1, 4])
def test_examples_of_several_rows_stay_whole(metric: type[Metric], rows: int) -> None:
    outputs, target = torch.randn(40 * rows, 2), torch.randint(0, 2, (40 * rows,))
    groups = (slice(start, start + rows) for start in range(0, 40 * rows, rows))
    expected = direct(metric(), outputs, target, groups)
    assert seen(metric(), outputs, target, [25, 15], rows) == pytest.approx(expected)


def test_a_metric_of_all_examples() -> None:
    outputs, target = torch.randn(100, 2), torch.arange(100) % 2
    groups = (slice(start, start + 2) for start in range(0, 100, 2))
    assert seen(Auroc(), outputs, target, [64, 36]) == pytest.approx(direct(Auroc(), outputs, target, groups))
    assert len(seen(Auroc(), outputs, target, [64, 36])) == MOST_OF_ALL


def test_many_examples_are_grouped_with_their_neighbours() -> None:
    outputs, target = torch.randn(MOST + 100, 2), torch.randint(0, 2, (MOST + 100,))
    values = seen(Accuracy(), outputs, target, [MOST, 100])
    pairs = (outputs.argmax(1) == target).double().reshape(-1, 2).mean(1)
    assert values == pytest.approx(pairs.tolist())


def test_the_spread_is_that_of_the_metric_over_samples() -> None:
    """Root mean squares of 60 samples spread as the jackknife of one says."""
    torch.manual_seed(0)
    found = [float(torch.randn(400).square().mean().sqrt()) for _ in range(60)]
    values = torch.tensor(seen(Rmse(), torch.randn(400), torch.zeros(400), [400]))
    assert float(values.std() / 400**0.5) == pytest.approx(float(torch.tensor(found).std()), rel=0.3)


def test_parts_of_a_batch_are_not_taken_apart() -> None:
    left = LeftOut(Accuracy())
    outputs, target = torch.randn(8, 2), torch.randint(0, 2, (8,))
    for _ in left.of_batches(batches([4])):
        left.update(outputs[:4], target[:4])
        left.update(outputs[4:], target[4:])
    assert len(left.values()) == 2


def test_of_several_outputs_the_metric_reads_its_own() -> None:
    gap = torch.randn(6)
    left = LeftOut(On("gap", Mean("max")))
    for _ in left.of_batches(batches([6])):
        left.update({"y": torch.zeros(6), "gap": gap}, torch.empty(0))
    assert left.values() == pytest.approx(gap.double().tolist())


def test_what_is_not_defined_has_none() -> None:
    assert LeftOut(Accuracy()).values() == []
    assert seen(Auroc(), torch.randn(4, 2), torch.zeros(4, dtype=torch.long), [4]) == []
