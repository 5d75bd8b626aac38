"""Steps of trials, timed: alone, or those of two alternately, so that other load on the machine slows both alike.

Single-threaded steps are compared in CPU time, which other load disturbs less.
"""

import time

import torch

from weftnet.train.trial import Trial

#: Steps of each side that are timed, and of eager and of what is accepted without a comparison.
_ROUNDS, _FEW = 7, 3
#: Steps that are all shorter by this share end a comparison early; so do steps that are all longer.
_CLEAR = 0.1
#: Seconds for which short steps are timed, in more rounds.
_LONG = 0.3


def alternating(old: Trial, new: Trial, allowed: float, end: float) -> list[tuple[float, float]]:
    """Seconds of alternate steps of two trials, until `allowed` seconds are over or one is clearly faster.

    None where a few of them would not be over by the `end` on the clock.
    """
    clock = Trial.work if _single_threaded(new) and _single_threaded(old) else Trial.step
    both = old.step() + new.step()  # the first step sets things up
    if time.perf_counter() + both > end:
        return []
    both = max(old.step() + new.step(), 1e-6)
    if time.perf_counter() + _FEW * both > end:
        return []
    rounds = max(_FEW, min(max(_ROUNDS, int(_LONG / both)), int(allowed / both)))
    pairs = [(clock(old), clock(new)) for _ in range(_FEW)]
    while len(pairs) < rounds and not _decided(pairs):
        pairs.append((clock(old), clock(new)))
    return pairs


def _decided(pairs: list[tuple[float, float]]) -> bool:
    """Whether every new step was shorter than any old one by a clear share, or every one longer than any old one."""
    old, new = zip(*pairs, strict=True)
    return bool(max(new) * (1 + _CLEAR) < min(old) or max(old) < min(new))


def shortest(trial: Trial) -> tuple[float, float]:
    """Seconds of a step, and of a step as it is compared: in CPU time, where it has one thread."""
    trial.step()  # the first step sets things up
    steps = [trial.step() for _ in range(_FEW)]
    return min(steps), min(trial.work() for _ in range(_FEW)) if _single_threaded(trial) else min(steps)


def _single_threaded(trial: Trial) -> bool:
    """Whether a single thread of the CPU does all the work of a step."""
    return trial.device.type == "cpu" and (trial.plan.threads or torch.get_num_threads()) == 1
