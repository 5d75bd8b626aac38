"""Which networks suit the inputs: those whose features tell examples apart, as they are to learn on with labels."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._propose.discriminative import discriminative


def masked_values(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Networks whose features tell examples apart; [] if no network reads the input."""
    return discriminative(signals)
