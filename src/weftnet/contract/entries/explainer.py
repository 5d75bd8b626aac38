"""An explainer: `METHOD(request, **settings) → Attribution`; see `weftnet.explain.methods`.

It is tried on the trained example of the first task whose answers it can explain.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from weftnet.compose import build
from weftnet.contract._check import Check, checks, documented, expect, same
from weftnet.contract._runs import suited
from weftnet.contract._scene import Scene
from weftnet.explain.attributing import build_request, outputs, run_method, views_of
from weftnet.explain.methods import METHODS
from weftnet.explain.request import Attribution, AttributionRequest
from weftnet.explain.targets import choose

#: examples that are explained
_BATCH = 6


@dataclass(frozen=True)
class _Case:
    name: str
    scene: Scene
    request: AttributionRequest

    def attribution(self, **changes: Any) -> Attribution:
        """What it says of the request, some of whose fields are others; of a copy, whatever it does to its inputs."""
        changes = {"inputs": self.copies()} | changes
        return run_method(replace(self.request, **changes), self.name, {})

    def copies(self) -> dict[str, Tensor]:
        """The request's inputs, of which nothing else knows."""
        return {name: values.clone() for name, values in self.request.inputs.items()}

    def inputs(self, **changes: Any) -> Mapping[str, Tensor]:
        """(batch, …pieces) by input."""
        return self.attribution(**changes).inputs


def explainer(name: str) -> list[Check]:
    """The checks of a method of explanation."""
    functions = [_a_number_a_piece, _alone, _repeats, _harmless, _of_the_network, _nothing_of_a_constant, _documented]
    return checks(name, _case, functions)


def _case(name: str) -> _Case:
    return _found(name, METHODS.get(name))


@lru_cache(maxsize=16)
def _found(name: str, _: Any) -> _Case:
    """The case of an entry, made once."""
    return suited(lambda scene: _made(name, scene))


def _made(name: str, scene: Scene) -> _Case:
    loaded = scene.trained()
    batch = scene.batch().slice(0, _BATCH)
    targets = choose(loaded, outputs(loaded, batch), None)
    case = _Case(name, scene, build_request(loaded, batch, views_of(loaded), targets, _BATCH))
    case.attribution()
    return case


def _a_number_a_piece(case: _Case) -> None:
    """It gives a finite number for every piece of every input."""
    attribution = case.attribution()
    expect(
        attribution.inputs.keys() == case.request.inputs.keys(),
        "the inputs are others",
        expected=", ".join(case.request.inputs),
        got=", ".join(attribution.inputs),
    )
    for name, values in case.request.inputs.items():
        pieces = case.request.views[name].per_piece(torch.zeros(values.shape)).shape
        got = attribution.inputs[name]
        expect(got.shape == pieces, f"{name}: the shape is another", expected=str(pieces), got=str(got.shape))
        expect(bool(got.isfinite().all()), f"{name}: values are not finite")
        expect(bool(got.any()), f"{name}: it says nothing of any example")
    for name, values in attribution.checks.items():
        expect(values.shape == (_BATCH,), f"{name}: one for each example", got=str(tuple(values.shape)))


def _alone(case: _Case) -> None:
    """An example is explained the same alone as beside others."""
    together = case.inputs()
    for row in range(_BATCH):
        rows = slice(row, row + 1)
        alone = case.inputs(
            inputs={name: values[rows] for name, values in case.request.inputs.items()},
            masks={name: mask[rows] for name, mask in case.request.masks.items()},
            targets=_of_rows(case.request.targets, rows),
        )
        for name, values in together.items():
            same(values[rows], alone[name], 1e-4, f"{name}: example {row} depends on its neighbours")


def _repeats(case: _Case) -> None:
    """A second time it says the same."""
    first, second = case.inputs(), case.inputs()
    for name, values in first.items():
        same(second[name], values, 0.0, f"{name}: it differs", "draw from a generator with a seed that is a setting")


def _harmless(case: _Case) -> None:
    """Weights, modes, values, gradients and the global chance stay as they are."""
    network = case.request.network
    state, chance = {key: value.clone() for key, value in network.state_dict().items()}, torch.get_rng_state()
    inputs, before = case.copies(), case.copies()
    case.attribution(inputs=inputs)
    moved = [key for key, value in network.state_dict().items() if not torch.equal(value, state[key])]
    expect(not moved, "it changes the network", got=", ".join(moved))
    expect(not any(each.training for each in network.modules()), "it leaves modules in training mode")
    graded = [key for key, value in network.named_parameters() if value.grad is not None]
    expect(not graded, "it leaves gradients", got=", ".join(graded), fix="use torch.autograd.grad")
    changed = [name for name, values in inputs.items() if not torch.equal(values, before[name])]
    expect(not changed, "it changes the inputs in place", got=", ".join(changed))
    expect(torch.equal(torch.get_rng_state(), chance), "it draws from the global generator")


def _of_the_network(case: _Case) -> None:
    """Of a network with other weights it says something else."""
    scene = case.scene
    other = build(scene.assembled.architecture, scene.assembled.inputs, seed=1_000_003).eval()["network"]
    one, two = case.inputs(), case.inputs(network=other)
    equal = all(torch.allclose(values, two[name]) for name, values in one.items())
    expect(not equal, "the explanation does not depend on the network", fix="compute it from request.score")


def _nothing_of_a_constant(case: _Case) -> None:
    """Of a score that never changes nothing is to blame."""
    scores = case.request.targets.scores
    constant = replace(case.request.targets, scores=lambda given, index: 0 * scores(given, index))
    for name, values in case.inputs(targets=constant).items():
        expect(not values.any(), f"{name}: pieces speak for a score that is always 0")


def _documented(case: _Case) -> None:
    """It has a formula, a source and a cost."""
    documented(METHODS.get(case.name), "    ", "Source: ", "Cost")


def _of_rows(targets: Any, rows: slice) -> Any:
    return replace(targets, names=targets.names[rows], index=targets.index[rows])
