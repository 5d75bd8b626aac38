"""Plans for answers: the fastest that gives eager's answers, for one example and for many; none slower than eager."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.base.heap import can_keep_memory, pages_fetched
from weftnet.base.onednn import can_use_onednn
from weftnet.base.typed import read
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.data.batch import Batch
from weftnet.errors import DamagedCheckpoint, DataError, SettingError
from weftnet.execution import answering
from weftnet.execution.answering import SIZES, measure, plans_for_answers, resized
from weftnet.execution.executor import Executor
from weftnet.execution.plan import Plan
from weftnet.execution.planned import AnswerPlans, BatchPlan, PlanChoice
from weftnet.run.folder import Run
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

CNN = [
    {"conv2d": {"channels": 6, "bias": False}}, "batch_norm2d", "relu", "max_pool2d",
    {"residual": [{"conv2d": {"channels": 6}}, "batch_norm2d"]}, "flatten", {"dense": {"dim": 9}}, "batch_norm",
]  # fmt: skip


def drawn(blocks: Any = CNN, signal: str = "image:1x8x8") -> nn.ModuleDict:
    """Random weights and running statistics, in evaluation mode."""
    model = build(from_dict({"chain": blocks}), {"network": {"image": parse(signal)}}, seed=2).eval()
    with torch.no_grad():
        for name, values in model.named_buffers():
            if values.is_floating_point():
                values.uniform_(0.3, 2.0) if name.endswith("var") else values.normal_()
    return model


def given(count: int = 5, signal: str = "image:1x8x8") -> Batch:
    return Batch({"image": torch.randn(count, *parse(signal).sizes)}, {}, {}, torch.arange(count))


def clocked(monkeypatch: pytest.MonkeyPatch, seconds: Callable[[Plan], float]) -> None:
    """Passes take what is said."""
    monkeypatch.setattr(answering, "_timed", lambda side, *_: seconds(side.plan))


def test_changes_that_are_faster_stay_and_the_end_is_held_against_eager(monkeypatch: pytest.MonkeyPatch) -> None:
    model = drawn()
    clocked(monkeypatch, lambda plan: (1.0 - 0.5 * plan.fold_norms - 0.2 * plan.pool_first) * 1e-6)
    row = measure(model, given(), 60.0)
    assert (row.batch, row.source) == (5, "measured")
    assert row.plan == Plan(fold_norms=True, pool_first=True)
    verdicts = [each.verdict for each in row.tried]
    assert [verdicts[0], verdicts[1], verdicts[-1]] == ["as written", "kept", "taken"]
    ratios = [each.ratio for each in row.tried if each.plan.pool_first]
    assert ratios[0] == pytest.approx(1 / 0.3)  # of both changes together
    assert ratios[-1] == pytest.approx(1 / 0.3)
    assert all(each.difference is None or each.difference <= 1e-5 for each in row.tried)


@pytest.mark.parametrize("factor", [0.5, 0.99, 1.0, 1.02])
def test_what_wins_too_little_leaves_eager(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    clocked(monkeypatch, lambda plan: 1e-6 if plan == Plan() else 1e-6 / factor)
    row = measure(drawn(), given(), 60.0)
    assert row.plan == Plan()
    assert {each.verdict for each in row.tried[1:]} == {"no gain"}


def test_what_was_a_chance_is_found_out_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Plan] = []

    def seconds(plan: Plan) -> float:
        asked.append(plan)
        return 1e-6 if len(asked) < 12 and plan.fold_norms else 2e-6

    clocked(monkeypatch, seconds)
    row = measure(drawn(), given(), 60.0)
    assert row.tried[1].verdict == "kept"
    assert row.tried[-1].verdict == "no gain in the end"
    assert row.plan == Plan()


def test_other_outputs_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Executor.place

    def wrong(self: Executor, batch: Batch) -> Batch:
        batch = place(self, batch)
        other = Batch({"image": batch.inputs["image"] * 1.001}, {}, {}, batch.rows)
        return other if self.plan.channels_last else batch

    monkeypatch.setattr(Executor, "place", wrong)
    clocked(monkeypatch, lambda plan: 1e-9 if plan.channels_last else 1e-6)
    row = measure(drawn(), given(), 60.0)
    assert not row.plan.channels_last
    (other,) = [each for each in row.tried if each.plan.channels_last]
    assert other.verdict == "gives other outputs"
    assert other.difference > 1e-4


def test_outputs_that_are_no_numbers_are_never_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    model = drawn()
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    clocked(monkeypatch, lambda plan: 1e-6 if plan == Plan() else 1e-9)
    row = measure(model, given(), 60.0)
    assert row.plan == Plan()
    assert {each.verdict for each in row.tried[1:]} == {"gives other outputs"}


def test_trying_ends_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    clocked(monkeypatch, lambda plan: 1.0)
    assert measure(drawn(), given(), 5.0).source == "too short to measure"
    assert measure(drawn(), given(), 0.0).source == "too short to measure"
    now = iter(range(10**6))
    monkeypatch.setattr(answering.time, "perf_counter", lambda: next(now) * 1.0)
    clocked(monkeypatch, lambda plan: 0.1)
    row = measure(drawn(), given(), 12.0)
    assert row.source == "measured"
    assert row.tried[-1].verdict == "not tried: the time for trying is over"


def test_only_what_would_do_something_is_tried() -> None:
    blocks = [{"dense": {"dim": 4}}, "relu"]
    row = measure(drawn(blocks, "vector:7"), given(3, "vector:7"), 5.0)
    tried = {name for each in row.tried for name, value in each.plan.to_dict().items() if value is True}
    assert tried == ({"dense_by_onednn"} if can_use_onednn() else set())


@pytest.mark.skipif(not can_keep_memory(), reason="the C library is not glibc")
@pytest.mark.parametrize("fetches", [True, False])
def test_memory_is_kept_only_where_passes_fetch_some(monkeypatch: pytest.MonkeyPatch, fetches: bool) -> None:
    pages = iter(range(10**6))
    monkeypatch.setattr(answering, "pages_fetched", lambda: next(pages) * fetches)
    clocked(monkeypatch, lambda plan: 1e-6 if plan.keep_memory else 2e-6)
    row = measure(drawn(), given(), 60.0)
    assert row.plan.keep_memory == fetches
    assert any(each.plan.keep_memory for each in row.tried) == fetches


@pytest.mark.skipif(not can_keep_memory(), reason="the C library is not glibc")
def test_fetched_pages_are_counted() -> None:
    before = pages_fetched()
    torch.ones(50_000_000)  # 190 MiB
    assert pages_fetched() > before


@pytest.mark.parametrize("size", [1, 64])
def test_a_measured_plan_gives_the_answers_of_the_written_network_in_float64(size: int) -> None:
    model, batch = drawn(), given(size)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    row = measure(model, batch, 1.0)
    assert row.source == "measured"
    with torch.inference_mode():
        found = Executor(model, row.plan)(batch).double()
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
        true = model.double()["network"](batch.inputs["image"].double())
    assert float((found - true).abs().max() / true.abs().max()) < 1e-4


def test_a_block_that_fails_costs_no_training() -> None:
    model = drawn()
    model["network"].register_forward_pre_hook(lambda *_: {}["gone"])
    assert measure(model, given(), 5.0).source == "fails: 'gone'"


class Broken:
    """Data whose file has gone since."""

    def __init__(self) -> None:
        self.sizes = {"train": 9}

    def batches(self, split: str, batch_size: int) -> Any:
        raise DataError("has gone", where="a file")


def test_data_that_have_gone_cost_no_training() -> None:
    found = plans_for_answers(drawn(), Broken(), "auto", 1e3)
    assert found is not None
    assert [row.source for row in found.sizes] == ["fails: a file: has gone"] * 2


def test_data_may_have_no_examples_to_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Broken, "batches", lambda *_: iter(()))
    found = plans_for_answers(drawn(), Broken(), "auto", 1e3)
    assert found is not None
    assert [(row.source, row.plan) for row in found.sizes] == [("no examples to measure with", None)] * 2


def test_a_batch_of_any_size_is_made_of_real_examples() -> None:
    batch = Batch(
        {"x": torch.arange(6.0).view(3, 2)}, {"x": torch.eye(3, 2).bool()}, {"y": torch.arange(3)}, torch.arange(3)
    )
    grown = resized(batch, 7)
    assert grown.size == 7
    assert grown.inputs["x"][:, 0].tolist() == [0, 2, 4, 0, 2, 4, 0]
    assert grown.masks["x"].tolist() == batch.masks["x"][torch.tensor([0, 1, 2, 0, 1, 2, 0])].tolist()
    assert resized(batch, 1).inputs["x"].tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ("eager", Plan()),
        ({"channels_last": True, "threads": 1, "precision": "bfloat16"}, Plan(channels_last=True)),
        ("auto", None),
    ],
)
def test_the_recipe_says_whether_anything_is_measured(plan: Any, expected: Plan | None, tmp_path: Path) -> None:
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    run = fit(from_dict({"chain": CNN}), task, data, Recipe(steps=3, plan=plan), tmp_path / "run")
    found = Run.open(run.folder).document["answers"]
    assert [row["batch"] for row in found["sizes"]] == list(SIZES)
    source = "too short to measure" if expected is None else "given"
    for row in found["sizes"]:
        assert row == {"batch": row["batch"], "source": source, "plan": expected and expected.to_dict(), "tried": []}


def test_a_long_enough_training_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    data = open_data("digits")
    clocked(monkeypatch, lambda plan: 1e-6 if plan.fold_norms else 2e-6)
    found = plans_for_answers(drawn(), data, "auto", 1e4)
    assert found is not None
    assert found.threads == torch.get_num_threads()
    assert [(row.batch, row.source) for row in found.sizes] == [(1, "measured"), (64, "measured")]
    assert all(row.plan == Plan(fold_norms=True) for row in found.sizes)
    assert 0 < found.seconds < 10
    assert read(AnswerPlans, json.loads(json.dumps(found.to_dict())), "run.json") == found
    plans = PlanChoice(found)
    assert plans.answering(1) == plans.scoring(512) == Plan(fold_norms=True)


def test_several_networks_have_no_plan_for_answers() -> None:
    one = drawn()["network"]
    assert plans_for_answers(nn.ModuleDict({"encoder": one, "decoder": one}), None, "auto", 1e4) is None


def sizes(plans: dict[int, Plan | None]) -> AnswerPlans:
    return AnswerPlans(1, 0.0, tuple(BatchPlan(size, "measured", plan) for size, plan in plans.items()))


def test_a_batch_takes_the_plan_of_the_nearest_size() -> None:
    one, many, trained = Plan(fold_norms=True), Plan(channels_last=True), Plan(pool_first=True)
    plans = PlanChoice(sizes({1: one, 64: many}), trained)
    assert [plans.answering(size) for size in (0, 1, 8, 9, 64, 512)] == [one, one, one, many, many, many]
    assert [sizes({1: one, 3: many}).nearest(batch) for batch in (0, 1, 2)] == [one, one, many]
    unknown = PlanChoice(sizes({1: one, 64: None}), trained)
    assert (unknown.answering(1), unknown.answering(64)) == (one, Plan())
    assert (unknown.scoring(1), unknown.scoring(64)) == (one, trained)
    assert (PlanChoice().answering(3), PlanChoice(sizes({}), trained).scoring(3)) == (Plan(), trained)
    kept = PlanChoice(sizes({1: one}), Plan(keep_memory=True))  # larger batches than any that was measured fetch more
    assert (kept.answering(512), kept.scoring(512)) == (one, one.but(keep_memory=True))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (3, r"'sizes' is wrong\n  expected: a list\n  got: 3"),
        ([3], r"'sizes: 1' is wrong\n  expected: a mapping\n  got: 3"),
        ([{"batch": 0, "source": ""}], r"'sizes: 1' is wrong\n  got: batch: expected 1 or more, got 0"),
        ([{"batch": "1", "source": ""}], r"'sizes: 1: batch' is wrong\n  expected: a whole number\n  got: '1'"),
        ([{"batch": 1, "source": "", "plan": []}], r"'sizes: 1: plan' is wrong\n  expected: a mapping"),
        ([{"batch": 1, "source": "", "plan": {"fold_norm": True}}], "no field is called 'fold_norm'"),
        ([{"batch": 1, "source": "", "plan": {"fold_norms": 1}}], r"fold_norms' is wrong\n  expected: true or false"),
        (
            [{"batch": 1, "source": "", "plan": {"precision": "float8"}}],
            "'sizes: 1: plan' is wrong\n  got: no such precision",
        ),
        (
            [{"batch": 1, "source": "", "plan": {"precision": "bfloat16"}}],
            "precision, which no answers are computed with",
        ),
        ([{"batch": 1, "source": "", "plan": {"threads": 4, "compiled": True}}], "compiled, threads, which no answers"),
        ([{"batch": 1, "plan": None}], r"'sizes: 1: source' is wrong\n  expected: text\n  got: nothing"),
    ],
)
def test_plans_that_cannot_be_used_are_refused(rows: Any, message: str) -> None:
    with pytest.raises(DamagedCheckpoint, match=message):
        read(AnswerPlans, {"threads": 1, "seconds": 0, "sizes": rows}, "run.json")


def test_folded_norms_are_for_answers_alone() -> None:
    with pytest.raises(SettingError, match=r"alone\n.*\n.*with plan auto"):
        Recipe(plan={"fold_norms": True})
    with pytest.raises(SettingError, match="folded norms can't be compiled"):
        Plan(compiled=True, fold_norms=True)
    with pytest.raises(SettingError, match="norms are folded for answers alone"):
        Executor(drawn().train(), Plan(fold_norms=True))
