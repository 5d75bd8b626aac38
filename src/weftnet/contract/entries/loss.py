"""A loss: `loss(outputs, target, mask=None, **settings) → Tensor` of one number."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from weftnet.contract._check import Check, checks, documented, expect, same
from weftnet.contract._examples import Pair, example
from weftnet.losses import LOSSES

Function: TypeAlias = Callable[..., Tensor]


@dataclass(frozen=True)
class _Case:
    loss: Function
    outputs: Tensor
    target: Tensor

    @property
    def mask(self) -> Tensor:
        """(batch, …) of the target's first axes: every third example does not count."""
        return torch.arange(len(self.target)).remainder(3) > 0


def loss(name: str) -> list[Check]:
    """The checks of a loss."""
    return checks(name, _case, [_a_number, _gradient, _mask_neutral, _nothing_counts, _documented])


def _case(name: str) -> _Case:
    function = LOSSES.get(name)

    def takes(pair: Pair) -> None:
        function(*pair)

    return _Case(function, *example(function, takes))


def _a_number(case: _Case) -> None:
    """It is one finite number."""
    value = case.loss(case.outputs, case.target)
    expect(isinstance(value, Tensor) and value.dim() == 0, "a loss is a tensor of shape ()", got=_described(value))
    expect(bool(value.isfinite()), "the loss is not finite", got=_described(value))


def _gradient(case: _Case) -> None:
    """Its gradient by the outputs is finite, and not zero everywhere."""
    outputs = case.outputs.clone().requires_grad_()
    torch.autograd.backward(case.loss(outputs, case.target))
    gradient = outputs.grad
    expect(gradient is not None, "there is no gradient", fix="compute it from the outputs with torch, detach nothing")
    assert gradient is not None
    expect(bool(gradient.isfinite().all()), "the gradient is not finite")
    expect(bool(gradient.any()), "the gradient is zero everywhere")


def _mask_neutral(case: _Case) -> None:
    """What the mask leaves out changes nothing, and gets no gradient."""
    loss, mask = case.loss, case.mask
    outputs, target = case.outputs.clone(), case.target.clone()
    value = loss(outputs, target, mask=mask)
    outputs[~mask], target[~mask] = outputs[~mask].flip(-1) + 3, target[~mask].flip(0)
    outputs.requires_grad_()
    again = loss(outputs, target, mask=mask)
    fix = "take the mean over what the mask keeps, and nothing else"
    same(again, value, 1e-9, "the loss depends on what the mask leaves out", fix)
    (gradient,) = torch.autograd.grad(again, outputs)
    expect(not gradient[~mask].any(), "what the mask leaves out gets a gradient", fix=fix)
    alone = loss(case.outputs[mask], case.target[mask])
    same(value, alone, 1e-9, "the masked loss is not that of the rows that count", fix)


def _nothing_counts(case: _Case) -> None:
    """Where the mask keeps nothing it is 0."""
    value = case.loss(case.outputs, case.target, mask=torch.zeros(len(case.target), dtype=torch.bool))
    expect(float(value) == 0, "the loss of nothing", expected="0", got=_described(value))


def _documented(case: _Case) -> None:
    """It says what it is."""
    documented(case.loss)


def _described(value: object) -> str:
    return f"{tuple(value.shape)} {value.flatten()[:3].tolist()}" if isinstance(value, Tensor) else repr(value)
