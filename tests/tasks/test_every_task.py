"""The contract of every task: settings, lazy losses, chance only from the generator, evaluation, and that it learns."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from weftnet.data.batch import Batch
from weftnet.tasks import TASKS
from weftnet.tasks._scoring import Scoring


class Net(nn.Module):
    """What a `Network` looks like from a task: inputs as a tensor or by name, masks by name."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(*layers)
        self.calls = 0

    def forward(self, inputs: Tensor | Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None) -> Tensor:
        self.calls += 1
        return self.body(inputs if isinstance(inputs, Tensor) else next(iter(inputs.values())))


@dataclass
class Case:
    settings: dict
    parts: dict[str, list[nn.Module]]
    batch: Batch
    steps: int
    lr: float
    learnt: dict[str, tuple[float, float]]  # metric → bounds after training


def _batch(x: Tensor, target: Tensor | None = None) -> Batch:
    return Batch({"x": x}, {}, {} if target is None else {"y": target}, torch.arange(len(x)))


def case(name: str) -> Case:
    torch.manual_seed(1)
    x = torch.randn(7, 5)
    if name == "classification":
        parts = {"network": [nn.Linear(5, 16), nn.Tanh(), nn.Dropout(0.1), nn.Linear(16, 3)]}
        batch = _batch(x, torch.tensor([0, 1, 2, 0, 1, 2, 0]))
        return Case({"labels": ["a", "b", "c"]}, parts, batch, 80, 0.05, {"accuracy": (1, 1), "loss": (0, 0.3)})
    if name == "regression":
        parts = {"network": [nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 1)]}
        return Case(
            {"mean": 3.0, "scale": 2.0}, parts, _batch(x, torch.randn(7)), 150, 0.05, {"rmse": (0, 0.2), "r2": (0.9, 1)}
        )
    if name == "multilabel":
        parts = {"network": [nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 3)]}
        target = torch.tensor([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 1]]).float()
        settings = {"labels": ["a", "b", "c"], "pos_weight": [1.0, 2.0, 0.5]}
        learnt = {"mean_average_precision": (1, 1), "subset_accuracy": (1, 1), "loss": (0, 0.2)}
        return Case(settings, parts, _batch(x, target), 150, 0.05, learnt)
    if name == "forecasting":
        parts = {"network": [nn.Flatten(), nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 4), nn.Unflatten(1, (2, 2))]}
        settings = {"targets": ["b", "a"], "horizon": 2, "channels": [1, 0], "mean": [1.0, 2.0], "scale": [3.0, 0.5]}
        batch = _batch(torch.randn(7, 3, 2), torch.randn(7, 2, 2))
        return Case({**settings, "period": 2}, parts, batch, 200, 0.03, {"mse": (0, 0.05), "skill": (0.9, 1)})
    if name == "language_model":
        parts = {"network": [nn.Embedding(6, 12), nn.Linear(12, 6)]}
        tokens = torch.arange(9).remainder(6).expand(4, 9).contiguous()  # each token has one successor
        settings = {"vocabulary": 6, "context": 9}
        return Case(settings, parts, _batch(tokens), 60, 0.1, {"nats_per_token": (0, 0.1), "perplexity": (1, 1.1)})
    if name == "variational_autoencoder":
        parts = {"encoder": [nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 4)], "decoder": [nn.Linear(2, 5)]}
        settings = {"signal": "vector:5", "latent": 2, "deviation": 0.3}
        return Case(settings, parts, _batch(x[:2].repeat(8, 1)), 200, 0.03, {"elbo": (-7, 9), "kl": (0.3, 30)})
    if name == "gan":
        parts = {
            "generator": [nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 5)],
            "critic": [nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1)],
        }
        real = 2 + 0.3 * torch.randn(64, 5)
        settings = {"signal": "vector:5", "latent": 2, "critic_steps": 3}
        return Case(settings, parts, _batch(real), 120, 0.01, {"mmd": (-1, 0.35)})
    raise NotImplementedError(f"write a case for the task {name!r} here")


def _task(name: str):
    return TASKS.get(name)(**case(name).settings)


def _model(name: str) -> nn.ModuleDict:
    return nn.ModuleDict({part: Net(*layers) for part, layers in case(name).parts.items()})


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


every_task = pytest.mark.parametrize("name", TASKS.names())


@every_task
def test_settings_come_back_from_json(name):
    task = _task(name)
    settings = json.loads(json.dumps(task.settings()))
    assert settings == task.settings()
    assert TASKS.get(name)(**settings) == task
    assert settings.items() >= case(name).settings.items()


