"""Multioutput regression, judged: how far the predictions of each target are from the truth, in its own unit.

loss       mean over targets of (y − t)², standardised, of each example
interval   of the RMSE in standard deviations: bootstrap over the examples
baseline   always the means of the training split
"""

import math

import numpy as np
from numpy.typing import NDArray

from weftnet.base.figures import Figure, Group, Paragraph, Scatter, Span, Table
from weftnet.base.numbers import number
from weftnet.errors import DataError
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import bootstrapped_mean
from weftnet.tasks.multioutput_regression.task import MultioutputRegression

Floats = NDArray[np.float64]
#: worst examples; targets that are drawn
_WORST, _DRAWN = 12, 6
_EXACT = "on the dashed line a prediction is exact. Look for a bend, or a part where the points scatter."


def multioutput_regression(task: MultioutputRegression, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no examples, or they lack a target.
    """
    rows, outputs, targets = [], [], []
    for batch, output in answered.pairs():
        rows.append(batch.rows.cpu().numpy())
        outputs.append(output.double().cpu().numpy())
        targets.append(task.truth(batch).double().cpu().numpy())
    if not rows:
        raise DataError("there is nothing to judge", where=answered.data.name, got=f"no {answered.split} examples")
    y, t, numbers = np.concatenate(outputs), np.concatenate(targets), np.concatenate(rows)
    squares = ((y - t) ** 2).mean(1)
    worst = np.argsort(-squares, kind="stable")[:_WORST].tolist()
    answer, truth = (each * np.array(task.scale) + np.array(task.mean) for each in (y, t))
    cases = (Case(i, int(numbers[i]), _told(task.targets, answer[i], truth[i])) for i in worst)
    return Judgement(
        interval=_bounds(squares),
        baseline=Baseline(float(np.sqrt((t**2).mean())), "always the means"),
        sections=(Section("Errors", _errors(task.targets, answer, truth)),),
        worst=Worst(tuple(cases), "largest errors, in standard deviations", best=int(squares.argmin())),
    )


def _bounds(squares: Floats) -> Bounds | None:
    bounds = bootstrapped_mean(squares)
    return Bounds(math.sqrt(bounds[0]), math.sqrt(bounds[1]), "bootstrap, over the examples") if bounds else None


def _errors(targets: list[str], answer: Floats, truth: Floats) -> tuple[Figure, ...]:
    """A table by target, and predictions over truth."""
    error = answer - truth
    spread = ((truth - truth.mean(0)) ** 2).sum(0)
    left = np.divide((error**2).sum(0), spread, out=np.full(len(spread), np.nan), where=spread > 0)
    values = (np.sqrt((error**2).mean(0)), np.abs(error).mean(0), error.mean(0), 1 - left)
    rows = tuple(zip(targets, *(column.tolist() for column in values), strict=True))
    table = Table("targets", ("target", "RMSE", "MAE", "mean error", "R²"), rows, {}, expanded=len(rows) <= _WORST)
    drawn = tuple(
        Scatter(truth[:, k], answer[:, k], "truth", "prediction", f"{name}: {_EXACT}")
        for k, name in enumerate(targets[:_DRAWN])
    )
    return (Group(drawn), table)


def _told(targets: list[str], answer: Floats, truth: Floats) -> tuple[Paragraph, ...]:
    told = zip(targets, answer.tolist(), truth.tolist(), strict=True)
    return tuple(Paragraph((f"{name}: ", Span(number(y), "wrong"), f" for {number(t)}")) for name, y, t in told)
