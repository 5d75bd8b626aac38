"""How far to trust an explanation: what happens to it when the network forgets, and to the answer when it is obeyed.

    randomised            rank correlation with the attributions of the same architecture with re-drawn weights
    randomised_magnitude  the same of their magnitudes, which favours methods that multiply by the input
    edges                 of images: rank correlation of the magnitude with the steepness of the picture (Sobel)
    deletion              area under the target's certainty as the strongest parts go first
    deletion_random       the same in random order, the mean of several
    deletion_wins         share of the random orders with a larger area; 0.5 is what chance gives

An edge detector never looks at the network: re-drawing the weights leaves it as it is, so its `randomised` is 1. An
explanation of the network has to change with the network; near 0 is good. That explanations which look convincing can
fail this is the finding of J. Adebayo and others, Sanity checks for saliency maps, 2018,
https://arxiv.org/abs/1810.03292; theirs are the rank correlations with and without signs, and the edge detector.
They re-draw layer by layer; here all layers at once, the end of their cascade. Deletion: `deletion.py`.
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
from weftnet.explain.attributing import BUDGET, answer, ask, outputs, parts, views_of
from weftnet.explain.deletion import areas, at_random, by_attribution, coarse, real_parts, side_by_side
from weftnet.explain.question import Found, Question
from weftnet.explain.ranks import rank_correlation, sobel
from weftnet.explain.targets import choose
from weftnet.run.loading import Loaded

#: the largest correlation with re-drawn weights that passes, and the smallest share of random orders to be beaten
BOUND, WINS = 0.5, 0.8
#: networks that are re-drawn, and random orders of deletion
REDRAWN, ORDERS = 3, 10
_FAR = 1_000_003  # from the seeds that people train with: a run must not be compared with its own beginning


def checks(
    loaded: Loaded,
    examples: Batch | Mapping[str, Any],
    method: str = "integrated_gradients",
    seed: int = 0,
    target: str | int | None = None,
    *,
    budget: int = BUDGET,
    **settings: Any,
) -> dict[str, float]:
    """Means over the examples of what the module's docstring lists; `edges` only where there is an image.

    Args:
        loaded: the run.
        examples: raw values by column, or a batch of its data.
        method: by name.
        seed: of the re-drawn weights and the random orders.
        target: as for `attribute`.
        budget: examples that go through the network at once.
        settings: of the method.

    Raises:
        WeftnetError: as `attribute` does.
    """
    batch = examples if isinstance(examples, Batch) else loaded.encode(examples)
    views, generator = views_of(loaded), torch.Generator().manual_seed(seed)
    others = [_redrawn(loaded, seed + _FAR + number) for number in range(REDRAWN)]
    rows: dict[str, list[float]] = {}
    for part in parts(batch, budget):
        targets = choose(loaded, outputs(loaded, part), target)
        question = ask(loaded, part, views, targets, budget)
        found = answer(question, method, settings)
        blind = [answer(ask(other, part, views, targets, budget), method, settings) for other in others]
        _extend(
            rows, _randomised(question, found, blind) | _edges(question, found) | _deleted(question, found, generator)
        )
    return {name: float(np.mean(values)) for name, values in rows.items()}


def verdicts(found: Mapping[str, float]) -> dict[str, tuple[str, str]]:
    """What the figures mean: yes or no to each question, and why.

    `by sign` says that only for and against depend on the training; where the attributions are large, the input and the
    architecture decide, as they do in a recurrent network that forgets its first steps.
    """
    signed, plain = found["randomised"], found["randomised_magnitude"]
    apart = "no" if abs(signed) > BOUND else "yes" if abs(plain) <= BOUND else "by sign"
    near = (
        f"with re-drawn weights its rank correlation is {signed:.2f}, {plain:.2f} of magnitudes; an edge detector's 1"
    )
    named, wins = found["deletion"], found["deletion_wins"]
    area = f"area {named:.3g} as the strongest go first, {found['deletion_random']:.3g} in random order"
    return {
        "tells the network apart from an edge detector": (apart, near),
        "names what the answer rests on": (
            "yes" if wins >= WINS else "no",
            f"{area}; {wins:.0%} of random orders beaten",
        ),
    }


def _redrawn(loaded: Loaded, seed: int) -> Loaded:
    """The same architecture as it would have begun with another seed."""
    like = next(iter(loaded.model.parameters()), torch.empty(0))
    model = build(loaded.architecture, loaded.task.inputs(loaded.signals), seed)
    return replace(loaded, model=model.to(like).eval())


def _randomised(question: Question, found: Found, blind: list[Found]) -> dict[str, list[float]]:
    like = coarse(question, found.inputs)
    real, own = real_parts(question, like), side_by_side(like)
    others = [side_by_side(coarse(question, each.inputs)) for each in blind]
    signed = [_mean([_rho(own, each, real, row) for each in others]) for row in range(question.size)]
    plain = [_mean([_rho(own.abs(), each.abs(), real, row) for each in others]) for row in range(question.size)]
    return {"randomised": signed, "randomised_magnitude": plain}


def _rho(a: Tensor, b: Tensor, real: Tensor, row: int) -> float:
    return rank_correlation(a[row][real[row]].cpu().numpy(), b[row][real[row]].cpu().numpy())


def _edges(question: Question, found: Found) -> dict[str, list[float]]:
    images = [name for name, view in question.views.items() if view.kind == "image" and name in found.inputs]
    if not images:
        return {}
    name = images[0]
    pictures = question.inputs[name].mean(1).cpu().numpy()
    maps = found.inputs[name].abs().cpu().numpy()
    return {"edges": [rank_correlation(map_, sobel(picture)) for map_, picture in zip(maps, pictures, strict=True)]}


def _deleted(question: Question, found: Found, generator: torch.Generator) -> dict[str, list[float]]:
    like = coarse(question, found.inputs)
    orders = [at_random(question, like, generator) for _ in range(ORDERS)]
    by_chance = np.stack([areas(question, like, order) for order in orders])
    named = areas(question, like, by_attribution(question, like))
    wins = (by_chance > named).mean(0)
    return {"deletion": named.tolist(), "deletion_random": by_chance.mean(0).tolist(), "deletion_wins": wins.tolist()}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _extend(rows: dict[str, list[float]], more: Mapping[str, list[float]]) -> None:
    for name, values in more.items():
        rows.setdefault(name, []).extend(values)
