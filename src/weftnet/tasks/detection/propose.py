"""Which networks suit the inputs: the detector of the zoo, small and medium, for a picture that can be halved often."""

from collections.abc import Mapping
from dataclasses import replace

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import Candidate, Form, adamw, plain

#: pixels of a side below which there would be no place on the coarser levels
_LEAST = 16


def detection(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Two sizes; [] for inputs other than one picture."""
    if [signal.kind for signal in signals.values()] != ["image"]:
        return []
    (signal,) = signals.values()
    if min(signal.size("height"), signal.size("width")) < _LEAST:
        return []
    # every picture has hundreds of places: in a short training more steps are worth more than larger batches
    augment = ["flip", {"affine": {"degrees": 0.0, "scale": 0.2, "shift": 0.1}}, "colour"]
    recipe = adamw(2e-3, augment, batch_size=8, clip=5.0, evaluate_every="4 epochs")
    small = plain("detector_small", {"size": "small"}, recipe, "places on three levels, few channels", "detector")
    medium = plain("detector", {"size": "medium"}, recipe, "the same, deeper and wider: for longer trainings")
    return [small, replace(medium, smaller=[Form(small.architecture, "in the small size")])]
