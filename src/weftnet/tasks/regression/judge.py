"""Regression, judged: how far the predictions are from the truth, in the target's own unit.

loss       (y − t)², of each example
interval   of the RMSE: bootstrap over the examples
baseline   always the mean of the training split
"""

import math

import numpy as np
from numpy.typing import NDArray

from weftnet.base.figures import Group, Histogram, Paragraph, Scatter, Span
from weftnet.base.numbers import number
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import bootstrapped_mean
from weftnet.tasks.regression.task import Regression

_WORST = 12
_EXACT = "Each point is an example: on the dashed line it is predicted exactly. Look for a bend, or where they scatter."
_NARROW = (
    "How far predictions are off: they should lie close around the dashed line; a long tail is of a few gross errors."
)


def regression(task: Regression, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no examples, or they have no number.
    """
    gathered = answered.gathered()
    answer, truth = (_in_units(each.numpy(), task) for each in (gathered.outputs, gathered.target))
    squares = (answer - truth) ** 2
    worst = np.argsort(-squares, kind="stable")[:_WORST].tolist()
    cases = (Case(i, int(gathered.rows[i]), _told(answer[i], truth[i])) for i in worst)
    return Judgement(
        interval=_bounds(squares),
        baseline=Baseline(float(((truth - task.mean) ** 2).mean() ** 0.5), f"always the mean, {number(task.mean)}"),
        sections=(_errors(answer, truth),),
        worst=Worst(tuple(cases), "largest errors", best=int(squares.argmin())),
    )


def _bounds(squares: NDArray[np.float64]) -> Bounds | None:
    bounds = bootstrapped_mean(squares)
    return Bounds(math.sqrt(bounds[0]), math.sqrt(bounds[1]), "bootstrap, over the examples") if bounds else None


def _in_units(values: NDArray[np.float32], task: Regression) -> NDArray[np.float64]:
    return values.astype(np.float64).reshape(-1) * task.scale + task.mean


def _errors(answer: NDArray[np.float64], truth: NDArray[np.float64]) -> Section:
    """Predictions over truth, a histogram of the errors, and a sentence."""
    error = answer - truth
    mean, median = float(error.mean()), float(np.median(np.abs(error)))
    summary = f"Predictions are {number(abs(mean))} {'above' if mean > 0 else 'below'} the truth on average; "
    summary += f"half of them are off by less than {number(median)}."
    drawn = (
        Scatter(truth, answer, "truth", "prediction", _EXACT),
        Histogram(error, "prediction − truth", _NARROW),
    )
    return Section("Errors", (Group(drawn), Paragraph(summary)))


def _told(answer: float, truth: float) -> tuple[Paragraph, ...]:
    return Paragraph((Span(number(answer), "wrong"), " predicted")), Paragraph(f"{number(truth)} true")
