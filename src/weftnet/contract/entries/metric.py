"""A metric: `Metric(**facts)` with `name`, `better`, `unit`, `update`, `compute`, `reset`; see `weftnet.metrics`.

It is tried on its own `example(generator) → (outputs, target)`, an attribute or a function beside it, or on the first
of the usual outputs and targets that it takes; what else its constructor asks for are the usual facts of a task.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from weftnet.contract._check import Check, checks, documented, expect
from weftnet.contract._examples import Pair, example
from weftnet.errors import WeftnetError
from weftnet.metrics import METRICS

#: facts that a task may give to a metric, to try it with
_FACTS: dict[str, Any] = {"classes": 4, "labels": ["a", "b", "c"], "scale": 2.0, "mean": 1.0, "vocabulary": 4}


@dataclass(frozen=True)
class _Case:
    make: Callable[[], Any]
    outputs: Tensor
    target: Tensor

    def value(self, *bounds: int) -> float:
        """The number over batches that end at these rows."""
        metric, start = self.make(), 0
        for end in (*bounds, len(self.outputs)):
            metric.update(self.outputs[start:end], self.target[start:end])
            start = end
        return float(metric.compute())


def metric(name: str) -> list[Check]:
    """The checks of a metric."""
    return checks(name, _case, [_described, _a_number, _splits, _resets, _undefined, _leaves_its_input, _documented])


def _case(name: str) -> _Case:
    cls = METRICS.get(name)
    asked = inspect.signature(cls).parameters
    facts = {key: value for key, value in _FACTS.items() if key in asked}

    def make() -> Any:
        return cls(**facts)

    def takes(pair: Pair) -> None:
        tried = make()
        tried.update(*pair)
        if not math.isfinite(float(tried.compute())):
            raise ValueError("the number is not finite")

    outputs, target = (each.double() if each.is_floating_point() else each for each in example(cls, takes))
    return _Case(make, outputs, target)


def _described(case: _Case) -> None:
    """It says its name, its direction and its unit."""
    metric = case.make()
    expect(isinstance(getattr(metric, "name", None), str) and bool(metric.name), "it has no name")
    directions, units = ("max", "min", ""), ("share", "nats", "target", "")
    expect(metric.better in directions, "its direction", expected=str(directions), got=repr(metric.better))
    expect(metric.unit in units, "its unit", expected=str(units), got=repr(metric.unit))


def _a_number(case: _Case) -> None:
    """It is one finite number; a share lies between 0 and 1."""
    value = case.value()
    expect(math.isfinite(value), "the number is not finite", got=str(value))
    if case.make().unit == "share":
        expect(0 <= value <= 1, "a share leaves 0 … 1", got=str(value))


def _splits(case: _Case) -> None:
    """However the rows are split into batches, it is the same."""
    whole = case.value()
    for bounds in ((4,), (1, 2, 7), tuple(range(1, len(case.outputs)))):
        parts = case.value(*bounds)
        close = math.isclose(whole, parts, rel_tol=1e-9, abs_tol=1e-12)
        what, fix = "other batches give another number", "add sums up over the batches, and divide in `compute`"
        expect(close, what, expected=str(whole), got=str(parts), fix=fix)


def _resets(case: _Case) -> None:
    """After a reset it has forgotten everything."""
    metric = case.make()
    metric.update(case.outputs.flip(-1) * 3, case.target)
    metric.reset()
    metric.update(case.outputs, case.target)
    value, expected = float(metric.compute()), case.value()
    expect(value == expected, "the number after a reset is another", expected=str(expected), got=str(value))


def _undefined(case: _Case) -> None:
    """Of no rows it is NaN, refused, or the worst: never a good score."""
    metric = case.make()
    try:
        metric.update(case.outputs[:0], case.target[:0])
        value = float(metric.compute())
    except WeftnetError:
        return
    worst = value == 0 and metric.better == "max"
    fix = "return NaN where it is not defined"
    expect(math.isnan(value) or worst, "the number of nothing", expected="NaN", got=str(value), fix=fix)


def _leaves_its_input(case: _Case) -> None:
    """Outputs and target stay as they are."""
    outputs, target = case.outputs.clone(), case.target.clone()
    case.make().update(outputs, target)
    same = torch.equal(outputs, case.outputs) and torch.equal(target, case.target)
    expect(same, "outputs or target were changed in place", fix="work on a copy")


def _documented(case: _Case) -> None:
    """It says what it is."""
    documented(type(case.make()))
