"""The speed benchmark's networks: what is written for the peers is what netloom trains, and it can be learnt."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from netloom.reading import read_text
from netloom.tasks import TASKS
from netloom.train import Recipe, fit

SPEED = Path(__file__).parents[1] / "benchmarks" / "speed"
NAMES = ("seed_cnn", "residual_cnn", "lstm", "transformer", "gpt", "mlp", "vae", "dcgan")


@pytest.fixture
def speed(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The benchmark's modules, which are no package."""
    names = ("networks", "_job", "_torch", "_ready", "_table")
    monkeypatch.syspath_prepend(str(SPEED))
    monkeypatch.syspath_prepend(str(SPEED / "peers"))
    threads = torch.get_num_threads()
    yield {name: importlib.import_module(name) for name in names}
    torch.set_num_threads(threads)
    for name in names:
        del sys.modules[name]


def prepared(speed: dict[str, Any], name: str, folder: Path, steps: int = 3) -> Any:
    """A job of a few steps."""
    return speed["_job"].Job(speed["networks"].prepare(speed["networks"].NETWORKS[name], steps, steps, folder / name))


@pytest.mark.parametrize("name", NAMES)
def test_the_peers_get_the_weights_and_the_examples(speed: dict[str, Any], tmp_path: Path, name: str) -> None:
    job = prepared(speed, name, tmp_path, steps=1)
    model, task = speed["_torch"].parts(job)
    assert sum(parameter.numel() for parameter in model.parameters()) == job.parameters
    examples, held = speed["_torch"].tensors(job)
    assert (len(examples), len(held)) == (job.batch, 512)
    few = torch.utils.data.TensorDataset(*(each[:8] for each in held.tensors))
    assert torch.tensor(speed["_torch"].held_out(job, model, task, few)).isfinite()


def test_a_hand_written_loop_and_netloom_reach_the_same_loss(speed: dict[str, Any], tmp_path: Path) -> None:
    job = prepared(speed, "mlp", tmp_path, steps=6)
    by_hand, task = speed["_torch"].parts(job)
    examples, held = speed["_torch"].tensors(job)
    before = speed["_torch"].held_out(job, by_hand, task, held)
    module = speed["_torch"].with_loss(job, by_hand).train()
    optimiser = torch.optim.Adam(module.parameters(), lr=job.lr, betas=tuple(job.betas))
    for x, y in torch.utils.data.DataLoader(examples, batch_size=job.batch):
        optimiser.zero_grad()
        module(x, y).backward()
        optimiser.step()
    recipe = Recipe(
        optimiser="adam", lr=job.lr, optimiser_settings={"betas": job.betas}, schedule="constant", keep="last",
        batch_size=job.batch, steps=job.steps,
    )  # fmt: skip
    architecture, _ = read_text(job.architecture)
    assert architecture is not None
    task = TASKS.get(job.task[0])(**job.task[1])
    run = fit(architecture, task, speed["_ready"].Ready(job), recipe, tmp_path / "run", device="cpu")
    ours, _ = speed["_torch"].parts(job)
    run.load_weights(ours)
    losses = [speed["_torch"].held_out(job, model, task, held) for model in (by_hand, ours)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    assert losses[0] < before


def test_the_clock_counts_typical_steps_after_the_warm_up(speed: dict[str, Any]) -> None:
    steps = [5.0] * 4 + [1.0] * 20 + [9.0]  # a slow start and one interruption
    times = [sum(steps[:count]) for count in range(1, len(steps) + 1)]
    assert speed["_job"].typical(times) == pytest.approx(1.0)
    with pytest.raises(SystemExit, match="too few"):
        speed["_job"].typical(times[:4])


def test_what_a_job_lacks_is_named(speed: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(json.dumps({"steps": 1}), encoding="utf-8")
    with pytest.raises(AttributeError, match="has no batch"):
        _ = speed["_job"].Job(tmp_path / "job.json").batch


def measured(threads: int, **steps: list[tuple[float, float]]) -> dict[str, Any]:
    """A part of the results: (seconds, seconds of the processor) of a step by peer, round by round."""
    rest = {"start_seconds": 1.0, "epoch_seconds": 2.0, "peak_mib": 300.0, "loss": 0.5, "samples_per_second": 1000.0}
    rounds = [
        {peer: {"step_seconds": each[n][0], "step_cpu_seconds": each[n][1], **rest} for peer, each in steps.items()}
        for n in range(len(next(iter(steps.values()))))
    ]
    plan = {"plan": "keep memory", "source": "measured", "seconds": 1.5, "tried": []}
    machine = {"cpu": "a", "cores": 2, "load when started": 0.1, "platform": "b"}
    return {
        "network": "seed_cnn", "threads": threads, "rounds": rounds, "plan": plan, "planned": 9, "steps": 5,
        "date": "today", "command": "run.py", "hardware": machine, "versions": {"torch": "2"},
    }  # fmt: skip


def test_the_table_judges_against_the_best_peer_round_by_round(speed: dict[str, Any]) -> None:
    plain, keras = [(9.0, 4.0), (9.0, 6.0), (9.0, 4.2)], [(1.0, 3.0), (1.0, 3.0), (1.0, 3.1)]
    ours = [(3.0, 2.0), (3.0, 2.0), (3.0, 2.0)]
    parts = {
        "one": measured(1, plain=plain, netloom=ours, keras=keras),
        "two": measured(2, plain=plain, netloom=ours, keras=keras),
    }
    lines = speed["_table"].table(parts).splitlines()
    one, two = (next(line for line in lines if line.startswith(f"| {name} |")) for name in parts)
    # of one thread by the processor's seconds, of two by the clock's
    assert one == "| one | 2.10 (2.00 … 3.00) | ≥ 1.8: met | 1.50 (1.50 … 1.55) keras | ≥ 1.25: met |"
    assert two == "| two | 3.00 (3.00 … 3.00) | ≥ 1.8: met | 0.33 (0.33 … 0.33) keras | ≥ 1.25: **not met** |"
