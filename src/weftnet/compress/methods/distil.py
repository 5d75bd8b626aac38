"""Distillation: a smaller network learns the answers of the run beside the labels, by the run's own recipe.

    keep       the run's network with this share of the units of every group, those that pruning would keep
    student    an architecture that somebody gives, with new weights

    loss = 0.1 · loss of the labels + 0.9 · T² · KL(softmax(run / T) ‖ softmax(student / T)),  T = 4

or what the task's `distil.py` says. The full learning rate is used: much is to be learnt anew. It is tried where it is
asked for, as it takes a training, and is worth little in the seconds that a fine-tuning takes.

Source: G. Hinton, O. Vinyals, J. Dean, Distilling the knowledge in a neural network, 2015,
https://arxiv.org/abs/1503.02531; from weights that were cut: S. Muralidharan and others, Compact language models via
pruning and knowledge distillation, 2024, https://arxiv.org/abs/2407.14679.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from torch import nn

from weftnet.architecture.spec import Architecture
from weftnet.compose.network import Network, build
from weftnet.compress.cut import cut
from weftnet.compress.emit import write_torch
from weftnet.compress.methods.prune import choose_units
from weftnet.compress.prunable import prunable_groups
from weftnet.compress.resources import NotApplicable, Resources, network_of
from weftnet.data.augment import mixes
from weftnet.errors import SettingError
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded
from weftnet.tasks._assemble import assemble
from weftnet.train.first_look import first_look
from weftnet.train.recipe import Recipe
from weftnet.train.teacher.asked import Teacher
from weftnet.train.teacher.asking import distillation


class Distil:
    """A smaller network that learns from the run."""

    order: ClassVar[int] = 0
    engine: ClassVar[str] = "torch"
    on_request: ClassVar[bool] = True
    variants: ClassVar[Sequence[Mapping[str, Any]]] = ({"keep": 0.5}, {"keep": 0.25})

    @staticmethod
    def chosen(resources: Resources) -> Sequence[Mapping[str, Any]]:
        """The given student alone, where there is one."""
        return Distil.variants if resources.student is None else ({"keep": 0.0},)

    @staticmethod
    def label(*, keep: float) -> str:
        """distil-50; distil-student for one that is given."""
        return f"distil-{keep * 100:.0f}" if keep else "distil-student"

    @staticmethod
    def apply(loaded: Loaded, resources: Resources, folder: Path, *, keep: float) -> Run | NotApplicable:
        """A run of a smaller network that learnt from the run that is compressed."""
        own, teacher = (
            Recipe.from_dict(loaded.run.json("recipe.json")),
            str(resources.origin.get("folder", loaded.run.folder)),
        )
        try:
            distillation(loaded.task, Teacher((teacher,)))
        except SettingError as reason:
            return NotApplicable(reason.got.removeprefix("not applicable, ") or reason.what)
        if own.solver is not None:
            return NotApplicable(f"it was solved by {own.solver}: there is no recipe for a student")
        smaller = _given(loaded, resources) if not keep else _cut(loaded, resources, keep)
        if isinstance(smaller, NotApplicable):
            return smaller
        architecture, network = smaller
        plain = tuple(each for each in own.augment if _plain(each))
        recipe = replace(
            own, epochs=None, steps=None, budget=resources.seconds or 1.0, patience=None, ema=None,
            seed=resources.seed, teacher={"from": [teacher]}, augment=plain,
        )  # fmt: skip
        first_look(nn.ModuleDict({"network": network}), loaded.task, resources.data, recipe)
        counts = [sum(p.numel() for p in each.parameters()) for each in (loaded.model["network"], network)]
        step = {"method": "distil", "parameters": counts, **({"keep": keep} if keep else {})}
        return write_torch(loaded, architecture, network, folder, resources, step, recipe)


def _cut(loaded: Loaded, resources: Resources, keep: float) -> tuple[Architecture, Network] | NotApplicable:
    """The network without its less important units."""
    network, inputs = network_of(loaded)
    batch = resources.data.train_batch(0, 4, resources.seed)
    groups = prunable_groups(network, loaded.architecture, inputs, batch)
    if not (removals := choose_units(groups, network.state_dict(), 1 - keep, "uniform") if groups else []):
        return NotApplicable("no layer's width can change; give a student: --arch")
    return cut(network, loaded.architecture, inputs, removals)


def _given(loaded: Loaded, resources: Resources) -> tuple[Architecture, Network]:
    """The student that somebody gives, with the task's head and new weights."""
    assert resources.student is not None  # else no such variant is tried
    complete = assemble(resources.student, loaded.task, loaded.signals)
    model = build(complete.architecture, complete.inputs, seed=resources.seed)
    loaded.task.check(model)
    network = model["network"]
    assert isinstance(network, Network)  # what build returns
    return complete.architecture, network


def _plain(entry: str | Mapping[str, Any]) -> bool:
    """Whether an augmentation leaves each row by itself, as the teacher has answered it."""
    name = entry if isinstance(entry, str) else next(iter(entry))
    return not mixes(name)
