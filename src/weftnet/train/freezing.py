"""Parts of a model that are not trained, or more slowly: chosen by patterns of paths.

    body, network.body      this node and all below it; the part may be left out where it is the only one
    network.*.norm          * stands for any letters, as in names of files
    *.bias                  parameters of this name

Nothing that is frozen moves: its parameters take no gradient and have no optimiser state, and it stays in evaluation
mode, so that norms keep their statistics and dropout is off. A module is frozen if a pattern covers it, or all of its
parameters.
"""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import nn

from weftnet.errors import SettingError, closest

#: set on modules, so that copies of a model have it too
_MARK = "_weftnet_frozen"


def covers(pattern: str, path: str) -> bool:
    """Whether a pattern matches a path, or a node above it."""
    steps = path.split(".")
    starts = (0, 1) if steps[0] == "network" else (0,)
    ends = range(1, len(steps) + 1)
    return any(fnmatchcase(".".join(steps[start:end]), pattern) for start in starts for end in ends if end > start)


def freeze(model: nn.ModuleDict, patterns: Iterable[str]) -> None:
    """Freeze what the patterns cover, for as long as this model and its copies live.

    Raises:
        SettingError: a pattern covers nothing.
    """
    patterns = tuple(patterns)
    check(model, patterns, "freeze")
    for name, parameter in model.named_parameters():
        if any(covers(pattern, name) for pattern in patterns):
            parameter.requires_grad_(False)
    for path, module in model.named_modules():
        own = list(module.parameters())
        covered = bool(path) and any(covers(pattern, path) for pattern in patterns)
        if covered or (patterns and own and not any(each.requires_grad for each in own)):
            setattr(module, _MARK, True)


def to_training(model: nn.Module) -> None:
    """Training mode, but for what is frozen."""
    model.train()
    for module in model.modules():
        if getattr(module, _MARK, False):
            module.training = False


def slow_down(optimisers: Iterable[torch.optim.Optimizer], model: nn.ModuleDict, rates: Mapping[str, float]) -> None:
    """Multiply the learning rates of what the patterns cover; of several that cover a parameter the first counts.

    Groups of an optimiser's parameters are split, so that each has one rate.

    Raises:
        SettingError: a pattern covers nothing.
    """
    check(model, rates, "rate")
    factors = {
        id(parameter): next((factor for pattern, factor in rates.items() if covers(pattern, name)), 1.0)
        for name, parameter in model.named_parameters()
    }
    for optimiser in optimisers:
        inner = getattr(optimiser, "optimisers", (optimiser,))
        for each in inner:
            each.param_groups = [part for group in each.param_groups for part in _by_factor(group, factors)]
        if len(inner) > 1 or inner[0] is not optimiser:
            optimiser.param_groups = [group for each in inner for group in each.param_groups]


def _by_factor(group: Mapping[str, Any], factors: Mapping[int, float]) -> Iterator[dict[str, Any]]:
    """A group of an optimiser's parameters, by the factor of their rate."""
    for factor in dict.fromkeys(factors[id(parameter)] for parameter in group["params"]):
        own = [parameter for parameter in group["params"] if factors[id(parameter)] == factor]
        yield {**group, "params": own, "lr": group["lr"] * factor}


def check(model: nn.ModuleDict, patterns: Iterable[str], what: str) -> None:
    """Raise SettingError if a pattern covers no node and no parameter."""
    paths = [path for path, _ in model.named_modules() if path] + [name for name, _ in model.named_parameters()]
    for pattern in patterns:
        if not any(covers(pattern, path) for path in paths):
            near = closest(pattern, paths)
            fix = f"did you mean {' or '.join(map(repr, near))}?" if near else ""
            expected = "" if near else "a path such as " + ", ".join(paths[1:4])
            raise SettingError(f"nothing is called {pattern!r}", where=f"start: {what}", expected=expected, fix=fix)
