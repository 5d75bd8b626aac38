"""What needs a GPU: plans with graphs, TF32 and bf16, exact resume, no wait in a step. Skipped without one."""

import os
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from oracles import unchecked

from weftnet.architecture.reading import from_dict
from weftnet.base import tensors
from weftnet.data import open_data
from weftnet.execution.plan import Plan
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit, resume
from weftnet.train.listeners._listener import Began, Listener
from weftnet.train.randomness import reseed

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning"),  # of torch's compiler itself
]

CNN = [
    {"conv2d": {"channels": 16}}, "batch_norm2d", "relu", {"max_pool2d": {"size": 2}}, {"dropout": {"rate": 0.2}},
    {"conv2d": {"channels": 32}}, "relu", "global_average_pool2d",
]  # fmt: skip
PLANS = [
    {}, {"channels_last": True}, {"precision": "tf32"}, {"precision": "bfloat16"}, {"compiled": True},
    {"compiled": True, "graphs": True, "channels_last": True, "precision": "bfloat16"},
]  # fmt: skip


def trained(folder: Path, *listeners: Any, **recipe: Any) -> Any:
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    # compiled blocks can't be checked
    settings = {"steps": 60, "batch_size": 64, "evaluate_every": "20 steps", "augment": ["flip"], **recipe}
    with unchecked():
        return fit(
            from_dict({"chain": CNN}), task, data, Recipe(**settings), folder, listeners=listeners, device="cuda"
        )


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_every_plan_learns_alike(tmp_path: Path, plan: dict[str, Any]) -> None:
    eager = trained(tmp_path / "eager", plan="eager", steps=20).history[-1]["loss"]["network"]
    other = trained(tmp_path / "other", plan=plan, steps=20).history[-1]["loss"]["network"]
    # compiled dropout draws other numbers; the means of twenty losses still agree
    assert other == pytest.approx(eager, rel=0.1)
    assert torch.get_float32_matmul_precision() == "highest"


class Kill(BaseException):
    """Stands for a kill."""


class Killed(Listener):
    """Dies after the second evaluation."""

    def after_evaluation(self, line: Any) -> None:
        if line["step"] == 40:
            raise Kill


@pytest.mark.parametrize("plan", [{}, {"channels_last": True, "precision": "bfloat16"}], ids=str)
def test_a_killed_run_is_resumed_bit_for_bit_with_deterministic_kernels(tmp_path: Path, plan: dict[str, Any]) -> None:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)  # it refuses pools, whose windows don't overlap here
    try:
        whole = trained(tmp_path / "whole", plan=plan, ema=0.9)
        with pytest.raises(Kill):
            trained(tmp_path / "cut", Killed(), plan=plan, ema=0.9, checkpoint_every=1e-9)
        with unchecked():
            resumed = resume(tmp_path / "cut", device="cuda")
    finally:
        torch.use_deterministic_algorithms(False)
    a, b = (tensors.load(run.folder / "weights.safetensors") for run in (whole, resumed))
    assert all(torch.equal(value, b[name]) for name, value in a.items())


def test_a_step_does_not_wait_for_the_gpu(tmp_path: Path) -> None:
    """torch warns of every call that waits; there is none between two readings of the losses."""

    class Warned(Listener):
        def start(self, start: Began) -> None:
            torch.cuda.set_sync_debug_mode("warn")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            trained(tmp_path / "run", Warned(), plan="eager", steps=200, evaluate_every="1000 steps", ema=0.9, clip=1.0)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    waits = [each for each in caught if "synchronizing" in str(each.message)]
    assert len(waits) < 40, sorted({f"{each.filename}:{each.lineno}" for each in waits})


def test_the_measured_plan_is_found_and_runs(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", steps=600)
    tried = [each["plan"] for each in run.document["plan"]["tried"]]
    assert any(each["precision"] == "tf32" for each in tried)
    assert any(each["graphs"] for each in tried)
    Plan.from_dict(run.document["plan"]["plan"])


def test_the_generator_of_the_right_gpu_is_seeded() -> None:
    last = torch.device("cuda", torch.cuda.device_count() - 1)
    generator = torch.Generator(last)
    draws = []
    for _ in range(2):
        reseed(last, generator, 1, 2)
        draws.append((torch.rand(3, device=last), torch.rand(3, device=last, generator=generator)))
    assert torch.equal(draws[0][0], draws[1][0])
    assert torch.equal(draws[0][1], draws[1][1])
