"""Two architectures that are compared on made-up answers: how often a difference of given size is called clear.

A network with seed s is right on example i where

    c + difficulty_i + own_i + seed_s + noise_is > 0

with normal parts: the difficulty is common to both architectures, `own` is what an architecture finds hard, `seed`
moves all of a training's answers, `noise` is what a seed changes on one example. c gives the accuracy on average.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from weftnet.base.significance import crossed


@dataclass(frozen=True)
class Network:
    """How the trainings of an architecture differ.

    Args:
        accuracy: on average.
        difficulty: spread of what both architectures find hard.
        own: spread of what the architecture finds hard.
        seed: spread from one training to another.
        noise: spread of single answers from one training to another.
    """

    accuracy: float = 0.9
    difficulty: float = 1.5
    own: float = 0.5
    seed: float = 0.1
    noise: float = 1.0


NETWORKS = {
    "usual": Network(),
    "alike": Network(own=0.1, noise=0.2, seed=0.0),
    "steady": Network(seed=0.0),
    "wavering": Network(seed=0.4),
    "nearly perfect": Network(accuracy=0.99),
    "guessing": Network(accuracy=0.5, difficulty=0.0, own=0.0, seed=0.0),
}


def answers(
    network: Network, accuracies: Sequence[float], rows: int, shifts: NDArray[np.float32], draw: np.random.Generator
) -> NDArray[np.float32]:
    """Right answers (architectures, seeds, rows) of architectures with these accuracies on average.

    Args:
        network: how their trainings differ.
        accuracies: by architecture.
        rows: of the split.
        shifts: (architectures, seeds, 1), what each training was lucky by.
        draw: of everything else.
    """
    spread = math.sqrt(network.difficulty**2 + network.own**2 + network.seed**2 + network.noise**2)
    centres = np.array([NormalDist().inv_cdf(each) * spread for each in accuracies], np.float32)[:, None, None]
    count, seeds, _ = shifts.shape
    hard = _normal(draw, network.difficulty, 1, 1, rows) + _normal(draw, network.own, count, 1, rows)
    return (_normal(draw, network.noise, count, seeds, rows) > -(centres + shifts) - hard).astype(np.float32)


def claimed(network: Network, rows: int, seeds: int, lead: float, repetitions: int) -> list[float]:
    """The share of repetitions in which the difference of two architectures is clear, with the first one, two … seeds.

    Args:
        network: how their trainings differ.
        rows: of the split.
        seeds: at most.
        lead: of the first architecture.
        repetitions: of everything.
    """
    draw = np.random.default_rng([rows, seeds, round(1000 * lead)])
    clear = np.zeros(seeds)
    accuracies = (network.accuracy, network.accuracy - lead)
    for _ in range(repetitions):
        one, other = answers(network, accuracies, rows, _normal(draw, network.seed, 2, seeds, 1), draw)
        found = (one - other).astype(np.float64)
        tested = [crossed(found[: last + 1].T) for last in range(seeds)]
        clear += [each is not None and each.clear for each in tested]
    return [float(share) for share in clear / repetitions]


def claimed_among(network: Network, rows: int, seeds: int, count: int, repetitions: int) -> tuple[float, float]:
    """The shares of repetitions in which the best of equally good architectures, picked by a validation split, has a
    clear lead over any other: on that split, and on a test split that sees the same trainings."""
    draw = np.random.default_rng([rows, seeds, count])
    first = 0.05 / (count * (count - 1) / 2)  # below which Holm's first p must lie
    clear = np.zeros(2)
    for _ in range(repetitions):
        shifts = _normal(draw, network.seed, count, seeds, 1)
        splits = [answers(network, [network.accuracy] * count, rows, shifts, draw) for _ in range(2)]
        best = int(splits[0].mean((1, 2)).argmax())
        for number, right in enumerate(splits):
            leads = [(right[best] - right[other]).astype(np.float64) for other in range(count) if other != best]
            tested = [crossed(lead.T) for lead in leads]
            clear[number] += any(each is not None and abs(each.mean) > each.reach(first) for each in tested)
    validation, test = clear / repetitions
    return float(validation), float(test)


def _normal(draw: np.random.Generator, spread: float, *shape: int) -> NDArray[np.float32]:
    return np.float32(spread) * draw.standard_normal(shape, dtype=np.float32)
