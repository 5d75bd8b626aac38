"""A solver: `solver(model, task, data, seed, **settings)` sets the weights of a whole network; see `weftnet.solvers`.

It is tried on the networks that it proposes for the examples of all tasks, and on those that it proposes on top of a
network that was trained before: there the first of the task's own proposals, as if it had been trained.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor, nn

from weftnet.compete.propose import offered
from weftnet.compose import build
from weftnet.contract._check import Check, NotApplicable, checks, documented, expect
from weftnet.contract._scene import Scene, scene
from weftnet.data import Batch
from weftnet.data.outputs import Outputs
from weftnet.errors import MissingExtra
from weftnet.solvers import SOLVERS
from weftnet.tasks import EXAMPLES, TASKS, Candidate
from weftnet.tasks._assemble import assemble
from weftnet.train import Recipe
from weftnet.train.first_look import first_look

Solver: TypeAlias = Callable[..., None]


def solver(name: str) -> list[Check]:
    """The checks of a solver."""
    return checks(name, SOLVERS.get, [_proposes, _solves, _reads_training_rows, _documented])


def _proposes(solver: Solver) -> None:
    """Its proposals have recipes that name it, and are baselines unless they need a network that was trained before."""
    for at, candidate in _proposals(solver):
        known = candidate.baseline or candidate in _started(solver, at)
        expect(known, f"{candidate.name} is no baseline", fix="Candidate(…, baseline=True)")
        named = candidate.recipe.get("solver")
        expect(SOLVERS.get(str(named)) is solver, f"{candidate.name} has another solver", got=str(named))
        at.recipe(**candidate.recipe)


def _solves(solver: Solver) -> None:
    """Two models get the same weights, all of them finite."""
    for at, candidate in _proposals(solver):
        first, second = (_solved(at, candidate) for _ in range(2))
        for key, value in first.state_dict().items():
            expect(torch.equal(value, second.state_dict()[key]), f"{key} is another one the second time")
        outputs = _outputs(at, first)
        finite = all(bool(each.isfinite().all()) for each in outputs)
        expect(finite, f"{candidate.name} on {at.name} has outputs that are not finite")


def _reads_training_rows(solver: Solver) -> None:
    """It reads the training split alone."""
    for at, candidate in _proposals(solver):
        data, read = at.open(), list[str]()
        data.batches = partial(_watched, data.batches, read)  # type: ignore[method-assign]
        _solved(replace(at, data=data), candidate)
        expect(set(read) <= {"train"}, "it reads other splits", expected="train", got=", ".join(sorted(set(read))))


def _watched(batches: Callable[[str, int], Iterator[Batch]], read: list[str], split: str, size: int) -> Iterator[Batch]:
    """The batches of a split, whose name is noted."""
    read.append(split)
    return batches(split, size)


def _documented(solver: Solver) -> None:
    """It says what it finds."""
    documented(solver)


def _proposals(solver: Solver) -> Iterator[tuple[Scene, Candidate]]:
    """What it proposes for the tasks' examples, with the scene of each."""
    networks = _module(solver, "networks")
    if networks is None and _module(solver, "started") is None:
        raise NotApplicable("it proposes no networks")
    for name in TASKS:
        if EXAMPLES.find(name) is not None:
            at = scene(name)
            own = networks(at.data.signals, at.task) if networks else []
            for candidate in [*own, *_started(solver, at)]:
                yield at, candidate


def _started(solver: Solver, at: Scene) -> list[Candidate]:
    """What it proposes on the first network that the task proposes itself."""
    started = _module(solver, "started")
    bodies = list(offered(at.data.signals, at.task).values()) if started else []
    return started(bodies[0].architecture, at.data.signals, at.task) if started and bodies else []


def _module(solver: Solver, name: str) -> Callable[..., list[Candidate]] | None:
    """A function beside the solver, in its file."""
    return getattr(inspect.getmodule(solver), name, None)


def _solved(at: Scene, candidate: Candidate) -> nn.ModuleDict:
    """A candidate with the weights that its solver finds."""
    complete = assemble(candidate.architecture, at.task, at.data.signals)
    model, recipe = build(complete.architecture, complete.inputs, seed=0), Recipe.for_task(at.task, **candidate.recipe)
    first_look(model, at.task, at.data, recipe)
    try:
        SOLVERS.get(str(recipe.solver))(model, at.task, at.data, recipe.seed, **recipe.solver_settings)
    except MissingExtra as missing:
        raise NotApplicable(str(missing)) from None
    return model


def _outputs(at: Scene, model: nn.ModuleDict) -> list[Tensor]:
    """What is answered with; of some tasks it is several tensors."""
    with torch.no_grad():
        outputs: Outputs = at.task.infer(model.eval(), at.batch())
    return [outputs] if isinstance(outputs, Tensor) else list(outputs.values())
