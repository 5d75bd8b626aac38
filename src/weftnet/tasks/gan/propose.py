"""Which pairs of a generator and a critic suit an input: gan_dense, gan_conv."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._propose.generative import generative


def gan(signals: Mapping[str, Signal]) -> list[Candidate]:
    """A generator and a critic; [] for inputs other than one of floats."""
    return generative(signals, "gan_dense", "gan_conv", [256, 256], {"batch_size": 64, "ema": 0.999})
