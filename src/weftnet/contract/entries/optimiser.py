"""An optimiser: `optimiser([(name, parameter), …], lr=…, **settings) → torch.optim.Optimizer`."""

import copy
import inspect
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn

from weftnet.contract._check import Check, checks, documented, expect
from weftnet.optim import OPTIMISERS

Optimiser: TypeAlias = Callable[..., torch.optim.Optimizer]


def optimiser(name: str) -> list[Check]:
    """The checks of an optimiser."""
    return checks(name, OPTIMISERS.get, [_descends, _resumes, _defaults, _refuses, _documented])


def _descends(optimiser: Optimiser) -> None:
    """It lowers a quadratic loss to half."""
    generator = torch.Generator().manual_seed(1)
    first, second = (nn.Parameter(torch.randn(5, 4, generator=generator, dtype=torch.float64)) for _ in range(2))
    stepper = optimiser([("first", first), ("second", second)], lr=0.05)
    losses = []
    for _ in range(300):
        stepper.zero_grad()
        loss = first.square().sum() + second.square().sum()
        torch.autograd.backward(loss)
        stepper.step()
        losses.append(float(loss.detach()))
    expect(
        losses[-1] < losses[0] / 2,
        "the loss after 300 steps",
        expected=f"< {losses[0] / 2:.3g}",
        got=f"{losses[-1]:.3g}",
    )


def _resumes(optimiser: Optimiser) -> None:
    """Stopped, copied into a new one and continued, it takes the same steps bit for bit."""
    whole, again, resumed = (_four_steps(optimiser, stop) for stop in (None, None, 2))
    expect(torch.equal(whole, again), "two runs of four steps differ", fix="draw no random numbers of its own")
    fix = "keep everything that a step depends on in `state` and `param_groups`"
    expect(torch.equal(whole, resumed), "a resumed run differs", fix=fix)


def _four_steps(optimiser: Optimiser, stop: int | None) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    weights = [nn.Parameter(torch.randn(shape, generator=generator)) for shape in ((6, 5), (5, 4), (4,))]
    named = [(f"layer.{i}", weight) for i, weight in enumerate(weights)]
    stepper = optimiser(named)
    for step in range(4):
        if step == stop:
            state = copy.deepcopy(stepper.state_dict())
            stepper = optimiser(named)
            stepper.load_state_dict(state)
        stepper.zero_grad()
        x = torch.randn(7, 6, generator=torch.Generator().manual_seed(step))
        torch.autograd.backward((torch.tanh(x @ weights[0]) @ weights[1] + weights[2]).square().sum())
        stepper.step()
    return torch.cat([weight.detach().flatten() for weight in weights])


def _defaults(optimiser: Optimiser) -> None:
    """It has a learning rate by default, called lr."""
    lr = inspect.signature(optimiser).parameters.get("lr")
    expect(lr is not None and isinstance(lr.default, float), "there is no default", fix="write lr: float = 1e-3")


def _refuses(optimiser: Optimiser) -> None:
    """With nothing to train it says so."""
    try:
        optimiser([("w", nn.Parameter(torch.ones(2), requires_grad=False))])
    except ValueError as error:
        expect("parameters" in str(error), "the error does not name them", expected="parameters: …", got=str(error))
    else:
        expect(False, "parameters without gradients are taken", expected="a ValueError: parameters: expected …")


def _documented(optimiser: Optimiser) -> None:
    """It has a formula, a source and a cost."""
    documented(optimiser, "θ ← θ − lr", "Source:", "Cost:")
