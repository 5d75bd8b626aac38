"""Plans: the same training run in other ways, the fastest found by measuring; none computes something else."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from oracles import unchecked
from torch import nn

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.base import tensors
from weftnet.base.heap import can_keep_memory
from weftnet.base.onednn import can_use_onednn
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.errors import SettingError
from weftnet.execution.executor import Executor
from weftnet.execution.plan import Plan
from weftnet.execution.rewrites import pool_first
from weftnet.run.folder import Run
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.train import Recipe, fit, plan_search, resume
from weftnet.train.listeners._listener import Listener
from weftnet.train.planning import measure, plan_of
from weftnet.train.trial import Trial

CNN = [
    {"conv2d": {"channels": 6}}, "relu", {"max_pool2d": {"size": 2}},
    {"residual": [{"conv2d": {"channels": 6}}, "batch_norm2d", "relu"]},
    {"repeat": {"times": 2, "body": [{"conv2d": {"channels": 6}}, "gelu"]}},
    "relu", "global_max_pool2d",
]  # fmt: skip


#: What is taken untried of `CNN`.
FREE = Plan(pool_first=True, keep_memory=can_keep_memory())


def given(blocks: Any = CNN, **recipe: Any) -> tuple[nn.ModuleDict, Any, Any, Recipe]:
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    complete = assemble(from_dict({"chain": blocks}), task, data.signals)
    return build(complete.architecture, complete.inputs), task, data, Recipe(**{"batch_size": 16, **recipe})


@pytest.mark.parametrize("size", [2, 3, [2, 1]])
def test_pools_before_rectifiers_give_the_same_to_the_bit(size: Any) -> None:
    blocks = [
        {"conv2d": {"channels": 5}}, "relu", {"max_pool2d": {"size": size, "stride": 1, "padding": 0}},
        {"residual": [{"conv2d": {"channels": 5}}, "relu"]},
        {"conv2d": {"channels": 7}}, "gelu", {"max_pool2d": {"size": 2}}, "relu", "global_max_pool2d",
    ]  # fmt: skip
    inputs = {"network": {"image": parse("image:3x9x8")}}
    written, rewritten = (build(from_dict({"chain": blocks}), inputs, seed=3) for _ in range(2))
    assert pool_first(rewritten) == 2  # the pool behind the gelu stays
    assert list(rewritten.state_dict()) == list(written.state_dict())
    x = torch.randn(11, 3, 9, 8).mul(2).round().div(2)  # many equal values, many zeros
    results = []
    for model in (written, rewritten):
        y = model["network"](x)
        y.square().sum().backward()
        results.append([y.detach(), *(p.grad for p in model.parameters())])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


@pytest.mark.parametrize(
    "plan",
    [
        Plan(channels_last=True),
        Plan(pool_first=True),
        Plan(threads=2),
        Plan(keep_memory=True),
        Plan(precision="bfloat16"),
    ],
    ids=str,
)
def test_a_plan_changes_no_more_than_rounding_and_leaves_the_model_as_it_was(plan: Plan) -> None:
    model, task, data, recipe = given()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    threads = torch.get_num_threads()
    results = []
    for each in (Plan(), plan):
        with Trial(model, task, data, recipe, each) as running:
            results.append(running.gradients(0))
    assert torch.get_num_threads() == threads
    close = {"rtol": 1e-4, "atol": 1e-5} if plan.precision == "float32" else {"rtol": 0.2, "atol": 0.05}
    torch.testing.assert_close(*(torch.tensor(losses) for losses, _ in results), **close)
    for a, b in zip(results[0][1], results[1][1], strict=True):
        torch.testing.assert_close(a, b, **close)
    with Executor(model, plan) as executor, executor.process_settings():
        image = next(iter(data.batches("train", 4)))
        strides = {value.stride() for value in executor.place(image).inputs.values()}
        strides |= {p.stride() for p in executor.model.parameters() if p.dim() == 4 and p.shape[1] == 1}
        # of one channel both layouts are contiguous, and torch's convolutions go by the strides
        assert {each[1] for each in strides} == ({1} if plan.channels_last else {64, 9})
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
        assert value.is_contiguous()


class Ctrl(Listener):
    """Asks to stop at the second evaluation, as Ctrl-C does."""

    def after_evaluation(self, line: Any) -> None:
        if line["step"] == 20:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(
    "plan", [{"channels_last": True, "pool_first": True, "keep_memory": True}, {"precision": "bfloat16"}], ids=str
)
def test_a_run_is_resumed_bit_for_bit_under_its_plan(tmp_path: Path, plan: dict[str, Any]) -> None:
    recipe = {"plan": plan, "steps": 40, "batch_size": 16, "evaluate_every": "10 steps", "ema": 0.9}
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    runs = [
        fit(from_dict({"chain": CNN}), task, data, Recipe(**recipe), tmp_path / name, listeners=listeners)
        for name, listeners in (("whole", ()), ("cut", [Ctrl()]))
    ]
    assert runs[1].status == "stopped"
    resumed = resume(runs[1].folder)
    assert resumed.document["plan"] == runs[0].document["plan"]
    assert resumed.document["plan"]["source"] == "given"
    whole, cut = (tensors.load(run.folder / "weights.safetensors") for run in (runs[0], resumed))
    assert all(torch.equal(value, cut[name]) for name, value in whole.items())


def clocked(monkeypatch: pytest.MonkeyPatch, seconds: Callable[[Plan], float]) -> None:
    """Steps take what is said, by either clock."""
    for name in ("step", "work"):
        monkeypatch.setattr(Trial, name, lambda self: seconds(self.plan))


def test_a_change_stays_only_if_it_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    clocked(monkeypatch, lambda plan: 0.01 if plan.channels_last else 0.02 if plan.pool_first else 0.03)
    found = measure(*given(steps=4000, threads=1))
    assert found.plan == FREE.but(channels_last=True)
    single = [each for each in found.tried if each.plan.precision == "float32"]
    assert [(each.plan.channels_last, each.verdict.split(":")[0]) for each in single] == [
        (False, "kept"),
        (True, "kept"),
        *[(True, "no gain")] * can_use_onednn(),
        (True, "not tried"),  # compiling would take longer than it could win
    ]
    assert [each.ratio for each in found.tried[:2]] == [pytest.approx(1.5), pytest.approx(3.0)]
    clocked(monkeypatch, lambda plan: 0.0095 if plan.channels_last else 0.009)
    slower = measure(*given(steps=4000))
    assert slower.plan == FREE
    assert slower.tried[1].verdict == "no gain"
    assert slower.tried[1].ratio == pytest.approx(9.0 / 9.5)


def test_a_plan_that_gives_other_gradients_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Executor, batch: Any) -> Any:
        if self.plan.channels_last:
            batch.inputs["image"] = batch.inputs["image"].flip(2).contiguous()
        return batch

    monkeypatch.setattr(Executor, "place", wrong)
    clocked(monkeypatch, lambda plan: 0.01 if plan.channels_last else 0.09)
    found = measure(*given(steps=4000))
    assert not found.plan.channels_last
    assert found.tried[1].verdict == "gives other gradients"
    assert found.tried[1].difference is not None
    assert found.tried[1].difference > 1e-3


def test_a_plan_whose_gradients_are_no_numbers_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    written = Trial.gradients

    def gradients(self: Trial, draw: int) -> Any:
        losses, found = written(self, draw)
        return losses, [each * float("nan") for each in found] if self.plan.channels_last else found

    monkeypatch.setattr(Trial, "gradients", gradients)
    clocked(monkeypatch, lambda plan: 0.01 if plan.channels_last else 0.09)
    found = measure(*given(steps=4000))
    assert not found.plan.channels_last
    assert found.tried[1].verdict == "gives other gradients"


@pytest.mark.parametrize(("budget", "most"), [(300.0, 30), (20.0, 0)])
def test_slow_steps_are_compared_on_fewer_rows(monkeypatch: pytest.MonkeyPatch, budget: float, most: int) -> None:
    """Of 1.28 s a step, 234 are made in five minutes: too few to try a plan on whole ones."""
    seen = set[int]()

    def seconds(self: Trial) -> float:
        seen.add(self.recipe.batch_size)
        return self.recipe.batch_size * (0.01 if self.plan.channels_last else 0.02)

    for name in ("step", "work"):
        monkeypatch.setattr(Trial, name, seconds)
    found = measure(*given(budget=budget, batch_size=64, threads=2))
    assert all(4 <= rows <= most for rows in seen - {64})  # what has passed on the real clock is not there any more
    assert (seen == {64}) == (not most)
    assert found.plan == (FREE.but(channels_last=True) if most else FREE)
    assert found.source == ("measured" if most else "too short to measure")
    assert not any(each.plan.threads for each in found.tried)


def test_trying_ends_when_its_share_of_the_time_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    clocked(monkeypatch, lambda plan: 1e-9)
    found = measure(*given(steps=600))
    assert found.plan == FREE
    assert [each.verdict for each in found.tried[1:]] == ["not tried: the time for trying is over"] * (
        len(found.tried) - 1
    )
    assert len(found.tried) > 1


@pytest.mark.parametrize("there", [1, 2])
def test_a_trial_runs_on_its_plans_threads_and_no_other(there: int) -> None:
    model, task, data, recipe = given(steps=600)
    seen: list[int] = []
    model["network"].register_forward_pre_hook(lambda *_: seen.append(torch.get_num_threads()))
    threads = torch.get_num_threads()
    with (
        Trial(model, task, data, recipe, Plan(threads=there)) as one,
        Trial(model, task, data, recipe, Plan(threads=3 - there)),
    ):
        one.step()
        one.gradients(0)
        assert torch.get_num_threads() == threads
    assert seen == [there, there]


@pytest.mark.skipif(not can_keep_memory(), reason="the C library is not glibc")
def test_kept_memory_is_not_asked_for_again_and_given_back_in_the_end() -> None:
    code = """
