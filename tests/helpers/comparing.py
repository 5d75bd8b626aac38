"""Two architectures that are compared on made-up answers: how often a difference of given size is called clear.

A network with seed s is right on example i where

    c + difficulty_i + own_i + seed_s + noise_is > 0

with normal parts: the difficulty is common to both architectures, `own` is what an architecture finds hard, `seed`
moves all of a training's answers, `noise` is what a seed changes on one example. c gives the accuracy on average.
"""

import math
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
        own: spread of what the architecture finds hard.
        seed: spread from one training to another.
        noise: spread of single answers from one training to another.
    """

    accuracy: float = 0.9
    own: float = 0.5
    seed: float = 0.1
    noise: float = 1.0


NETWORKS = {
    "usual": Network(),
    "alike": Network(own=0.1, noise=0.2, seed=0.0),
    "steady": Network(seed=0.0),
    "wavering": Network(seed=0.4),
    "nearly perfect": Network(accuracy=0.99),
}


def answers(network: Network, rows: int, seeds: int, lead: float, draw: np.random.Generator) -> NDArray[np.float64]:
    """Differences (rows, seeds) of right answers; the first architecture is better by `lead` on average."""
    difficulty = 1.5 * draw.standard_normal((rows, 1))
    spread = math.sqrt(1.5**2 + network.own**2 + network.seed**2 + network.noise**2)
    right = []
    for accuracy in (network.accuracy, network.accuracy - lead):
        centre = NormalDist().inv_cdf(accuracy) * spread
        own, seed = network.own * draw.standard_normal((rows, 1)), network.seed * draw.standard_normal((1, seeds))
        right.append(centre + difficulty + own + seed + network.noise * draw.standard_normal((rows, seeds)) > 0)
    return right[0].astype(np.float64) - right[1]


def claimed(network: Network, rows: int, seeds: int, lead: float, repetitions: int) -> float:
    """The share of repetitions in which the difference is clear."""
    draw = np.random.default_rng([rows, seeds, round(1000 * lead)])
    tested = (crossed(answers(network, rows, seeds, lead, draw)) for _ in range(repetitions))
    return sum(each is not None and each.clear for each in tested) / repetitions
