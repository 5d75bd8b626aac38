"""The deletion curve: how fast the answer breaks down when its reasons are taken away.

    order: parts by falling attribution, of all inputs together
    p[s] = certainty of the target with the first s/S of the parts replaced by nothing,  s = 0 … S
    area = Σₛ (p[s] + p[s+1]) / 2S                       (trapezoids over the share removed)

An explanation that names what counts has a smaller area than a random order. Of a label the certainty is its
probability; of a number it is the number itself, in its unit: what raised it is taken away first.

Source: V. Petsiuk, A. Das, K. Saenko, RISE: randomized input sampling for explanation of black-box models, 2018,
https://arxiv.org/abs/1806.07421, section 4.1. What parts are replaced by is the view's `nothing`, where RISE has grey.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weftnet.explain.explanation import segment
from weftnet.explain.question import Question

#: points of a curve besides its start; with fewer parts, one a part
POINTS = 32


def coarse(question: Question, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """(batch, …parts) attributions by input, those of long series and waves summed over segments.

    A single sample of a wave means nothing, and taking some out at random would fill the rest with noise.
    """
    return {name: _segments(values, _steps(question, name)) for name, values in inputs.items()}


def real_parts(question: Question, like: dict[str, Tensor]) -> Tensor:
    """(batch, parts) of all inputs side by side: False where there is only padding."""
    found = []
    for name, values in like.items():
        real = torch.ones(values.shape, dtype=torch.bool, device=values.device)
        if name in question.masks:
            mask = _segments(question.masks[name].int(), _steps(question, name)) > 0
            real &= mask.reshape(*mask.shape, *[1] * (values.ndim - 2))
        found.append(real.flatten(1))
    return torch.cat(found, 1)


def side_by_side(inputs: dict[str, Tensor]) -> Tensor:
    """(batch, parts) of all inputs."""
    return torch.cat([values.flatten(1) for values in inputs.values()], 1)


def areas(question: Question, like: dict[str, Tensor], order: Tensor) -> NDArray[np.float64]:
    """(batch,) the area under each example's deletion curve.

    Args:
        question: what was asked.
        like: coarse attributions by input, for their shapes.
        order: (batch, parts) the places of the parts in the order in which they go; padding last.
    """
    real = real_parts(question, like)
    counts = real.sum(1)
    points = int(min(POINTS, int(counts.max())))
    turn = torch.empty_like(order).scatter_(1, order, torch.arange(order.shape[1]).to(order).expand_as(order))
    curve = []
    for point in range(points + 1):
        gone = (turn < (counts * point / points).round()[:, None]) & real
        curve.append(_certainty(question, like, gone))
    found = np.stack(curve).astype(np.float64)
    area: NDArray[np.float64] = (found[1:] + found[:-1]).mean(0) / 2
    return area


def by_attribution(question: Question, like: dict[str, Tensor]) -> Tensor:
    """(batch, parts) the strongest support first, padding last."""
    strength = side_by_side(like).masked_fill(~real_parts(question, like), -torch.inf)
    return strength.argsort(dim=1, descending=True, stable=True)


def at_random(question: Question, like: dict[str, Tensor], generator: torch.Generator) -> Tensor:
    """(batch, parts) any order, padding last."""
    real = real_parts(question, like)
    noise = torch.rand(real.shape, generator=generator).to(real.device)
    return noise.masked_fill(~real, 2.0).argsort(1)


def _certainty(question: Question, like: dict[str, Tensor], gone: Tensor) -> NDArray[np.float64]:
    """(batch,) with some parts gone."""
    inputs = {}
    pieces = torch.split(gone, [values[0].numel() for values in like.values()], 1)
    for (name, values), piece in zip(like.items(), pieces, strict=True):
        view, whole = question.views[name], question.inputs[name]
        steps, parts = _steps(question, name), piece.reshape(values.shape)
        mask = view.spread(parts if steps == 1 else parts.repeat_interleave(steps, 1)[:, : whole.shape[1]])
        inputs[name] = torch.where(
            mask.reshape(*mask.shape, *[1] * (whole.ndim - mask.ndim)), view.nothing(whole), whole
        )
    with torch.no_grad():
        given = question.network(inputs, question.masks)
        certain: NDArray[np.float64] = question.targets.certainty(given, question.targets.index).cpu().double().numpy()
    return certain


def _steps(question: Question, name: str) -> int:
    """Steps in a segment; 1 where every part stands for itself."""
    if question.views[name].kind not in ("series", "wave"):
        return 1
    return segment(question.inputs[name].shape[1])


def _segments(values: Tensor, steps: int) -> Tensor:
    """(batch, segments, …) sums over so many steps, the last segment short."""
    if steps == 1:
        return values
    return torch.stack([part.sum(1) for part in torch.split(values, steps, 1)], 1)