import resource, torch
from weftnet.base.heap import kept_memory

def faults(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        blocks = [torch.ones(3_000_000) for _ in range(4)]
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def held():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

before, usual = held(), faults(20)
with kept_memory():
    faults(2)
    with kept_memory():
        pass
    kept, holding = faults(20), held() - before
print(usual, kept, holding, held() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    usual, kept, holding, after = map(float, done.stdout.split())
    assert kept < usual / 100
    assert holding > 40  # MiB, of 46
    assert after < holding / 2


def test_random_layers_are_compared_without_their_chance() -> None:
    found = measure(*given([*CNN[:3], {"dropout": {"rate": 0.5}}, "flatten"], steps=6000))
    assert found.tried[1].verdict in ("kept", "no gain")
    assert found.tried[1].difference is not None
    assert found.tried[1].difference < 1e-4


def test_statistics_of_norms_are_no_difference_where_layers_are_random() -> None:
    blocks = [CNN[0], "batch_norm2d", *CNN[1:3], {"dropout": {"rate": 0.5}}, "flatten"]
    found = measure(*given(blocks, steps=6000))
    assert found.tried[1].verdict in ("kept", "no gain")
    assert found.tried[1].difference is not None
    assert found.tried[1].difference < 1e-4


def test_a_plan_is_remembered_for_its_machine_and_architecture(tmp_path: Path) -> None:
    first = plan_of(*given(steps=600))
    assert first.source == "measured"
    again = plan_of(*given(steps=600))
    assert (again.source, again.plan) == ("remembered", first.plan)
    assert plan_of(*given([*CNN[:3], "flatten"], steps=600)).source == "measured"


@pytest.mark.parametrize("recipe", [{"steps": 20}, {"epochs": 0.5}, {"budget": 1e-3}], ids=str)
def test_short_trainings_are_not_measured(recipe: dict[str, Any]) -> None:
    found = plan_of(*given(**recipe))
    assert found.source == "too short to measure"
    assert found.plan == FREE


@pytest.mark.slow
def test_the_run_says_what_was_tried(tmp_path: Path) -> None:
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    run = fit(from_dict({"chain": CNN}), task, data, Recipe(steps=600, batch_size=8), tmp_path / "run")
    kept = json.loads(json.dumps(Run.open(run.folder).document["plan"]))
    assert kept["source"] == "measured"
    assert kept["seconds"] > 0
    assert kept["tried"][0]["plan"]["pool_first"]
    assert kept["tried"][1]["plan"]["channels_last"]
    eager = fit(from_dict({"chain": CNN}), task, data, Recipe(steps=2, plan="eager"), tmp_path / "eager")
    assert Plan.from_dict(eager.document["plan"]["plan"]) == Plan()


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ("fast", '"auto", "eager" or fields of a plan'),
        ({"chanels_last": True}, "did you mean 'channels_last'"),
        ({"precision": "float8"}, "no such precision"),
        ({"attention": "flash"}, "no such attention"),
        *(({"threads": wrong}, "from 1 to 1,024") for wrong in (0, 1025, 10**30, True, "2")),
        ({"graphs": True}, "graphs need a compiled network"),
        ({"compiled": True, "dense_by_onednn": True}, "leave one of them out"),
    ],
)
def test_a_plan_that_cannot_be_used(plan: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Recipe(plan=plan)


def test_tf32_is_set_while_the_model_runs_and_not_after() -> None:
    model, *_ = given()
    before = torch.get_float32_matmul_precision()
    with Executor(model, Plan(precision="tf32")).process_settings():
        assert torch.get_float32_matmul_precision() == "high"
    assert torch.get_float32_matmul_precision() == before


def test_a_gpu_is_offered_tf32_bf16_and_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is offered is asked for by the device alone, so that it can be seen without a GPU."""
    model, _, _, recipe = given()
    monkeypatch.setattr(plan_search, "device_of", lambda model: torch.device("cuda"))
    offered = list(plan_search.changes(model, recipe))
    expected = [
        {"precision": "tf32"},
        {"precision": "bfloat16"},
        {"compiled": True, "dense_by_onednn": False},
        {"compiled": True, "graphs": True},
    ]
    assert offered == [{"channels_last": True}, *expected]
    twice = given(accumulate=2)
    assert list(plan_search.changes(twice[0], twice[3])) == [{"channels_last": True}, *expected[:-1]]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_what_is_taken_untried_may_differ_by_what_others_may(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    """On a GPU float32 is rounded as tf32 by itself; what a device is allowed can be seen without one."""
    tolerance = plan_search.tolerance
    allowed = {each: tolerance(Plan(precision=each), torch.device(device)) for each in ("float32", "tf32", "bfloat16")}
    assert allowed == {"float32": 1e-2 if device == "cuda" else 5e-3, "tf32": 1e-2, "bfloat16": 1e-1}
    monkeypatch.setattr(plan_search, "tolerance", lambda plan, here: tolerance(plan, torch.device(device)))
    monkeypatch.setattr(plan_search, "difference", lambda *_: 7e-3)
    clocked(monkeypatch, lambda plan: 0.01)
    found = measure(*given(steps=4000))
    free, layout = found.tried[:2]
    assert (free.plan.pool_first, layout.plan.channels_last) == (True, True)
    assert (free.kept, layout.verdict) == ((True, "no gain") if device == "cuda" else (False, "gives other gradients"))
    assert found.plan == (FREE if device == "cuda" else Plan())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's compiler itself
def test_a_compiled_plan_gives_the_same(tmp_path: Path) -> None:
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    with unchecked():  # what checks shapes can't be compiled
        runs = [
            fit(from_dict({"chain": CNN}), task, data, Recipe(steps=20, plan=plan), tmp_path / name)
            for name, plan in (("eager", "eager"), ("compiled", {"compiled": True}))
        ]
    a, b = (run.history[-1]["loss"]["network"] for run in runs)
    assert a == pytest.approx(b, rel=1e-3)


ATTENTION = [
    "image_rows", {"dense": {"dim": 8}}, {"multi_head_attention": {"heads": 2}}, "global_average_pool1d",
]  # fmt: skip


def test_plain_attention_gives_the_same_by_other_kernels() -> None:
    values, kernels = [], []
    for plan in (Plan(), Plan(attention="plain")):
        torch.manual_seed(0)
        model, task, data, recipe = given(ATTENTION)
        with Trial(model, task, data, recipe, plan) as trial, torch.profiler.profile() as profile:
            values.append(trial.gradients(1))
        kernels.append({event.key for event in profile.key_averages()})
    (losses, gradients), (again, others) = values
    torch.testing.assert_close(losses, again)
    torch.testing.assert_close(gradients, others, rtol=1e-4, atol=1e-6)
    fused, plain = "aten::_scaled_dot_product_flash_attention_for_cpu", "aten::_scaled_dot_product_attention_math"
    assert fused in kernels[0]
    assert fused not in kernels[1]
    assert plain in kernels[1]


def test_what_pays_only_together_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on processors with AMX: bfloat16 gains nothing with the fused kernel, and almost half with plain products."""
    seconds = {("bfloat16", "fused"): 0.0119, ("bfloat16", "plain"): 0.006, ("float32", "plain"): 0.011}
    clocked(monkeypatch, lambda plan: seconds.get((plan.precision, plan.attention), 0.01))
    monkeypatch.setattr(plan_search, "_has_bfloat16", lambda: True)
    found = measure(*given(ATTENTION, steps=4000))
    told = {(each.plan.precision, each.plan.attention): each.verdict for each in found.tried}
    assert told["bfloat16", "fused"] == "no gain"
    assert (found.plan.precision, found.plan.attention) == ("bfloat16", "plain")
    without = measure(*given(steps=4000))
    assert all(each.plan.attention == "fused" for each in without.tried)  # nothing attends there
