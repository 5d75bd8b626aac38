"""What judges compute from counts and probabilities, against scikit-learn and torchmetrics."""

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, precision_recall_fscore_support
from torchmetrics.functional.classification import multiclass_calibration_error

from weftnet.base.scores import Score
from weftnet.metrics._counts import of_classes
from weftnet.metrics._ranking import Ranking
from weftnet.tasks._calibration import calibration
from weftnet.tasks._judgement import Bounds


@pytest.mark.parametrize("seed", range(3))
def test_precision_recall_and_f1(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, answer = rng.integers(0, 6, (2, 40))  # class 6 neither occurs nor is predicted
    truth[truth == 5] = 4
    answer[answer == 3] = 2
    counts = np.zeros((7, 7), int)
    np.add.at(counts, (truth, answer), 1)
    found = of_classes(torch.from_numpy(counts))
    wanted = precision_recall_fscore_support(truth, answer, labels=range(7), zero_division=np.nan)
    for scores, each in zip(found, wanted, strict=False):
        assert scores.tolist() == pytest.approx(each.tolist(), nan_ok=True)


@pytest.mark.parametrize("seed", range(5))
def test_weights_count_repeated_examples(seed: int) -> None:
    rng = np.random.default_rng(seed)
    positive = rng.random(31) < 0.3
    score = np.round(np.clip(0.3 * positive + 0.7 * rng.random(31), 0, 1), 1)  # with ties
    ranking = Ranking.of(torch.from_numpy(score), torch.from_numpy(positive))
    assert float(ranking.average_precision()) == pytest.approx(average_precision_score(positive, score))
    places = rng.integers(0, 31, 31)
    weights = torch.bincount(torch.from_numpy(places), minlength=31)
    wanted = average_precision_score(positive[places], score[places])
    assert float(ranking.average_precision(weights)) == pytest.approx(wanted)
    assert ranking.average_precision(torch.zeros(31)).isnan()


def test_calibration_against_torchmetrics() -> None:
    drawn = torch.Generator().manual_seed(2)
    p = (3 * torch.randn(500, 7, generator=drawn, dtype=torch.float64)).softmax(1)
    truth = torch.where(torch.rand(500, generator=drawn) < 0.6, p.argmax(1), torch.randint(7, (500,), generator=drawn))
    sure, answer = p.max(1)
    result = calibration(sure.numpy(), (answer == truth).numpy())
    assert result.ece == pytest.approx(float(multiclass_calibration_error(p, truth, 7, n_bins=15)), abs=1e-6)
    assert sum(count for *_, count in result.bins) == 500


def test_bounds_are_written_in_the_scores_unit() -> None:
    assert Bounds(0.9627, 0.9912, "").text(Score("accuracy", "max", "share")) == "96.27 – 99.12 %"
    assert Bounds(-26.49553, -25.8418, "").text(Score("elbo", "max", "nats")) == "-26.4955 to -25.8418"
