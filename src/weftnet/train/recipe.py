"""How to train: one frozen record, written into the run as JSON."""

import dataclasses
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from weftnet.base.settings import check_settings, known, nearest
from weftnet.base.threads import THREADS, are_threads
from weftnet.data import AUGMENTATIONS
from weftnet.errors import SettingError, meant
from weftnet.execution.plan import Plan
from weftnet.optim import OPTIMISERS, SCHEDULES
from weftnet.solvers import SOLVERS
from weftnet.tasks._scoring import Scoring
from weftnet.tasks._task import Task
from weftnet.train.teacher.asked import Teacher


@dataclass(frozen=True)
class Recipe:
    """How to train. Every field can stand in a JSON file; unknown ones are refused.

    >>> weftnet.Recipe.from_dict({"steps": 100, "lr": 0.01}).steps
    100
    """

    solver: str | None = None
    """A name of `weftnet.solvers.SOLVERS`: it finds the weights at once, and no field that is about steps is used."""
    solver_settings: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of the solver."""
    optimiser: str = "adamw"
    """A name of `weftnet.optim.OPTIMISERS`."""
    lr: float | None = None
    """Peak learning rate; None is the optimiser's own default."""
    optimiser_settings: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of the optimiser."""
    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Other `optimiser`, `lr`, `optimiser_settings` for one of the task's groups: {"critic": {"lr": 4e-4}}."""
    schedule: str = "one_cycle"
    """A name of `weftnet.optim.SCHEDULES`."""
    warmup: float | None = None
    """Share of the training over which the rate rises, in [0, 1); None is the schedule's own default."""
    schedule_settings: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of the schedule."""
    batch_size: int = 64
    """Examples in a batch."""
    accumulate: int = 1
    """Batches whose gradients are averaged for one step."""
    epochs: float | None = None
    """Passes over the training split. Give one of epochs, steps and budget; without any, 10 epochs."""
    steps: int | None = None
    """Steps of the optimisers."""
    budget: float | None = None
    """Seconds; converted to steps before training starts."""
    clip: float | None = None
    """Largest norm of a group's gradient; longer ones are scaled down to it."""
    ema: float | None = None
    """Decay of the weights' running mean, which is then evaluated and kept instead of the weights; in (0, 1)."""
    auxiliary: Mapping[str, float] = field(default_factory=dict)
    """Weights of the losses that blocks give, by name; 1 for every other: {"commitment": 0.5}."""
    teacher: Mapping[str, Any] | None = None
    """Runs whose answers are learnt beside the labels, see `train/teacher/asked.py`: {"from": ["runs/large"]}."""
    augment: Sequence[str | Mapping[str, Mapping[str, Any]]] = ()
    """Names of `weftnet.data.AUGMENTATIONS`, in order: ["flip", {"crop": {"padding": 2}}]."""
    evaluate_every: str = "1 epoch"
    """How often the validation split is evaluated: "2 epochs", "500 steps"; always at the end."""
    patience: int | str | None = "auto"
    """Stop after so many evaluations without a better score, None for never; "auto": see `train/choosing.py`."""
    metrics: Sequence[str] = ()
    """Names of `weftnet.metrics.METRICS`, or `torchmetrics.CLASS`, to compute beside the task's own."""
    score: str | None = None
    """The metric that decides which weights are best; None is the task's own."""
    keep: str = "auto"
    """Which weights the run keeps: "best" by the score or by the task's "loss" on the validation split, or the "last";
    "auto": by the loss where validation examples are few (`train/choosing.py`)."""
    checkpoint_every: float = 30.0
    """Seconds between checkpoints; Ctrl-C writes one too."""
    seed: int = 0
    """Seeds everything random: initial weights, order of examples, dropout, augmentation."""
    threads: int | None = None
    """Threads of torch; None leaves them as they are. Another number changes the last bits, as sums change order."""
    plan: str | Mapping[str, Any] = "auto"
    """How a step is executed: "auto" for the fastest plan, "eager" for plain PyTorch, or the fields of a `Plan`."""

    def __post_init__(self) -> None:
        self._fix_length()
        for name, (expected, holds) in _LIMITS.items():
            value = getattr(self, name)
            if value is not None and not holds(value):
                fix = meant(value, re.findall(r'"([a-z_]+)"', expected)) if isinstance(value, str) else ""
                what = f"{name} can't be used"
                raise SettingError(what, where="recipe", expected=expected, got=repr(value), fix=fix)
        object.__setattr__(self, "augment", tuple(self.augment))
        object.__setattr__(self, "metrics", tuple(self.metrics))
        self._check_names()
        self._check_settings()

    def _fix_length(self) -> None:
        """Ten epochs, unless another length is set; a single one."""
        lengths = [name for name in ("epochs", "steps", "budget") if getattr(self, name) is not None]
        if not lengths:
            object.__setattr__(self, "epochs", 10)
        if len(lengths) > 1:
            got = " and ".join(lengths)
            raise SettingError("more than one length", where="recipe", expected="one of them", got=got)

    def _check_names(self) -> None:
        """Refuse names that no registry has."""
        if self.solver is not None:
            known(SOLVERS, self.solver, "recipe: solver")
        known(OPTIMISERS, self.optimiser, "recipe: optimiser")
        known(SCHEDULES, self.schedule, "recipe: schedule")
        for entry in self.augment:
            known(AUGMENTATIONS, entry if isinstance(entry, str) else next(iter(entry)), "recipe: augment")
        for group in self.groups:
            known(OPTIMISERS, self.of_group(group)["optimiser"], f"recipe: groups.{group}.optimiser")

    def _check_settings(self) -> None:
        """Refuse settings that solver, schedule and optimisers don't have."""
        if self.teacher is not None:
            Teacher.from_dict(self.teacher)
            if self.solver is not None:
                raise SettingError("a solver learns from labels alone", where="recipe: teacher", got=self.solver)
        if self.solver is not None:
            taken = ("model", "task", "data", "seed")
            check_settings(SOLVERS.get(self.solver), self.solver_settings, taken, "recipe: solver_settings")
        schedule = SCHEDULES.get(self.schedule)
        check_settings(schedule, self.schedule_settings, ("progress", "warmup"), "recipe: schedule_settings")
        for group in ("", *self.groups):
            chosen = self.of_group(group)
            where = f"recipe: groups.{group}.optimiser_settings" if group else "recipe: optimiser_settings"
            optimiser = OPTIMISERS.get(chosen["optimiser"])
            check_settings(optimiser, chosen["settings"], ("parameters", "lr", "hidden"), where)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Recipe":
        """From a mapping, as JSON gives it.

        Raises:
            SettingError: a field is unknown or can't be used.
        """
        names = [f.name for f in dataclasses.fields(cls)]
        for name in fields:
            if name not in names:
                raise SettingError(f"no field is called {name!r}", where="recipe", **nearest(str(name), names))
        return cls(**fields)

    @classmethod
    def for_task(cls, task: Task, **fields: Any) -> "Recipe":
        """The task's default recipe, with some fields set."""
        defaults = dict(task.recipe_defaults)
        if {"epochs", "steps", "budget"} & set(fields):
            defaults = {name: value for name, value in defaults.items() if name not in ("epochs", "steps", "budget")}
        if fields.get("optimiser", defaults.get("optimiser")) != defaults.get("optimiser"):
            # settings of the task's optimiser don't apply to another one
            defaults = {name: value for name, value in defaults.items() if name not in ("lr", "optimiser_settings")}
        return cls.from_dict({**defaults, **fields})

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON; `from_dict` gives the same recipe back."""
        return {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)}

    def scoring(self, task: Task) -> Scoring:
        """The metrics of a training, and which of them decides.

        Raises:
            UnknownName: there is no such metric.
            SettingError: one can't be used with the task, or has no direction and so can't decide.
        """
        return Scoring(task, self.metrics, self.score or "")

    def of_group(self, group: str) -> dict[str, Any]:
        """`optimiser`, `lr` and `settings` of a group.

        Raises:
            SettingError: its entry in `groups` has an unknown key or value.
        """
        own = self.groups.get(group, {})
        where = f"recipe: groups.{group}"
        for key in own:
            if key not in ("optimiser", "lr", "optimiser_settings"):
                near = nearest(key, ["optimiser", "lr", "optimiser_settings"])
                raise SettingError(f"no field is called {key!r}", where=where, **near)
        if own.get("lr") is not None and not _positive(own["lr"]):
            raise SettingError("lr can't be used", where=where, expected="a positive number", got=repr(own["lr"]))
        optimiser = own.get("optimiser", self.optimiser)
        same = optimiser == self.optimiser
        return {
            "optimiser": optimiser,
            "lr": own.get("lr", self.lr if same else None),
            "settings": dict(own.get("optimiser_settings", self.optimiser_settings if same else {})),
        }

    def evaluation_interval(self, steps_per_epoch: int) -> int:
        """Steps between evaluations, if an epoch has so many batches."""
        count, unit = self.evaluate_every.split()
        if unit.startswith("step"):
            return int(count)
        return max(1, round(float(count) * steps_per_epoch / self.accumulate))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _positive(value: Any) -> bool:
    return _number(value) and value > 0


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < 2**63


def _interval(value: Any) -> bool:
    parts = value.split() if isinstance(value, str) else []
    if len(parts) != 2 or parts[1].rstrip("s") not in ("epoch", "step"):
        return False
    try:
        number = float(parts[0])
    except ValueError:
        return False
    return number > 0 and math.isfinite(number) and (number.is_integer() or parts[1].startswith("epoch"))


def _entry(value: Any) -> bool:
    if isinstance(value, Mapping):
        return len(value) == 1 and all(isinstance(settings, Mapping) for settings in value.values())
    return isinstance(value, str)


def _plan(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    Plan.from_dict(value).refuse_for_training()  # both raise errors of their own
    return True


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


_LIMITS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "solver": ("a name", lambda value: isinstance(value, str)),
    "solver_settings": ("a mapping", lambda value: isinstance(value, Mapping)),
    "optimiser": ("a name", lambda value: isinstance(value, str)),
    "schedule": ("a name", lambda value: isinstance(value, str)),
    "lr": ("a positive number", _positive),
    "optimiser_settings": ("a mapping", lambda value: isinstance(value, Mapping)),
    "schedule_settings": ("a mapping", lambda value: isinstance(value, Mapping)),
    "groups": (
        "a mapping of mappings",
        lambda value: isinstance(value, Mapping) and all(isinstance(own, Mapping) for own in value.values()),
    ),
    "auxiliary": (
        "a mapping of names to numbers, at least 0",
        lambda value: isinstance(value, Mapping) and all(_number(weight) and weight >= 0 for weight in value.values()),
    ),
    "warmup": ("a share of the training in [0, 1)", lambda value: _number(value) and 0 <= value < 1),
    "batch_size": ("a positive whole number", lambda value: _whole(value, 1)),
    "accumulate": ("a positive whole number", lambda value: _whole(value, 1)),
    "epochs": ("a positive number", _positive),
    "steps": ("a positive whole number", lambda value: _whole(value, 1)),
    "budget": ("a positive number of seconds", _positive),
    "clip": ("a positive number", _positive),
    "ema": ("a decay in (0, 1)", lambda value: _number(value) and 0 < value < 1),
    "teacher": ("a mapping: {from: [RUN]}", lambda value: isinstance(value, Mapping)),
    "augment": (
        "a list of names or {name: {settings}}",
        lambda value: isinstance(value, list | tuple) and all(map(_entry, value)),
    ),
    "metrics": (
        "a list of names",
        lambda value: isinstance(value, list | tuple) and all(isinstance(name, str) for name in value),
    ),
    "score": ("the name of a metric", lambda value: isinstance(value, str)),
    "evaluate_every": ('"2 epochs", "500 steps" or the like', _interval),
    "patience": (
        'a positive whole number, "auto", or null for never',
        lambda value: value == "auto" or _whole(value, 1),
    ),
    "keep": ('"auto", "best", "loss" or "last"', lambda value: value in ("auto", "best", "loss", "last")),
    "checkpoint_every": ("at least 0 seconds", lambda value: _number(value) and value >= 0),
    "seed": ("a whole number, at least 0", lambda value: _whole(value, 0)),
    "threads": (THREADS, are_threads),
    "plan": ('"auto", "eager" or fields of a plan', lambda value: value in ("auto", "eager") or _plan(value)),
}
