"""Which autoencoders suit an input: vae_dense, vae_conv."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import Candidate, adamw
from weftnet.tasks._propose.generative import generative


def variational_autoencoder(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Variational autoencoders; [] for inputs other than one of floats."""
    return generative(signals, "vae_dense", "vae_conv", [400, 200], adamw(2e-3))
