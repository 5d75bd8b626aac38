"""For generating examples like the training data: variational autoencoders and adversarial networks."""

from collections.abc import Mapping
from typing import Any

from weftnet.architecture.signal import Signal
from weftnet.compete.propose.candidate import Candidate, adamw, plain


def autoencoders(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Variational autoencoders."""
    return _generative(signals, "vae_dense", "vae_conv", {"widths": [400, 200]}, adamw(2e-3))


def adversarial_pairs(signals: Mapping[str, Signal]) -> list[Candidate]:
    """A generator and a discriminator."""
    return _generative(signals, "gan_dense", "gan_conv", {"widths": [256, 256]}, {"batch_size": 64, "ema": 0.999})


def _generative(
    signals: Mapping[str, Signal], dense: str, conv: str, sizes: Mapping[str, Any], recipe: Mapping[str, Any]
) -> list[Candidate]:
    if [signal.dtype for signal in signals.values()] != ["float"]:
        return []
    (signal,) = signals.values()
    candidates = [plain(dense, sizes, recipe, "dense layers, for any shape of example")]
    if signal.kind == "image" and signal.size("height") % 4 == signal.size("width") % 4 == 0:
        shape = {"shape": list(signal.sizes)}
        candidates.append(plain(conv, shape, recipe, "convolutions draw neighbouring pixels together"))
    return candidates
