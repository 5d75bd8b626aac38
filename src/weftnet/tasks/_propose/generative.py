"""For drawing examples like the training data: dense layers, and convolutions for images."""

from collections.abc import Mapping, Sequence
from typing import Any

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import FACTORS, Candidate, formed, plain


def generative(
    signals: Mapping[str, Signal], dense: str, conv: str, widths: Sequence[int], recipe: Mapping[str, Any]
) -> list[Candidate]:
    """The entry `dense` of the zoo for any shape, the entry `conv` for an image that can be halved twice."""
    if [signal.dtype for signal in signals.values()] != ["float"]:
        return []
    (signal,) = signals.values()

    def layers(factor: int) -> list[Candidate]:
        sizes = {"widths": [width // factor for width in widths]}
        return [plain(dense, sizes, recipe, "dense layers, for any shape of example")]

    candidates = formed(layers(1), ((layers(factor), f"{factor} times narrower") for factor in FACTORS))
    if signal.kind == "image" and signal.size("height") % 4 == signal.size("width") % 4 == 0:
        shape = {"shape": list(signal.sizes)}
        candidates.append(plain(conv, shape, recipe, "convolutions draw neighbouring pixels together"))
    return candidates
