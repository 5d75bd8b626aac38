"""The loop: what a step does to weights, what is kept, when it ends."""

import copy
import math
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from training_fakes import Data, Fit, Game, fail_at, go, network, open_run, plain, players, weights

from weftnet.errors import SettingError, TrainingError
from weftnet.run.folder import Run
from weftnet.train.average import Average
from weftnet.train.listeners._listener import Began, Listener, Step
from weftnet.train.randomness import reseed
from weftnet.train.recipe import Recipe

F64 = Data(dtype=torch.float64)


def test_steps_are_the_plain_loop(tmp_path: Path) -> None:
    """Compared with a hand-written loop, with schedule and clipping, in float64."""
    recipe = Recipe(optimiser="momentum", lr=0.3, steps=12, batch_size=10, clip=0.4, schedule="cosine", keep="last")
    model = plain().double()
    oracle = copy.deepcopy(model)
    go(tmp_path, recipe, model, data=F64)
    parameters = list(oracle.parameters())
    speeds = [torch.zeros_like(p) for p in parameters]
    for step in range(12):
        batch = F64.train_batch(step, 10, 0)
        loss = (oracle["network"](batch.inputs["x"]) - batch.target).square().mean()
        gradients = torch.autograd.grad(loss, parameters)
        norm = math.sqrt(sum(float(g.square().sum()) for g in gradients))
        lr = 0.3 * (1 + math.cos(math.pi * (step + 0.5) / 12)) / 2
        with torch.no_grad():
            for parameter, speed, gradient in zip(parameters, speeds, gradients, strict=True):
                speed.mul_(0.9).add_(gradient * min(1.0, 0.4 / (norm + 1e-6)))
                parameter -= lr * speed
    for name, value in oracle.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], value, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("accumulate", [2, 5])
def test_small_batches_add_up_to_a_big_one(accumulate: int, tmp_path: Path) -> None:
    small, big = plain().double(), plain().double()
    settings: dict[str, Any] = {"optimiser": "adam", "lr": 0.05, "steps": 7, "clip": 0.5, "ema": 0.8}
    go(tmp_path / "a", Recipe(**settings, batch_size=10 // accumulate, accumulate=accumulate), small, data=F64)
    go(tmp_path / "b", Recipe(**settings, batch_size=10), big, data=F64)
    for name, value in big.state_dict().items():
        torch.testing.assert_close(small.state_dict()[name], value, rtol=1e-9, atol=1e-12)


def test_groups_step_in_turn(tmp_path: Path) -> None:
    """The generator's loss sees the critic after its step, and gives gradients to the generator alone."""
    model = players().double()
    for drop in (module for module in model.modules() if isinstance(module, nn.Dropout)):
        drop.p = 0.0
    oracle = copy.deepcopy(model)
    groups = {"critic": {"lr": 0.2}}
    recipe = Recipe(optimiser="gd", lr=0.1, groups=groups, steps=1, schedule="constant", keep="last")
    go(tmp_path, recipe, model, Game(), F64)

    generator = torch.Generator()
    reseed(torch.device("cpu"), generator, 0, 0)
    real = F64.train_batch(0, 64, 0).inputs["x"]
    for group, lr in (("critic", 0.2), ("critic", 0.2), ("generator", 0.1)):
        noise = torch.randn(len(real), 2, generator=generator, dtype=torch.float64)
        fake = oracle["generator"](noise)
        if group == "critic":
            loss = F.softplus(oracle["critic"](fake.detach())).mean() + F.softplus(-oracle["critic"](real)).mean()
        else:
            loss = F.softplus(-oracle["critic"](fake)).mean()
        parameters = list(oracle[group].parameters())
        with torch.no_grad():
            for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                parameter -= lr * gradient
    for name, value in oracle.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], value, rtol=1e-10, atol=1e-12)


def test_average_equals_the_formula() -> None:
    parameter = nn.Parameter(torch.randn(3, 2, dtype=torch.float64))
    average, want = Average([parameter], 0.7), parameter.detach().clone()
    for step in range(20):
        with torch.no_grad():
            parameter += torch.randn(3, 2, dtype=torch.float64)
        average.update(step)
        d = min(0.7, (1 + step) / (10 + step))
        want = d * want + (1 - d) * parameter.detach()
    own = parameter.detach().clone()
    with average.in_place():
        torch.testing.assert_close(parameter.detach(), want)
    assert torch.equal(parameter, own)


