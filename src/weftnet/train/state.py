"""The state of a training: everything that a step reads and changes, which is what a checkpoint holds."""

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.base.foreign import reading
from weftnet.base.typed import brief, misfit
from weftnet.errors import DamagedCheckpoint, SettingError
from weftnet.optim import OPTIMISERS
from weftnet.optim.hidden import hidden_matrices, needs_matrices
from weftnet.run.facts import check_history
from weftnet.tasks._task import Task
from weftnet.train.average import Average
from weftnet.train.checkpoint import Checkpoints
from weftnet.train.freezing import slow_down
from weftnet.train.packing import named_in, pack, unpack
from weftnet.train.recipe import Recipe
from weftnet.train.team import ALONE, Team


class State:
    """Model, optimisers by group, mean weights, best weights, counters.

    Args:
        model: the networks by part.
        task: whose `groups` assign the parts to optimisers.
        recipe: says which optimisers, with which settings.
        team: the processes that train it together.
        rates: pattern of paths → factor of the learning rate.

    Raises:
        SettingError: the recipe names a group the task doesn't have, or an optimiser can't be made as it says.
    """

    def __init__(
        self, model: nn.ModuleDict, task: Task, recipe: Recipe, team: Team = ALONE,
        rates: Mapping[str, float] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self.team = team
        self.model = model = team.distribute(model)
        self.for_training, self.for_evaluation = team.for_training(model), team.for_evaluation(model)
        self.optimisers: dict[str, torch.optim.Optimizer] = {}
        self.parameters: dict[str, list[nn.Parameter]] = {}
        for unknown in recipe.groups.keys() - task.groups.keys():
            expected = ", ".join(task.groups)
            raise SettingError(f"the task has no group {unknown!r}", where="recipe: groups", expected=expected)
        for group, parts in task.groups.items():
            self.optimisers[group] = _optimiser(group, recipe, {part: model[part] for part in parts})
        if rates:
            slow_down(self.optimisers.values(), model, rates)
        for group in task.groups:
            self.parameters[group] = [p for entry in self.optimisers[group].param_groups for p in entry["params"]]
        trainable = {id(p) for p in model.parameters() if p.requires_grad}
        self.targets = {
            group: None if trainable <= {id(p) for p in parameters} else parameters
            for group, parameters in self.parameters.items()
        }
        """The parameters that receive gradients from a group's losses; None means all of the model, which is faster."""
        self.rates = [(entry, entry["lr"]) for entry in self._entries()]
        self.average = Average(model.parameters(), recipe.ema)
        self.yields = dict.fromkeys(task.groups, 0)
        self.best: dict[str, Tensor] = {}
        self.best_score: float | None = None
        self.best_step = 0
        self.stale = 0
        self.step = 0
        self.stopped = False
        self.seconds = self.waited = 0.0
        self.sums: dict[str, list[float]] = {}
        self.history: list[dict[str, Any]] = []

    def set_rate(self, factor: float) -> None:
        """Every optimiser's rate, as a multiple of its base rate."""
        for entry, base in self.rates:
            entry["lr"] = base * factor

    @property
    def rate(self) -> float:
        """The rate of the first group."""
        return float(self.rates[0][0]["lr"])

    def score(self, value: float | None, better: str, keep: bool) -> None:
        """Compare a score with the best so far; it is that of the weights that the model has now.

        Of equal scores the latest weights are kept – a small split gives many ties, and longer training is the better
        guess – but only a better score postpones an early stop.
        """
        if value is None:
            return
        best = self.best_score
        improved = value == value and (best is None or (value > best if better == "max" else value < best))
        self.stale = 0 if improved else self.stale + 1
        if improved or value == best:
            self.best_score, self.best_step = value, self.step
            if keep:
                self.best = {name: tensor.detach().clone() for name, tensor in self.model.state_dict().items()}

    def out_of_patience(self, patience: int | str | None) -> bool:
        """Whether so many evaluations in a row gave no better score; never, if patience is no number."""
        return isinstance(patience, int) and self.stale >= patience

    def checkpoints(self, run_folder: Path) -> Checkpoints:
        """The checkpoints of this training."""
        return self.team.checkpoints(run_folder / "checkpoints", self.like)

    @property
    def bytes(self) -> int:
        """About the size of a checkpoint: weights, two values of optimiser state for each, mean and best weights."""
        weights = sum(int(tensor.nbytes) for tensor in self.model.state_dict().values())
        return weights * (4 + bool(self.average.values))

    def saved(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and facts of a checkpoint."""
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.best.items()} | self.average.tensors()
        for group, number, parameter in self._gradients():
            if parameter.grad is not None:
                tensors[f"gradient.{group}.{number}"] = parameter.grad
        optimisers = {
            group: pack(optimiser.state_dict(), f"optimiser.{group}", tensors)
            for group, optimiser in self.optimisers.items()
        }
        facts = {name: getattr(self, name) for name in _FACTS} | {"optimisers": optimisers}
        return tensors, facts

    def load(self, step: int, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        """Restore a state that was saved.

        Raises:
            DamagedCheckpoint: it belongs to another model or recipe.
        """
        facts = {"waited": 0.0} | facts  # which earlier versions did not record
        _check(facts, step)
        with reading(f"checkpoint {step}", "doesn't fit this model and recipe", error=DamagedCheckpoint):
            self.model.load_state_dict(_under("model.", tensors))
            self.best = {
                name: value.to(self.model.state_dict()[name].device) for name, value in _under("best.", tensors).items()
            }
            self.average.load(tensors)
            for group, optimiser in self.optimisers.items():
                saved = unpack(facts["optimisers"][group], tensors)
                if wrong := _other_form(optimiser.state_dict(), saved):
                    raise ValueError(f"optimiser of {group}: {wrong}")
                optimiser.load_state_dict(saved)
                _refuse_uneven(optimiser, group)
            kept = {name for name in tensors if name.startswith("optimiser.")}
            if lost := sorted(kept - {*named_in(facts["optimisers"])}):
                raise ValueError(f"nothing refers to the tensor {lost[0]}")
            for group, number, parameter in self._gradients():
                if (gradient := tensors.get(f"gradient.{group}.{number}")) is not None:
                    parameter.grad = torch.empty_like(parameter).copy_(gradient)
            for name in _FACTS:
                setattr(self, name, facts[name])
        self.step = step
        bases = [base for _, base in self.rates]
        self.rates = list(zip(self._entries(), bases, strict=True))

    def like(self, name: str) -> Tensor | None:
        """The tensor that a saved one of this name corresponds to; for a mean, a moment or a gradient its parameter."""
        match name.split("."):
            case ["model" | "best", *path]:
                return self.model.state_dict().get(".".join(path))
            case ["average", number] if number.isdecimal():
                return dict(enumerate(self.average.values)).get(int(number))
            case ["gradient", group, number] | ["optimiser", group, "state", number, _] if number.isdecimal():
                return dict(enumerate(self.parameters.get(group, []))).get(int(number))
        return None

    def _entries(self) -> list[dict[str, Any]]:
        return [entry for optimiser in self.optimisers.values() for entry in optimiser.param_groups]

    def _gradients(self) -> Iterator[tuple[str, int, nn.Parameter]]:
        """(group, number, parameter) of all parameters: between steps those of a group may have gradients, if it waits
        for more losses before its next step."""
        for group, parameters in self.parameters.items():
            for number, parameter in enumerate(parameters):
                yield group, number, parameter


_FACTS: dict[str, Any] = {
    "yields": dict[str, int], "best_score": float | None, "best_step": int, "stale": int, "seconds": float,
    "waited": float, "sums": dict[str, list[Any]], "history": list[dict[str, Any]],
}  # fmt: skip


def _check(facts: dict[str, Any], step: int) -> None:
    """Refuse counters and history of a wrong type.

    Raises:
        DamagedCheckpoint: with the first that is.
    """
    for name, kind in _FACTS.items():
        value = facts.get(name)
        diverged = isinstance(value, float) and value != value
        if not diverged and (wrong := misfit(value, kind)):
            raise DamagedCheckpoint(f"{name} is wrong", where=f"checkpoint {step}", expected=wrong, got=brief(value))
    check_history(facts["history"], f"checkpoint {step}: history")
    if not all(isinstance(each, int | float) for pair in facts["sums"].values() for each in pair):
        raise DamagedCheckpoint("sums is wrong", where=f"checkpoint {step}", expected="numbers")


def _refuse_uneven(optimiser: torch.optim.Optimizer, group: str) -> None:
    """Refuse moments of another shape than their parameter's, or of another type than another parameter's, or missing.

    Raises:
        ValueError: with the first.
    """
    types: dict[str, type] = {}
    for entry in optimiser.param_groups:
        states = [
            (parameter, optimiser.state[parameter]) for parameter in entry["params"] if parameter in optimiser.state
        ]
        known = {name for _, state in states for name in state}
        for parameter, state in states:
            if missing := sorted(known - state.keys()):
                raise ValueError(f"optimiser of {group}: a parameter lacks {missing[0]!r}")
            for name, value in state.items():
                if not isinstance(value, Tensor | int | float | None):
                    raise ValueError(f"optimiser of {group}: {name!r} is neither a tensor nor a number")
                if isinstance(value, Tensor) is not issubclass(types.setdefault(name, type(value)), Tensor):
                    raise ValueError(f"optimiser of {group}: {name!r} is a tensor of some parameters only")
                if isinstance(value, Tensor) and value.ndim and value.shape != parameter.shape:
                    raise ValueError(f"optimiser of {group}: {name!r} has another shape than its parameter")


def _other_form(has: Any, saved: Any) -> str:
    """How an optimiser's saved settings differ in type or number from those it has; empty if they don't."""
    number = (int, float, Tensor)
    if isinstance(has, Mapping):
        if not isinstance(saved, Mapping) or set(has) != set(saved):
            return "other settings"
        names = [name for name in has if name != "state"]  # which is empty before the first step
        return next((f"{name}: {wrong}" for name in names if (wrong := _other_form(has[name], saved[name]))), "")
    if isinstance(has, list | tuple):
        if not isinstance(saved, list | tuple) or len(has) != len(saved):
            return "another number of values"
        return next((wrong for pair in zip(has, saved, strict=True) if (wrong := _other_form(*pair))), "")
    plain = isinstance(has, number) and isinstance(saved, number) and isinstance(has, bool) == isinstance(saved, bool)
    return "" if plain or type(has) is type(saved) else f"expected {type(has).__name__}, got {type(saved).__name__}"


def _named(part: str, module: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """(name, parameter), each once; the name contains the class of the owner: `network.0.Embedding.weight`."""
    seen: set[int] = set()
    for path, owner in module.named_modules():
        for key, parameter in owner.named_parameters(recurse=False):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield ".".join((part, path, type(owner).__name__, key)), parameter


def _optimiser(group: str, recipe: Recipe, networks: Mapping[str, nn.Module]) -> torch.optim.Optimizer:
    """The optimiser of a group.

    Args:
        group: its name.
        recipe: says which optimiser, and its settings.
        networks: the group's, by part.

    Raises:
        SettingError: a setting can't be used, or there is nothing to train.
    """
    chosen = recipe.of_group(group)
    function = OPTIMISERS.get(chosen["optimiser"])
    lr = inspect.signature(function).parameters["lr"].default if chosen["lr"] is None else chosen["lr"]
    settings = chosen["settings"]
    if needs_matrices(function):
        settings = settings | {"hidden": hidden_matrices(networks.values())}
    named = [pair for part, network in networks.items() for pair in _named(part, network)]
    try:
        optimiser: torch.optim.Optimizer = function(named, lr=lr, **settings)
    except (TypeError, ValueError) as error:
        raise SettingError(str(error), where=f"recipe: optimiser of {group}") from error
    return optimiser


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