@every_task
def test_groups_cover_the_parts_once(name):
    task = _task(name)
    assert (
        sorted(part for parts in task.groups.values() for part in parts) == sorted(task.parts) == sorted(_model(name))
    )
    assert Scoring(task).better in ("max", "min")
    json.dumps(dict(task.recipe_defaults))


@every_task
def test_losses_are_lazy(name):
    """Nothing runs before it is asked for, and the work for a loss is done when that loss is asked for."""
    task, model, batch = _task(name), _model(name), case(name).batch
    losses = task.losses(model, batch, _generator())
    assert sum(net.calls for net in model.values()) == 0
    before, seen = 0, []
    for group, loss in losses:
        calls = sum(net.calls for net in model.values())
        assert calls > before
        before = calls
        seen.append(group)
        assert loss.shape == ()
    assert set(seen) == set(task.groups)


@every_task
def test_every_loss_reaches_all_parameters_of_its_group(name):
    task, model, batch = _task(name), _model(name), case(name).batch
    for group, loss in task.losses(model, batch, _generator()):
        parameters = {f"{part}.{key}": p for part in task.groups[group] for key, p in model[part].named_parameters()}
        gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
        dead = [key for key, g in zip(parameters, gradients, strict=True) if g is None]
        # a constant added to the critic's values changes no loss
        assert [key for key in dead if key != "critic.body.2.bias"] == []


@every_task
def test_chance_comes_from_the_generator(name):
    task, model, batch = _task(name), _model(name).eval(), case(name).batch
    state = torch.get_rng_state()
    runs = [[loss.item() for _, loss in task.losses(model, batch, _generator(seed))] for seed in (3, 3, 4)]
    assert runs[0] == runs[1]
    assert (runs[0] != runs[2]) == (name in ("variational_autoencoder", "gan"))
    assert torch.equal(torch.get_rng_state(), state)


@every_task
def test_evaluate_leaves_the_model_as_it_was(name):
    """Modes come back module by module, even where one was frozen; metrics are plain numbers and repeat."""
    task, model, batch = _task(name), _model(name).train(), case(name).batch
    frozen = model[task.parts[0]].body[0].eval()
    weights = {key: value.clone() for key, value in model.state_dict().items()}
    state = torch.get_rng_state()
    metrics = task.evaluate(model, [batch, batch])
    assert task.evaluate(model, [batch, batch]) == metrics
    assert torch.equal(torch.get_rng_state(), state)
    assert {module.training for module in model.modules() if module is not frozen} == {True}
    assert not frozen.training
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())
    assert task.score in metrics
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
    next(task.losses(model, batch, _generator()))[1].backward()  # no inference tensor was left behind


@every_task
def test_evaluate_restores_the_mode_after_an_error(name):
    task, model, batch = _task(name), _model(name).train(), case(name).batch

    def fail(*_):
        raise RuntimeError("broken on purpose")

    for net in model.values():
        net.body[-1].register_forward_hook(fail)
    with pytest.raises(RuntimeError, match="on purpose"):
        task.evaluate(model, [batch])
    assert all(module.training for module in model.modules())


@every_task
def test_nothing_to_evaluate_is_said(name):
    with pytest.raises(Exception, match=r"nothing to evaluate|too few examples"):
        _task(name).evaluate(_model(name), [])


@every_task
def test_an_ordinary_model_passes_the_check_unchanged(name):
    task, model = _task(name), _model(name).train()
    weights = {key: value.clone() for key, value in model.state_dict().items()}
    state = torch.get_rng_state()
    task.check(model)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(module.training for module in model.modules())
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())


@every_task
def test_it_overfits_a_handful(name):
    task, model, the = _task(name), _model(name), case(name)
    betas = tuple(task.recipe_defaults.get("optimiser_settings", {}).get("betas", (0.9, 0.999)))
    parameters = {
        group: [p for part in parts for p in model[part].parameters()] for group, parts in task.groups.items()
    }
    optimisers = {group: torch.optim.Adam(ps, lr=the.lr, betas=betas) for group, ps in parameters.items()}
    before = task.evaluate(model, [the.batch])
    for step in range(the.steps):
        for group, loss in task.losses(model, the.batch, _generator(step)):
            optimisers[group].zero_grad()
            loss.backward(inputs=parameters[group])
            optimisers[group].step()
    after = task.evaluate(model, [the.batch])
    gain = after[task.score] - before[task.score]
    assert gain > 0 if Scoring(task).better == "max" else gain < 0, (before, after)
    for metric, (low, high) in the.learnt.items():
        assert low <= after[metric] <= high, (metric, after)