def test_evaluations_use_the_average_and_its_buffers_are_the_models(tmp_path: Path) -> None:
    seen = []

    class Spy(Fit):
        def evaluate(self, model: nn.ModuleDict, batches: Any, metrics: Any = None) -> dict[str, float]:
            seen.append({name: value.clone() for name, value in model.state_dict().items()})
            return super().evaluate(model, batches)

    recipe = Recipe(optimiser="sgd", lr=0.1, steps=9, batch_size=10, ema=0.9, keep="last", evaluate_every="3 steps")
    model = network()
    before = copy.deepcopy(model.state_dict())
    go(tmp_path, recipe, model, Spy())
    assert len(seen) == 3
    assert all(torch.equal(value, weights(tmp_path)[name]) for name, value in seen[-1].items())
    moved = [name for name, value in seen[0].items() if not torch.equal(value, before[name])]
    assert "network.2.running_mean" in moved
    assert "network.0.inner.weight" in moved


@pytest.mark.parametrize(("keep", "best_step"), [("best", 9), ("last", 12)])
def test_best_weights_and_patience(keep: str, best_step: int, tmp_path: Path) -> None:
    """Scores 3, 2, 2, NaN: of equal scores the later is kept; two evaluations without a better one end the training."""
    scores = iter([3.0, 2.0, 2.0, math.nan, 1.0])
    kept = []

    class Scored(Fit):
        def evaluate(self, model: nn.ModuleDict, batches: Any, metrics: Any = None) -> dict[str, float]:
            kept.append({name: value.clone() for name, value in model.state_dict().items()})
            return {"error": next(scores)}

    recipe = Recipe(steps=100, batch_size=10, evaluate_every="3 steps", patience=2, keep=keep)
    outcome = go(tmp_path, recipe, plain(), Scored())
    assert (outcome.status, outcome.step, outcome.best_step) == ("finished", 12, best_step)
    assert "early after 2 evaluations without a better score" in outcome.message
    want = kept[best_step // 3 - 1]
    assert all(torch.equal(value, want[name]) for name, value in weights(tmp_path).items())
    assert Run.open(tmp_path).json("metrics.json")["step"] == best_step


def test_better_can_be_more(tmp_path: Path) -> None:
    class Rising(Fit):
        better = "max"
        score = "step"

        def evaluate(self, model: nn.ModuleDict, batches: Any, metrics: Any = None) -> dict[str, float]:
            self.count = getattr(self, "count", 0) + 1
            return {"step": float(self.count)}

    outcome = go(tmp_path, Recipe(steps=8, evaluate_every="2 steps", patience=1), plain(), Rising())
    assert (outcome.step, outcome.best_step, outcome.metrics) == (8, 8, {"step": 4.0})


def test_patience_needs_validation(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="patience needs a validation split"):
        go(tmp_path, Recipe(steps=3, patience=1), plain(), data=Data(validation=0))


def test_without_validation(tmp_path: Path) -> None:
    outcome = go(tmp_path, Recipe(steps=3), plain(), data=Data(validation=0))
    assert outcome.metrics == {}
    assert outcome.best_step == 0 or outcome.step == 3
    assert Run.open(tmp_path).history[-1]["validation"] == {}


def test_loss_that_is_not_finite(tmp_path: Path) -> None:
    recipe = Recipe(steps=50, evaluate_every="4 steps", checkpoint_every=0)
    with pytest.raises(TrainingError, match="the loss of network is nan at step 6") as caught:
        go(tmp_path, recipe, plain(), fail_at(6).task)
    assert "lower lr" in caught.value.fix
    run = Run.open(tmp_path)
    assert run.status == "failed"
    assert "at step 6" in run.document["reason"]
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["00000005", "00000006"]
    outcome = go(tmp_path, recipe, plain())  # from the good checkpoint, with the fault gone
    assert outcome.step == 50


def test_epochs_and_history(tmp_path: Path) -> None:
    recipe = Recipe(epochs=3, batch_size=10, evaluate_every="0.5 epochs", schedule="constant", lr=0.01)
    outcome = go(tmp_path, recipe, plain())
    lines = Run.open(tmp_path).history
    assert outcome.steps == 21
    assert [line["step"] for line in lines] == [4, 8, 12, 16, 20, 21]
    assert lines[-1]["epoch"] == 3.0
    assert lines[0]["lr"] == 0.01
    assert set(lines[0]) == {"step", "epoch", "lr", "loss", "validation", "seconds", "waited", "rate"}


def test_history_holds_the_mean_loss(tmp_path: Path) -> None:
    values = []

    class Spy(Fit):
        def losses(self, model: nn.ModuleDict, batch: Any, generator: Any) -> Any:
            for group, loss in super().losses(model, batch, generator):
                values.append(loss.item())
                yield group, loss

    go(tmp_path, Recipe(steps=10, batch_size=10, evaluate_every="5 steps"), plain(), Spy())
    means = [line["loss"]["network"] for line in Run.open(tmp_path).history]
    assert means == pytest.approx([sum(values[:5]) / 5, sum(values[5:]) / 5], rel=1e-6)


def test_timing_leaves_no_trace(tmp_path: Path) -> None:
    """Steps that were timed on a copy of the model change nothing: without them the weights are the same."""
    recipe = Recipe(budget=0.3, batch_size=10, ema=0.9, clip=1.0, patience=None)
    outcome = go(tmp_path / "a", recipe, network(), Fit(shake=0.1))
    run = Run.open(tmp_path / "a")
    assert run.steps == outcome.steps == outcome.step
    untimed = replace(recipe, budget=None, steps=outcome.steps)  # with a budget a slower run would end sooner
    again = open_run(tmp_path / "b", untimed)
    again.record(**{name: run.document[name] for name in ("plan", "steps", "revisions")})
    assert go(tmp_path / "b", untimed, network(), Fit(shake=0.1)).step == outcome.step
    for name, value in weights(tmp_path / "a").items():
        assert torch.equal(value, weights(tmp_path / "b")[name]), name


def test_seeds_differ_and_repeat(tmp_path: Path) -> None:
    results = []
    for place, seed in (("a", 1), ("b", 1), ("c", 2)):
        torch.manual_seed(len(results))  # what came before doesn't matter
        model = network()
        go(tmp_path / place, Recipe(steps=5, seed=seed), model, Fit(shake=0.3))
        results.append(model.state_dict()["network.1.weight"])
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


def test_listeners_are_told(tmp_path: Path) -> None:
    class Spy(Listener):
        def __init__(self) -> None:
            self.calls: list[tuple[Any, ...]] = []

        def start(self, start: Began) -> None:
            self.calls.append(("start", start.step, start.steps))

        def after_step(self, step: Step) -> None:
            self.calls.append(("step", step.step, tuple(step.losses)))
            assert step.rate > 0

        def after_evaluation(self, line: Any) -> None:
            self.calls.append(("evaluation", line["step"]))

        def end(self, result: Any) -> None:
            self.calls.append(("end", result.status, result.step))

    go(tmp_path, Recipe(steps=4), plain(), listeners=[spy := Spy()])
    assert spy.calls[0] == ("start", 0, 4)
    assert spy.calls[-3:] == [("step", 4, ("network",)), ("evaluation", 4), ("end", "finished", 4)]


def test_outside_the_main_thread(tmp_path: Path) -> None:
    thread = threading.Thread(target=lambda: go(tmp_path, Recipe(steps=2), plain()))
    thread.start()
    thread.join()
    assert Run.open(tmp_path).status == "finished"


def test_unknown_group(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="the task has no group 'critics'"):
        go(tmp_path, Recipe(steps=2, groups={"critics": {"lr": 0.1}}), players(), Game())


def test_bad_optimiser_value(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="recipe: optimiser of network: Invalid momentum value"):
        go(tmp_path, Recipe(optimiser="momentum", optimiser_settings={"momentum": -1.0}, steps=2), plain())


def test_weights_in_memory_are_those_in_the_file(tmp_path: Path) -> None:
    model, other = network(), network(seed=2)
    go(tmp_path, Recipe(steps=6, ema=0.9, evaluate_every="2 steps"), model)
    Run.open(tmp_path).load_weights(other)
    for name, value in model.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])


def test_augmentations_need_images(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="there is no image to augment"):
        go(tmp_path, Recipe(steps=2, augment=["flip"]), plain())


def test_run_is_resumable_from_open(tmp_path: Path) -> None:
    recipe = Recipe(steps=2)
    assert open_run(tmp_path / "x", recipe).status == "created"
    assert Recipe.from_dict(Run.open(tmp_path / "x").json("recipe.json")) == recipe
