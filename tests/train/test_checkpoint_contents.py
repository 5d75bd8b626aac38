"""What a checkpoint must hold for a training to go on as if nothing had been: best weights, half-gathered gradients."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from training_fakes import Data, Fit, go, network, plain, weights

from weftnet.data.batch import Batch
from weftnet.optim import OPTIMISERS
from weftnet.train.recipe import Recipe
from weftnet.train.state import State


def killed_before(batch: int, folder: Path, recipe: Recipe, task: Any) -> None:
    """Start or resume in another process, which is killed when it asks for that batch."""
    if not (pid := os.fork()):
        data = Data(hook=lambda number: os.kill(os.getpid(), signal.SIGKILL) if number == batch else None)
        go(folder, recipe, plain(), task, data)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


class Farther(Fit):
    """Its score is the distance from the first weights, so that the first evaluation is the best one."""

    def evaluate(self, model: nn.ModuleDict, batches: Any, metrics: Any = None) -> dict[str, float]:
        pairs = zip(model.parameters(), plain().parameters(), strict=True)
        return {"error": float(sum((now - then).square().sum() for now, then in pairs))}


def test_the_best_weights_survive_a_kill_after_they_were_passed(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"batch_size": 10, "lr": 0.05, "schedule": "constant", "evaluate_every": "3 steps"}
    recipe = Recipe(steps=12, checkpoint_every=0.0, **settings)
    killed_before(8, tmp_path / "run", recipe, Farther())
    outcome = go(tmp_path / "run", recipe, plain(), Farther())
    assert (outcome.step, outcome.best_step) == (12, 3)
    go(tmp_path / "three", Recipe(steps=3, keep="last", **settings), plain(), Farther())
    want = weights(tmp_path / "three")
    assert all(torch.equal(value, want[name]) for name, value in weights(tmp_path / "run").items())


class Uneven(Fit):
    """Gives one loss for some batches and two for others, so that steps of the optimiser and of the loop differ."""

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        for _ in range(1 + int(batch.rows.sum()) % 2):
            yield "network", F.mse_loss(model["network"](batch.inputs["x"]), batch.target)


def test_gradients_that_wait_for_more_survive_kills(tmp_path: Path) -> None:
    recipe = Recipe(optimiser="sgd", steps=8, batch_size=7, accumulate=2, lr=0.05, checkpoint_every=0.0, keep="last")
    go(tmp_path / "whole", recipe, plain(), Uneven())
    waiting = []
    for step in range(1, 8):
        killed_before(2 * step, tmp_path / "run", recipe, Uneven())
        checkpoints = sorted((tmp_path / "run" / "checkpoints").iterdir())
        assert checkpoints[-1].name == f"{step:08}"
        saved = (checkpoints[-1] / "state.safetensors").read_bytes()
        waiting.append(b"gradient.network.0" in saved)
    assert set(waiting) == {True, False}
    go(tmp_path / "run", recipe, plain(), Uneven())
    want = weights(tmp_path / "whole")
    assert all(torch.equal(value, want[name]) for name, value in weights(tmp_path / "run").items())


@pytest.mark.parametrize("optimiser", OPTIMISERS.names())
def test_a_state_is_what_was_saved(optimiser: str) -> None:
    """Every tensor, fact and rate, after a step and half of the next one; into a state that has seen other steps."""
    recipe = Recipe(optimiser=optimiser, steps=9, ema=0.9)

    def stepped(seed: int, steps: int) -> State:
        state = State(network(seed), Fit(), recipe)
        for step in range(steps):
            state.model["network"](torch.randn(5, 6)).square().mean().backward()
            if step < steps - 1:
                state.optimisers["network"].step()
                state.optimisers["network"].zero_grad()
                state.average.update(step)
                state.step = step + 1
                state.score(1.0 / (step + 1), "min", keep=True)
        state.sums, state.yields = {"network": [0.5, 2]}, {"network": 1}
        state.seconds, state.waited = 3.5, 0.25
        return state

    source, target = stepped(1, 3), stepped(2, 4)
    tensors, facts = source.saved()
    tensors = {name: value.clone() for name, value in tensors.items()}
    target.load(2, tensors, facts)
    again, facts_again = target.saved()
    assert again.keys() == tensors.keys()
    assert {name.split(".")[0] for name in tensors} >= {"model", "best", "average", "gradient"}
    assert all(torch.equal(value, tensors[name]) for name, value in again.items())
    assert facts_again == facts
    assert (target.step, target.best_step, target.best_score) == (2, 2, 0.5)
