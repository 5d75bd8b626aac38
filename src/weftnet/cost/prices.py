"""What a kind of kernel takes: prices of what is counted, times a correction by the calls that were measured near it.

    seconds(z) = c(z) · x · exp(Σᵢ wᵢ k(f(z), fᵢ))        x ≥ 0        k(f, g) = s² exp(−‖f − g‖)

    c(z)    1, operations, bytes moved, bytes beyond NEAR, pieces, fresh bytes; calls and bytes moved once more, times
            the share of the step's traffic that no cache holds: traffic / (traffic + COLD)
    f(z)    logarithms of the sizes of the call, or of its operations, bytes and pieces; half of that of the traffic
    x       those of the least Σᵢ log²(c(zᵢ) · x / secondsᵢ) + Σⱼ hⱼ (xⱼ / x̄ⱼ − 1)², by least squares that are weighted
            anew a few times; x̄ are those of all kinds together that have sizes, or that have none: what a kind's few
            calls leave open is as it is elsewhere
    w       (K + n² I)⁻¹ r, with what is then left, r = log(secondsᵢ / c(zᵢ) · x), and K of k(fᵢ, fⱼ)

The prices are a roofline whose roofs add up (S. Williams, A. Waterman, D. Patterson, 2009,
https://doi.org/10.1145/1498765.1498785), as kernels of this size do not compute or move alone. The correction is the
mean of a Gaussian process (C. E. Rasmussen, C. K. I. Williams, 2006, eq. 2.25, http://gaussianprocess.org/gpml): a size
at which a library takes another way shows in its neighbours; far from all that was measured the prices hold alone.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from weftnet.cost.work import Work

#: bytes that the caches near a core hold; values beyond are fetched from farther away
NEAR = 1 << 20
#: bytes of a step's traffic at which half of what a kernel reads, its code included, is no more near
COLD = 4 << 20
#: standard deviation of the correction, and of the noise of a measurement
_SPREAD, _NOISE = 0.4, 0.1
#: the correction stays within this, either way
_MOST = 1.2
#: calls of a kind that are kept, those farthest from each other
_KEPT = 150
_HELD = 1e-4
_SWEEPS = 200
_ROUNDS = 5
COUNTS = ("call", "cold call", "operation", "byte", "cold byte", "far byte", "piece", "fresh byte")
#: what a price is at least taken for where it is compared with the usual one
_LEAST = np.array([2e-6, 1e-6, 5e-12, 2e-11, 2e-11, 5e-11, 5e-10, 2e-10])
#: √h: what is left open costs the most where few small calls say little of large ones
_NEARNESS = np.array([0.0, 0.05, 0.3, 0.15, 0.15, 0.15, 0.0, 0.15])
Array = NDArray[np.float64]
#: a call's work, the bytes that its step moves, its seconds
Measured = tuple[Work, float, float]


@dataclass(frozen=True)
class Nearby:
    """A correction by what was measured near: w and fᵢ.

    Args:
        points: that were measured.
        weights: of the correction by each.
    """

    points: tuple[tuple[float, ...], ...] = ()
    weights: tuple[float, ...] = ()

    def factors(self, found: Array) -> Array:
        """What to multiply with at each of some points."""
        if not self.points or found.shape[1] != len(self.points[0]):
            return np.ones(len(found))
        factors: Array = np.exp(np.clip(_alike(found, np.array(self.points)) @ np.array(self.weights), -_MOST, _MOST))
        return factors


@dataclass(frozen=True)
class Price:
    """Of a kind of kernel.

    Args:
        each: seconds of a call, a cold one's more, of an operation, a byte, a cold one's more, a far one's more, a
            piece, a fresh byte.
        nearby: the correction.
    """

    each: tuple[float, ...]
    nearby: Nearby = Nearby()

    def seconds(self, works: Sequence[Work], traffic: float) -> tuple[Array, Array]:
        """What calls take within a step that moves so many bytes: for the call itself, and for what it computes."""
        table = np.array([counts(work, traffic) for work in works])
        factors = self.nearby.factors(np.array([features(work, traffic) for work in works]))
        given = np.array(self.each)
        return table[:, :2] @ given[:2] * factors, table[:, 2:] @ given[2:] * factors

    def times(self, call: float, rest: float) -> "Price":
        """The price with the call's and all the rest's share changed by factors."""
        return replace(self, each=tuple(value * (call if n < 2 else rest) for n, value in enumerate(self.each)))


def counts(work: Work, traffic: float) -> tuple[float, ...]:
    """What the prices of a kernel call are multiplied with."""
    cold, moved = traffic / (traffic + COLD), work.moved
    return 1, cold, work.operations, moved, moved * cold, max(moved - NEAR, 0), work.pieces, work.fresh


def features(work: Work, traffic: float) -> tuple[float, ...]:
    """Where a kernel call lies among others of its kind."""
    sizes = work.shape or (work.operations, work.moved, work.pieces)
    return *(math.log(max(size, 1)) for size in sizes), 0.5 * math.log(max(traffic, 1))


def usual(measured: Iterable[Measured]) -> Array:
    """The prices that calls of many kinds have together."""
    table, seconds = _table(list(measured))
    return by_ratio(table / seconds[:, None])


def price_of(measured: Iterable[Measured], usually: Array) -> Price:
    """The price that explains what calls of one kind took.

    Args:
        measured: of each call its work, its step's traffic in bytes, its seconds.
        usually: the prices to take where the calls leave them open.
    """
    rows = list(measured)
    table, seconds = _table(rows)
    each = by_ratio(table / seconds[:, None], np.maximum(usually, _LEAST))
    points = np.array([features(work, traffic) for work, traffic, _ in rows])
    return Price(tuple(map(float, each)), nearby(points, np.log(seconds / np.maximum(table @ each, 1e-9))))


def nearby(points: Array, left: Array) -> Nearby:
    """The correction that explains the logarithms of what is left at some points."""
    chosen = _apart(points, _KEPT)
    near = np.round(points[chosen], 3)
    weights = np.linalg.solve(_alike(near, near) + _NOISE**2 * np.eye(len(near)), left[chosen])
    return Nearby(tuple(map(tuple, near.tolist())), tuple(np.round(weights, 4).tolist()))


def by_ratio(table: Array, near: Array | None = None) -> Array:
    """The x ≥ 0 of the least Σ log²(table · x), with Σ hⱼ (xⱼ / nearⱼ − 1)² added if it shall be near something."""
    weights = np.ones(len(table))
    held = np.zeros((0, table.shape[1])) if near is None else np.diag(_NEARNESS / near)
    for _ in range(_ROUNDS):
        rows = np.vstack([table * weights[:, None], held])
        found = not_negative(rows, np.concatenate([weights, _NEARNESS[: len(held)]]))
        ratios = np.clip(table @ found, 0.05, 20)
        weights = np.where(abs(ratios - 1) < 1e-3, 1.0, np.log(ratios) / (ratios - 1 + 1e-12))
    return found


def not_negative(table: Array, wanted: Array) -> Array:
    """The x ≥ 0 of the least |table · x − wanted|², by coordinate descent; a small share of its columns is added."""
    scale = np.linalg.norm(table, axis=0)
    scale[scale == 0] = 1
    table = table / scale
    square = table.T @ table + _HELD * np.eye(table.shape[1])
    slope = -(table.T @ wanted)
    x = np.zeros(table.shape[1])
    for _ in range(_SWEEPS):
        for column in range(len(x)):
            new = max(x[column] - slope[column] / square[column, column], 0.0)
            if new != x[column]:
                slope += square[column] * (new - x[column])
                x[column] = new
    found: Array = x / scale
    return found


def _table(rows: Sequence[Measured]) -> tuple[Array, Array]:
    """Counts and seconds."""
    return np.array([counts(work, traffic) for work, traffic, _ in rows]), np.array([each for *_, each in rows])


def _alike(a: Array, b: Array) -> Array:
    """k of every pair of rows."""
    apart = np.sqrt(((a[:, None, :] - b[None]) ** 2).sum(-1))
    result: Array = _SPREAD**2 * np.exp(-apart)
    return result


def _apart(points: Array, most: int) -> list[int]:
    """Which points to keep: the first, then always the one that is farthest from those kept."""
    chosen = [0]
    distance = ((points - points[0]) ** 2).sum(-1)
    while len(chosen) < min(most, len(points)) and distance.max() > 0:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(-1))
    return chosen
