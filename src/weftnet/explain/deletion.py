"""The deletion curve: how fast the score breaks down when the pieces that speak for it are removed.

    order: pieces by falling attribution, of all inputs together
    p[s] = certainty of the target with the first s/S of the pieces replaced by the baseline,  s = 0 … S
    area = Σₛ (p[s] + p[s+1]) / 2S                       (trapezoids over the share removed)

An explanation that finds what counts has a smaller area than a random order. The certainty of a label is its
probability; that of a number is the number itself, in its unit, so that what raised it is removed first.

Source: V. Petsiuk, A. Das, K. Saenko, RISE: randomized input sampling for explanation of black-box models, 2018,
https://arxiv.org/abs/1806.07421, section 4.1. Pieces are replaced by the view's baseline where RISE uses grey.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weftnet.explain.explanation import segment_length
from weftnet.explain.request import AttributionRequest

#: points of a curve after the first; one for each piece if there are fewer pieces
POINTS = 32


def coarse(request: AttributionRequest, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """(batch, …pieces) attributions by input, summed over segments in long series and waves.

    A single sample of a wave means nothing, and removing scattered samples would add noise to the rest.
    """
    return {name: _segment_sums(values, _steps(request, name)) for name, values in inputs.items()}


def real_pieces(request: AttributionRequest, like: dict[str, Tensor]) -> Tensor:
    """(batch, pieces) of all inputs, concatenated: False where there is only padding."""
    masks = []
    for name, values in like.items():
        real = torch.ones(values.shape, dtype=torch.bool, device=values.device)
        if name in request.masks:
            mask = _segment_sums(request.masks[name].int(), _steps(request, name)) > 0
            real &= mask.reshape(*mask.shape, *[1] * (values.ndim - 2))
        masks.append(real.flatten(1))
    return torch.cat(masks, 1)


def concatenated(inputs: dict[str, Tensor]) -> Tensor:
    """(batch, pieces) of all inputs."""
    return torch.cat([values.flatten(1) for values in inputs.values()], 1)


def areas(request: AttributionRequest, like: dict[str, Tensor], order: Tensor) -> NDArray[np.float64]:
    """(batch,) the area under each example's deletion curve.

    Args:
        request: whose score is measured.
        like: coarse attributions by input, for their shapes.
        order: (batch, pieces) indices of the pieces in the order of their removal; padding last.
    """
    real = real_pieces(request, like)
    counts = real.sum(1)
    points = int(min(POINTS, int(counts.max())))
    rank = torch.empty_like(order).scatter_(1, order, torch.arange(order.shape[1]).to(order).expand_as(order))
    curve = []
    for point in range(points + 1):
        removed = (rank < (counts * point / points).round()[:, None]) & real
        curve.append(_certainty(request, like, removed))
    certainties = np.stack(curve).astype(np.float64)
    area: NDArray[np.float64] = (certainties[1:] + certainties[:-1]).mean(0) / 2
    return area


def attribution_order(request: AttributionRequest, like: dict[str, Tensor]) -> Tensor:
    """(batch, pieces) the strongest support first, padding last."""
    strength = concatenated(like).masked_fill(~real_pieces(request, like), -torch.inf)
    return strength.argsort(dim=1, descending=True, stable=True)


def random_order(request: AttributionRequest, like: dict[str, Tensor], generator: torch.Generator) -> Tensor:
    """(batch, pieces) a random order, padding last."""
    real = real_pieces(request, like)
    noise = torch.rand(real.shape, generator=generator).to(real.device)
    return noise.masked_fill(~real, 2.0).argsort(1)


def _certainty(request: AttributionRequest, like: dict[str, Tensor], removed: Tensor) -> NDArray[np.float64]:
    """(batch,) with the marked pieces (batch, pieces) replaced by the baseline."""
    inputs = {}
    by_input = torch.split(removed, [values[0].numel() for values in like.values()], 1)
    for (name, values), flat in zip(like.items(), by_input, strict=True):
        view, whole = request.views[name], request.inputs[name]
        steps, pieces = _steps(request, name), flat.reshape(values.shape)
        mask = view.per_value(pieces if steps == 1 else pieces.repeat_interleave(steps, 1)[:, : whole.shape[1]])
        inputs[name] = torch.where(
            mask.reshape(*mask.shape, *[1] * (whole.ndim - mask.ndim)), view.baseline(whole), whole
        )
    with torch.no_grad():
        outputs = request.outputs(inputs, request.masks, request.targets.index)
        certainty: NDArray[np.float64] = (
            request.targets.certainty(outputs, request.targets.index).cpu().double().numpy()
        )
    return certainty


def _steps(request: AttributionRequest, name: str) -> int:
    """Steps in a segment; 1 where every piece is judged by itself."""
    if request.views[name].kind not in ("series", "wave"):
        return 1
    return segment_length(request.inputs[name].shape[1])


def _segment_sums(values: Tensor, steps: int) -> Tensor:
    """(batch, segments, …) sums over so many steps; the last segment may be shorter."""
    if steps == 1:
        return values
    return torch.stack([segment.sum(1) for segment in torch.split(values, steps, 1)], 1)
