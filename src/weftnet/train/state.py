"""The state of a training: everything that a step reads and changes, which is what a checkpoint holds."""

import inspect
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.base.foreign import reading
from weftnet.errors import DamagedCheckpoint, SettingError
from weftnet.optim import OPTIMISERS
from weftnet.optim.hidden import hidden_matrices, needs_matrices
from weftnet.run.lineage import StartFacts
from weftnet.tasks._task import Task
from weftnet.train.average import Average
from weftnet.train.checkpoint import Checkpoints
from weftnet.train.freezing import thaw, waiting
from weftnet.train.packing import named_in, pack, unpack
from weftnet.train.rates import Anchors, set_rates
from weftnet.train.recipe import Recipe
from weftnet.train.saved_state import COUNTERS, check_counters, other_form, refuse_uneven
from weftnet.train.team import ALONE, Team

#: the start of a run that starts from none
NOWHERE = StartFacts("")


class State:
    """Model, optimisers by group, mean weights, best weights, counters.

    Args:
        model: the networks by part.
        task: whose `groups` assign the parts to optimisers.
        recipe: says which optimisers, with which settings.
        team: the processes that train it together.
        start: of a run that it starts from: what thaws, which rates parts have, what is pulled to its start.
        helpers: what is trained beside the model, by the first group's optimiser, and is thrown away.

    Raises:
        SettingError: the recipe names a group the task doesn't have, or an optimiser can't be made as it says.
    """

    def __init__(
        self, model: nn.ModuleDict, task: Task, recipe: Recipe, team: Team = ALONE,
        start: StartFacts = NOWHERE, helpers: nn.Module | None = None,
    ) -> None:  # fmt: skip
        self.team = team
        self.model = model = team.distribute(model)
        self.for_training, self.for_evaluation = team.for_training(model), team.for_evaluation(model)
        self.optimisers: dict[str, torch.optim.Optimizer] = {}
        self.parameters: dict[str, list[nn.Parameter]] = {}
        for unknown in recipe.groups.keys() - task.groups.keys():
            expected = ", ".join(task.groups)
            raise SettingError(f"the task has no group {unknown!r}", where="recipe: groups", expected=expected)
        self.helpers = helpers if helpers is not None else nn.Module()
        beside = {"helper": self.helpers} if any(True for _ in self.helpers.parameters()) else {}
        with _all_learning(model):
            for group, parts in task.groups.items():
                self.optimisers[group] = _optimiser(group, recipe, {part: model[part] for part in parts} | beside)
                beside = {}
            self.anchors = Anchors(model, start)
            set_rates(self.optimisers.values(), model, start)
        for group in task.groups:
            self.parameters[group] = [p for entry in self.optimisers[group].param_groups for p in entry["params"]]
        trained = {id(each) for each in chain(*self.parameters.values())}
        self.fixed = {name for name, each in model.named_parameters() if id(each) not in trained}
        """The names of parameters that never move: the best weights don't hold them again."""
        self.targets: dict[str, list[nn.Parameter] | None] = {}
        """The parameters that receive gradients from a group's losses; None means all of the model, which is faster."""
        self.next_thaw = 0.0
        """The share of the steps at which the next parameters begin to learn."""
        self._begin_to_learn()
        if idle := [group for group in task.groups if not self.learning(group)]:
            what, fix = f"nothing of {idle[0]} is trained at the first step", "freeze less of it"
            raise SettingError(what, where="start: freeze", fix=fix)
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

    def thaw(self, progress: float) -> None:
        """Let what is frozen until this share of the steps learn from here on."""
        if progress >= self.next_thaw:
            thaw(self.model, progress)
            self._begin_to_learn()
            self.for_training = self.team.for_training(self.model)

    def _begin_to_learn(self) -> None:
        """Note which parameters learn now, and when the next ones begin."""
        trainable = {id(p) for p in self.model.parameters() if p.requires_grad}
        for group, parameters in self.parameters.items():
            own = [each for each in parameters if each.requires_grad]
            self.targets[group] = None if trainable <= {id(p) for p in own} else own
        self.next_thaw = min((share for _, share in waiting(self.model)), default=math.inf)

    def learning(self, group: str) -> list[nn.Parameter]:
        """The parameters of a group that learn now."""
        return [each for each in self.parameters[group] if each.requires_grad]

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
                self.best = {
                    name: tensor.detach().clone()
                    for name, tensor in self.model.state_dict().items()
                    if name not in self.fixed
                }

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
        anchors = sum(int(tensor.nbytes) for tensor in self.anchors.values.values())
        return weights * (4 + bool(self.average.values)) + anchors

    def saved(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and facts of a checkpoint."""
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"helper.{name}": tensor for name, tensor in self.helpers.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.best.items()} | self.average.tensors()
        tensors |= self.anchors.tensors()
        for group, number, parameter in self._gradients():
            if parameter.grad is not None:
                tensors[f"gradient.{group}.{number}"] = parameter.grad
        optimisers = {
            group: pack(optimiser.state_dict(), f"optimiser.{group}", tensors)
            for group, optimiser in self.optimisers.items()
        }
        facts = {name: getattr(self, name) for name in COUNTERS} | {"optimisers": optimisers}
        return tensors, facts

    def load(self, step: int, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        """Restore a state that was saved.

        Raises:
            DamagedCheckpoint: it belongs to another model or recipe.
        """
        facts = {"waited": 0.0} | facts  # which earlier versions did not record
        check_counters(facts, step)
        with reading(f"checkpoint {step}", "doesn't fit this model and recipe", error=DamagedCheckpoint):
            self.model.load_state_dict(_under("model.", tensors))
            self.helpers.load_state_dict(_under("helper.", tensors))
            self.best = {
                name: value.to(self.model.state_dict()[name].device) for name, value in _under("best.", tensors).items()
            }
            self.average.load(tensors)
            self.anchors.load(tensors)
            for group, optimiser in self.optimisers.items():
                saved = unpack(facts["optimisers"][group], tensors)
                if wrong := other_form(optimiser.state_dict(), saved):
                    raise ValueError(f"optimiser of {group}: {wrong}")
                optimiser.load_state_dict(saved)
                refuse_uneven(optimiser, group)
            kept = {name for name in tensors if name.startswith("optimiser.")}
            if lost := sorted(kept - {*named_in(facts["optimisers"])}):
                raise ValueError(f"nothing refers to the tensor {lost[0]}")
            for group, number, parameter in self._gradients():
                if (gradient := tensors.get(f"gradient.{group}.{number}")) is not None:
                    parameter.grad = torch.empty_like(parameter).copy_(gradient)
            for name in COUNTERS:
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


@contextmanager
def _all_learning(model: nn.ModuleDict) -> Iterator[None]:
    """What is yet to begin to learn counts as what learns already: optimisers take no parameters later."""
    later = [parameter for parameter, _ in waiting(model)]
    for parameter in later:
        parameter.requires_grad_(True)
    try:
        yield
    finally:
        for parameter in later:
            parameter.requires_grad_(False)


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
