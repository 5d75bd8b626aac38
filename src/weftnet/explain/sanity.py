"""How far to trust an explanation: does it change with the network's weights, and does removing what it finds matter?

    randomised            rank correlation with the attributions of the same architecture with re-initialised weights
    randomised_magnitude  the same of their magnitudes, which favours methods that multiply by the input
    edges                 for images: rank correlation of the magnitudes with the picture's gradient (Sobel)
    deletion              area under the target's certainty while the strongest pieces are removed first
    deletion_random       the same in random order, the mean of several
    deletion_wins         share of the random orders with a larger area; 0.5 is chance

An edge detector never looks at the network: re-initialising the weights leaves it as it is, so its `randomised` is 1.
An explanation of the network has to change with the network; near 0 is good. That explanations which look convincing
can fail this is the result of J. Adebayo and others, Sanity checks for saliency maps, 2018,
https://arxiv.org/abs/1810.03292; the rank correlations with and without signs and the edge detector are theirs.
They re-initialise layer by layer; here all layers at once, the end of their cascade. Deletion: `deletion.py`.
Long series and waves are judged by segments, not by single steps.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from weftnet.compose import build
from weftnet.data import Batch
from weftnet.explain.attributing import BUDGET, build_request, chunks, default_method, outputs, run_method, views_of
from weftnet.explain.deletion import areas, attribution_order, coarse, concatenated, random_order, real_pieces
from weftnet.explain.ranks import rank_correlation, sobel
from weftnet.explain.request import Attribution, AttributionRequest
from weftnet.explain.targets import choose
from weftnet.run.loading import Loaded

#: what passes: the largest correlation with re-initialised weights, the smallest share of random orders beaten
MAX_CORRELATION, MIN_WINS = 0.5, 0.8
#: re-initialised networks, and random orders of deletion
REINITIALISED, ORDERS = 3, 10
#: far from the seeds that people train with: a run must not be compared with its own initial weights
_SEED_OFFSET = 1_000_003


def checks(
    loaded: Loaded,
    examples: Batch | Mapping[str, Any],
    method: str | None = None,
    seed: int = 0,
    target: str | int | None = None,
    *,
    budget: int = BUDGET,
    **settings: Any,
) -> dict[str, float]:
    """Means over the examples of the figures in the module's docstring; `edges` only where there is an image.

    Args:
        loaded: the run.
        examples: raw values by column, or a batch of its data.
        method: by name; None for the one that suits the network.
        seed: of the re-initialised weights and the random orders.
        target: as for `attribute`.
        budget: examples that go through the network at once.
        settings: of the method.

    Raises:
        WeftnetError: as `attribute` does.
    """
    method = method or default_method(loaded)
    batch = examples if isinstance(examples, Batch) else loaded.encode(examples)
    views, generator = views_of(loaded), torch.Generator().manual_seed(seed)
    others = [_reinitialised(loaded, seed + _SEED_OFFSET + number) for number in range(REINITIALISED)]
    figures: dict[str, list[float]] = {}
    for chunk in chunks(batch, budget):
        targets = choose(loaded, outputs(loaded, chunk), target)
        request = build_request(loaded, chunk, views, targets, budget)
        attribution = run_method(request, method, settings)
        untrained = [
            run_method(build_request(other, chunk, views, targets, budget), method, settings) for other in others
        ]
        for name, values in (
            _randomisation(request, attribution, untrained)
            | _edges(request, attribution)
            | _deletion(request, attribution, generator)
        ).items():
            figures.setdefault(name, []).extend(values)
    return {name: float(np.mean(values)) for name, values in figures.items()}


def verdicts(figures: Mapping[str, float]) -> dict[str, tuple[str, str]]:
    """What the figures mean: for each property yes or no, and why.

    `by sign` means that only the signs depend on the training; the magnitudes follow from the input and the
    architecture, as they do in a recurrent network that forgets its first steps.
    """
    signed, plain = figures["randomised"], figures["randomised_magnitude"]
    depends = "no" if abs(signed) > MAX_CORRELATION else "yes" if abs(plain) <= MAX_CORRELATION else "by sign"
    correlation = (
        f"rank correlation with re-initialised weights {signed:.2f}, of magnitudes {plain:.2f}; an edge detector has 1"
    )
    area, wins = figures["deletion"], figures["deletion_wins"]
    deletion = (
        f"area {area:.3g} with the strongest pieces removed first, {figures['deletion_random']:.3g} in random order; "
        f"better than {wins:.0%} of random orders"
    )
    return {
        "depends on the trained weights": (depends, correlation),
        "finds what the answer relies on": ("yes" if wins >= MIN_WINS else "no", deletion),
    }


def _reinitialised(loaded: Loaded, seed: int) -> Loaded:
    """The same architecture with the initial weights of another seed."""
    like = next(iter(loaded.model.parameters()), torch.empty(0))
    model = build(loaded.architecture, loaded.task.inputs(loaded.signals), seed)
    return replace(loaded, model=model.to(like).eval())


def _randomisation(
    request: AttributionRequest, attribution: Attribution, untrained: list[Attribution]
) -> dict[str, list[float]]:
    like = coarse(request, attribution.inputs)
    real, own = real_pieces(request, like), concatenated(like)
    others = [concatenated(coarse(request, each.inputs)) for each in untrained]
    signed = [_mean([_correlation(own, each, real, row) for each in others]) for row in range(request.size)]
    plain = [_mean([_correlation(own.abs(), each.abs(), real, row) for each in others]) for row in range(request.size)]
    return {"randomised": signed, "randomised_magnitude": plain}


def _correlation(a: Tensor, b: Tensor, real: Tensor, row: int) -> float:
    return rank_correlation(a[row][real[row]].cpu().numpy(), b[row][real[row]].cpu().numpy())


def _edges(request: AttributionRequest, attribution: Attribution) -> dict[str, list[float]]:
    images = [name for name, view in request.views.items() if view.kind == "image" and name in attribution.inputs]
    if not images:
        return {}
    name = images[0]
    pictures = request.inputs[name].mean(1).cpu().numpy()
    maps = attribution.inputs[name].abs().cpu().numpy()
    return {"edges": [rank_correlation(map_, sobel(picture)) for map_, picture in zip(maps, pictures, strict=True)]}


def _deletion(
    request: AttributionRequest, attribution: Attribution, generator: torch.Generator
) -> dict[str, list[float]]:
    like = coarse(request, attribution.inputs)
    orders = [random_order(request, like, generator) for _ in range(ORDERS)]
    by_chance = np.stack([areas(request, like, order) for order in orders])
    own = areas(request, like, attribution_order(request, like))
    wins = (by_chance > own).mean(0)
    return {"deletion": own.tolist(), "deletion_random": by_chance.mean(0).tolist(), "deletion_wins": wins.tolist()}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
