"""Parts of a model that are not trained, or not from the first step on: chosen by patterns of paths.

    body, network.body      this node and all below it; the part may be left out where it is the only one
    network.*.norm          * stands for any letters, as in names of files
    *.bias                  parameters of this name

Nothing that is frozen moves: its parameters take no gradient and have no optimiser state, and it stays in evaluation
mode, so that norms keep their statistics and dropout is off. A module is frozen as long as a pattern covers it, or as
all of its parameters are.

What thaws begins to learn at a share of the training's steps (J. Howard, S. Ruder, Universal Language Model Fine-tuning
for Text Classification, 2018, https://arxiv.org/abs/1801.06146, "gradual unfreezing"): a function of the step alone.
Until then it is as frozen as the rest; its optimiser state begins then. Of several patterns that cover a path the one
that names most of it decides; of equal ones what thaws.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from torch import nn

from weftnet.errors import SettingError, closest
from weftnet.execution.adapters import ADAPTERS
from weftnet.run.lineage import StartFacts

#: the share of the steps until which a module is frozen; set on modules, so that copies of a model have it too
_MARK = "_weftnet_frozen"
#: name of an own parameter → the share at which it begins to learn
_WAITS = "_weftnet_waits"


def covers(pattern: str, path: str) -> bool:
    """Whether a pattern matches a path, or a node above it."""
    return covered(pattern, path) > 0


def covered(pattern: str, path: str) -> int:
    """How many names of a path a pattern matches, from its beginning on; 0 if it doesn't cover the path."""
    steps = path.split(".")
    starts = (0, 1) if steps[0] == "network" else (0,)
    ends = range(len(steps), 0, -1)
    return next(
        (end for end in ends for start in starts if end > start and fnmatchcase(".".join(steps[start:end]), pattern)), 0
    )


@dataclass(frozen=True)
class Begin:
    """When the paths of a model begin to learn, by what a run records of its start.

    Args:
        facts: of the start.
    """

    facts: StartFacts

    def module(self, path: str) -> float:
        """The share of the steps at which a node begins to learn: 0 for at once, ∞ for never."""
        return self._by_pattern(path, self.facts.tune != "head" or self._holds_head(path))

    def parameter(self, name: str) -> float:
        """The same of a parameter. One that has an adapter never learns itself."""
        if self.facts.adapt is None:
            return self._by_pattern(name, self.facts.tune != "head" or self._holds_head(name))
        learns = f".{ADAPTERS}." in name or name in self.facts.adapt.whole
        learns = learns or (self._holds_head(name) and name not in self.facts.adapt.weights)
        return self._by_pattern(name, True) if learns else math.inf

    def _by_pattern(self, path: str, learns: bool) -> float:
        """By the pattern that names most of a path; without one it learns or not."""
        most, share = 0, 0.0 if learns else math.inf
        for pattern in self.facts.freeze:
            if (names := covered(pattern, path)) > most:
                most, share = names, math.inf
        for pattern, begins in self.facts.thaw.items():
            if (names := covered(pattern, path)) > most or (names and names == most and share == math.inf):
                most, share = names, begins
        return share

    def _holds_head(self, path: str) -> bool:
        """Whether a path lies in the head, or above it."""
        return any(f"{path}.".startswith(f"{head}.") or head.startswith(f"{path}.") for head in self.facts.head)


def freeze(model: nn.ModuleDict, facts: StartFacts) -> None:
    """Freeze what a start says, for as long as it says, in this model and its copies.

    Raises:
        SettingError: a pattern covers nothing, or nothing is left to train.
    """
    check(model, facts.freeze, "freeze")
    check(model, facts.thaw, "thaw")
    set_frozen(model, facts)
    if not any(each.requires_grad for each in model.parameters()):
        what, got = "nothing is left to train at the first step", ", ".join((*facts.freeze, *facts.thaw))
        raise SettingError(what, where="start: freeze", got=got, fix="leave out a path")


def set_frozen(model: nn.ModuleDict, facts: StartFacts) -> None:
    """The same, in a model that may lack parts that the start names."""
    begin = Begin(facts)
    for path, module in model.named_modules():
        waits = {}
        for key, parameter in module.named_parameters(recurse=False):
            if parameter.requires_grad and (share := begin.parameter(f"{path}.{key}")) > 0:
                parameter.requires_grad_(False)
                waits[key] = share
        if waits := {key: share for key, share in waits.items() if share < math.inf}:
            setattr(module, _WAITS, waits)
    for path, module in model.named_modules():
        own = [begin.parameter(f"{path}.{name}") for name, _ in module.named_parameters()]
        until = max(begin.module(path) if path else 0.0, min(own, default=0.0))
        if until > 0:
            setattr(module, _MARK, until)


def thaw(model: nn.Module, progress: float) -> None:
    """Let what waits learn from here on, as far as its share of the steps is over."""
    for module in model.modules():
        waits = getattr(module, _WAITS, {})
        for key in [key for key, share in waits.items() if share <= progress]:
            _own(module, key).requires_grad_(True)
        if waits:
            setattr(module, _WAITS, {key: share for key, share in waits.items() if share > progress})
        if 0 < getattr(module, _MARK, 0.0) <= progress:
            setattr(module, _MARK, 0.0)
            module.training = True


def waiting(model: nn.Module) -> Iterator[tuple[nn.Parameter, float]]:
    """The parameters that are yet to begin, each with its share of the steps."""
    for module in model.modules():
        for key, share in getattr(module, _WAITS, {}).items():
            yield _own(module, key), share


def _own(module: nn.Module, key: str) -> nn.Parameter:
    """A module's parameter, whatever its attribute of that name gives."""
    parameter = module._parameters[key]
    assert parameter is not None  # it was frozen
    return parameter


def to_training(model: nn.Module) -> None:
    """Training mode, but for what is frozen."""
    model.train()
    for module in model.modules():
        if getattr(module, _MARK, 0.0) > 0:
            module.training = False


def check(model: nn.ModuleDict, patterns: Iterable[str], what: str) -> None:
    """Raise SettingError if a pattern covers no node and no parameter."""
    paths = [path for path, _ in model.named_modules() if path] + [name for name, _ in model.named_parameters()]
    for pattern in patterns:
        if not any(covers(pattern, path) for path in paths):
            near = closest(pattern, paths)
            fix = f"did you mean {' or '.join(map(repr, near))}?" if near else ""
            expected = "" if near else "a path such as " + ", ".join(paths[1:4])
            raise SettingError(f"nothing is called {pattern!r}", where=f"start: {what}", expected=expected, fix=fix)
