"""For telling examples apart: the networks for the kind of the one input, or an encoder for each of several."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose import SIGNALS
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._propose.several import affordable, joined


def discriminative(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Networks that end in features; [] if no network reads one of the inputs."""
    readers = {name: _readers(signal) for name, signal in signals.items()}
    if len(readers) > 1:
        bounded = {name: affordable(networks, signals[name]) for name, networks in readers.items()}
        return joined(bounded, next(iter(signals.values())).about.rows)
    return [candidate for candidates in readers.values() for candidate in candidates]


def _readers(signal: Signal) -> list[Candidate]:
    """The networks that read a signal of this kind."""
    return SIGNALS.get(signal.kind)(signal) if signal.kind in SIGNALS else []
