"""Prototypical networks: which networks suit the inputs: those whose features tell examples apart."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._propose.discriminative import discriminative


def prototypical(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Networks whose features tell examples apart; [] if no network reads one of the inputs."""
    return discriminative(signals)
