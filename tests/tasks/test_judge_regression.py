"""The judge of regression, in the target's own unit."""

import numpy as np
import pytest
from judging import figures, judged, texts
from scipy import stats

from weftnet.base.figures import Histogram, Paragraph, Scatter
from weftnet.tasks.regression.task import Regression

TASK = Regression(mean=200.0, scale=5.0)


def test_errors_interval_and_baseline() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(size=300)
    outputs = truth + rng.normal(0.2, 0.4, 300)
    error = 5 * (outputs - truth)
    judgement = judged(TASK, "regression", outputs[:, None], truth)
    wanted = stats.bootstrap(
        (error**2,), lambda x, axis: np.sqrt(x.mean(axis)), method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert judgement.interval is not None
    assert (judgement.interval.low, judgement.interval.high) == pytest.approx((wanted.low, wanted.high), rel=0.02)
    assert judgement.baseline is not None
    assert judgement.baseline.score == pytest.approx(np.sqrt(np.mean((5 * truth) ** 2)))
    assert judgement.baseline.what == "always the mean, 200"
    scatter, histogram, _ = figures(judgement, "Errors")
    assert isinstance(scatter, Scatter)
    assert isinstance(histogram, Histogram)
    assert scatter.across == pytest.approx(5 * truth + 200)
    assert scatter.up == pytest.approx(5 * outputs + 200)
    assert histogram.values == pytest.approx(error)
    assert f"{error.mean():.4g} above the truth" in texts(judgement, "Errors")
    assert f"off by less than {np.median(abs(error)):.4g}" in texts(judgement, "Errors")


def test_the_worst_have_the_largest_errors() -> None:
    worst = judged(TASK, "regression", [[0.0], [1.0], [-3.0]], [0.1, 1.0, 0.0]).worst
    assert worst is not None
    assert [case.place for case in worst.cases] == [2, 0, 1]
    assert worst.best == 1
    words = [each.text for each in worst.cases[0].figures if isinstance(each, Paragraph)]
    assert words == ["185 predicted", "200 true"]
