"""What the reason says of networks and baselines."""

from weftnet.base.intervals import interval
from weftnet.base.scores import Score
from weftnet.compete.competition import Standing, against_baselines

ACCURACY = Score("accuracy", "max", "share")


def standing(name: str, score: float, baseline: bool = False) -> Standing:
    return Standing(name, interval([score]), None, 1, 1, 1.0, 1.0, baseline=baseline)


def test_a_network_that_loses_is_told_so() -> None:
    first, ridge, last = standing("mlp", 0.9), standing("ridge", 0.8, baseline=True), standing("cnn", 0.7)
    said = against_baselines([first, ridge, last], ACCURACY)
    assert "the best baseline, ridge, has" in said
    assert "cnn did not beat it" in said
    assert "no network beat the baseline ridge" in against_baselines([ridge, first, last], ACCURACY)
    assert "did not beat" not in against_baselines([first, ridge], ACCURACY)


def test_without_both_nothing_is_said() -> None:
    assert against_baselines([standing("mlp", 0.9)], ACCURACY) == ""
    assert against_baselines([standing("ridge", 0.9, baseline=True)], ACCURACY) == ""
    assert against_baselines([], ACCURACY) == ""


def test_a_baseline_is_marked() -> None:
    assert standing("ridge", 0.8, baseline=True).label == "ridge (baseline)"
    assert standing("mlp", 0.8).label == "mlp"
