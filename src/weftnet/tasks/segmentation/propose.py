"""Which networks suit the inputs: U-Nets as deep as the image can be halved."""

from collections.abc import Mapping
from dataclasses import replace

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import FACTORS, Candidate, adamw, formed, plain

#: the most halvings, and the fewest pixels of a side after the last one
_DEEPEST, _SMALLEST = 4, 4
#: pixels of a side from which a network that is soon trained works at half the size
_LARGE = 128


def segmentation(signals: Mapping[str, Signal]) -> list[Candidate]:
    """A narrow U-Net and a wider one; [] for inputs other than one image that can be halved."""
    if [signal.kind for signal in signals.values()] != ["image"]:
        return []
    (signal,) = signals.values()
    if not _halvings(signal.size("height"), signal.size("width")):
        return []
    return formed(_sized(signal, 1), ((_sized(signal, factor), f"{factor} times narrower") for factor in FACTORS))


def _sized(signal: Signal, factor: int) -> list[Candidate]:
    """Both with so many times fewer channels."""
    depth = _halvings(signal.size("height"), signal.size("width"))
    augment = ["flip", {"affine": {"scale": 0.25}}, "colour"]
    # every image has thousands of targets: in a short training more steps are worth more than larger batches
    recipe = adamw(3e-3, augment, batch_size=4, clip=1.0, evaluate_every="4 epochs")
    narrow = {"width": 16 // factor, "depth": depth, "convolutions": 1}
    if depth > 1 and min(signal.size("height"), signal.size("width")) >= _LARGE:
        narrow = {"width": 32 // factor, "depth": depth - 1, "convolutions": 1, "stride": 2}
    candidates = [
        plain("unet_narrow", narrow, recipe, "a U-Net of few channels: soon trained", "unet"),
        plain(
            "unet",
            {"width": 32 // factor, "depth": depth},
            recipe,
            "a U-Net: what is coarse and what is fine, together",
        ),
    ]
    # thin things have few pixels, and a short training would not find them at all
    return [replace(each, settings={"class_weights": "root"}) for each in candidates]


def _halvings(height: int, width: int) -> int:
    """How often both sides can be halved."""
    possible = (n for n in range(_DEEPEST, 0, -1) if height % 2**n == width % 2**n == 0)
    return next((n for n in possible if min(height, width) // 2**n >= _SMALLEST), 0)
