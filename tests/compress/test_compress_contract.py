"""What is accepted, what is kept, what is chosen."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.base.scores import Score
from weftnet.compose import build
from weftnet.compress.contract import Goal, Row, choose, drop, frontier, judge
from weftnet.compress.layers import layer_families
from weftnet.compress.measure import Timing
from weftnet.errors import SettingError


def row(name: str, size: int = 500, latency: float = 0.5, lost: float = 0.0, speedup: float = 2.0) -> Row:
    timing = Timing(latency, latency, latency, 1.0, speedup, speedup - 0.1, speedup + 0.1, speedup, 30)
    return Row(name, "refused", bytes=size, timing=timing, score=0.9, drop=lost)


BASE = replace(row("run", 1000, 1.0, speedup=1.0), verdict="baseline")
points = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.tuples(*[st.integers(0, 5).map(float)] * 3), max_size=12
)


def dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True)) and any(a < b for a, b in zip(one, other, strict=True))


@given(points)
def test_no_kept_point_is_dominated_and_every_dropped_one_is(candidates: dict[str, tuple[float, float, float]]) -> None:
    kept = frontier(candidates)
    assert kept <= candidates.keys()
    assert bool(kept) == bool(candidates)
    for name, point in candidates.items():
        assert any(dominates(candidates[other], point) for other in kept) == (name not in kept)


@given(st.lists(st.tuples(st.integers(1, 2000), st.floats(0.1, 2.0), st.floats(-1.0, 1.5)), max_size=8))
def test_what_is_kept_is_within_all_bounds(figures: list[tuple[int, float, float]]) -> None:
    rows = [row(str(i), size, time, lost, 1 / time) for i, (size, time, lost) in enumerate(figures)]
    for each in judge([BASE, *rows], Goal(0.5))[1:]:
        assert each.timing is not None
        good = each.bytes < 1000 and each.timing.speedup_low > 1 and each.drop <= 0.5
        assert (each.verdict == "refused") == (not good)
        assert bool(each.reason) == (each.verdict != "kept")


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (row("x", size=1000), "not smaller: 1000 B against 1000 B"),
        (row("x", speedup=1.05), "not faster: 1.05 × (0.95 … 1.15)"),
        (row("x", lost=0.51), "loses 0.51, more than 0.5"),
        (
            row("x", 2000, speedup=0.5, lost=3),
            "not smaller: 1.95 KiB against 1000 B; not faster: 0.50 × (0.40 … 0.60); loses 3.00, more than 0.5",
        ),
    ],
)  # fmt: skip
def test_a_refusal_states_every_reason(candidate: Row, reason: str) -> None:
    result = judge([BASE, candidate], Goal())[1]
    assert (result.verdict, result.reason) == ("refused", reason)


def test_one_that_is_worse_in_everything_is_dominated() -> None:
    rows = judge([BASE, row("good", 400, 0.4), row("worse", 500, 0.5), row("small", 100, 0.6)], Goal())
    assert [each.verdict for each in rows] == ["baseline", "kept", "dominated", "kept"]


def test_baselines_and_what_does_not_apply_stay_as_they_are() -> None:
    onnx, none = replace(BASE, name="onnx"), Row("low_rank", "not applicable", "no layer")
    assert judge([BASE, onnx, none], Goal()) == [BASE, onnx, none]


def test_the_fastest_is_chosen_if_it_reaches_the_target() -> None:
    rows = {"slow": row("slow", latency=0.004), "fast": row("fast", latency=0.003)}
    assert choose(rows, Goal())[0] == choose(rows, Goal(target_latency=0.003))[0] == "fast"
    assert choose(rows, Goal(target_latency=0.002)) == (None, "none reaches 2 ms: fast is the fastest with 3 ms")
    assert choose({}, Goal()) == (None, "nothing is smaller and faster and within the drop")


def test_drops_are_points_of_shares_and_per_cent_of_errors() -> None:
    assert drop(Score("accuracy", "max", "share"), 0.929, 0.925) == pytest.approx(0.4)
    assert drop(Score("accuracy", "max", "share"), 0.9, 0.91) == pytest.approx(-1.0)
    assert drop(Score("rmse", "min", "target"), 2.0, 2.02) == pytest.approx(1.0)
    assert drop(Score("r2", "max"), 0.5, 0.49) == pytest.approx(2.0)


@pytest.mark.parametrize("wrong", [{"max_drop": -0.1}, {"max_drop": float("nan")}, {"target_latency": 0.0}])
def test_an_invalid_goal(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingError, match=r"max_drop|target_latency"):
        Goal(**wrong)


@pytest.mark.parametrize(("block", "signal", "found"), [
    ({"dense": {"dim": 3}}, "vector:4", {"linear"}),
    ({"conv1d": {"dim": 3}}, "series:9x4", {"conv"}),
    ({"embedding": {"dim": 3}}, "tokens:9,vocabulary=5", {"embedding"}),
    ({"gru": {"dim": 3}}, "series:9x4", {"GRU"}),
    ({"lstm": {"dim": 3}}, "series:9x4", {"LSTM"}),
    ({"multi_head_attention": {"heads": 2}}, "series:9x4", {"attention", "linear"}),
    ({"transformer_encoder_layer": {"heads": 2}}, "series:9x4", {"attention", "linear"}),
    ({"relu": {}}, "vector:4", set()),
])  # fmt: skip
def test_families_of_layers(block: dict[str, dict[str, int]], signal: str, found: set[str]) -> None:
    network = build(from_dict(block), {"network": {"x": parse(signal)}})["network"]
    assert {name for name, there in layer_families(network).items() if there} == found
