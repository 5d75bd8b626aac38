"""For drawing examples like the training data: dense layers, and convolutions for images."""

from collections.abc import Mapping
from typing import Any

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import Candidate, plain


def generative(
    signals: Mapping[str, Signal], dense: str, conv: str, sizes: Mapping[str, Any], recipe: Mapping[str, Any]
) -> list[Candidate]:
    """The entry `dense` of the zoo for any shape, the entry `conv` for an image that can be halved twice."""
    if [signal.dtype for signal in signals.values()] != ["float"]:
        return []
    (signal,) = signals.values()
    candidates = [plain(dense, sizes, recipe, "dense layers, for any shape of example")]
    if signal.kind == "image" and signal.size("height") % 4 == signal.size("width") % 4 == 0:
        shape = {"shape": list(signal.sizes)}
        candidates.append(plain(conv, shape, recipe, "convolutions draw neighbouring pixels together"))
    return candidates
