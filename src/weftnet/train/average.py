"""A running mean of the weights (exponential moving average).

    average ← d · average + (1 − d) · weights,    d = min(decay, (1 + t) / (10 + t)),  t = steps so far

Source: B. Polyak, A. Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992; the ramp of d, which
makes even a short training forget its initial weights, is TensorFlow's `ExponentialMovingAverage`.
Buffers (the statistics of batch norms) are not averaged: the model's own are used.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """The mean of a model's parameters over the steps.

    Args:
        parameters: of the model.
        decay: in (0, 1): how slowly it forgets; None for no averaging: then the weights themselves are used.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], decay: float | None) -> None:
        self.decay = decay
        self.parameters: list[Tensor] = list(parameters) if decay is not None else []
        self.values = [parameter.detach().clone() for parameter in self.parameters]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Include the weights after step number `step`, counted from 0."""
        if self.decay is not None:
            share = 1.0 - min(self.decay, (1 + step) / (10 + step))
            torch._foreach_lerp_(self.values, self.parameters, share)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model has its mean weights in this context; afterwards its own again, bit for bit."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def make_permanent(self) -> None:
        """Give the model its mean weights permanently."""
        for parameter, value in zip(self.parameters, self.values, strict=True):
            parameter.copy_(value)

    def tensors(self) -> dict[str, Tensor]:
        """The means, by number."""
        return {f"average.{number}": value for number, value in enumerate(self.values)}

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Load means that were saved."""
        for name, value in self.tensors().items():
            value.copy_(tensors[name])

    @torch.no_grad()
    def _swap(self) -> None:
        for parameter, value in zip(self.parameters, self.values, strict=True):
            own = parameter.detach().clone()  # copied, as weights that are distributed over workers can't be swapped
            parameter.copy_(value)
            value.copy_(own)
