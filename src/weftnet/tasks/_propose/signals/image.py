"""For images: dense layers, convolutions, attention and recurrence, sized to the image.

The cheaper forms of each are the network for an image of a half and of a quarter of the size, which a mean of pixels
makes of the image first.
"""

import math
from dataclasses import replace

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block
from weftnet.tasks._propose.candidate import Candidate, adamw, light, nodes_of, rich, smooth

#: factors by which images are made smaller, and the least pixels along an axis that are left
_FACTORS, _LEAST = (2, 4), 8
#: has as many patches, and so the same cost, whatever the size of the image
_PATCHES = "vit"


def image(signal: Signal) -> list[Candidate]:
    """Dense layers first, then networks that use the neighbourhood of pixels."""
    channels, height, width = signal.sizes
    reduced = {
        factor: {each.name: each for each in _sized(signal.with_sizes(channels, height // factor, width // factor))}
        for factor in _FACTORS
        if min(height, width) // factor >= _LEAST
    }
    return [
        replace(candidate, smaller=tuple(
            candidate.cheaper(
                [Block("average_pool2d", {"size": factor}), *nodes_of(forms[candidate.name])],
                f"on means of {factor}×{factor} pixels",
            )
            for factor, forms in reduced.items() if candidate.name in forms and candidate.name != _PATCHES
        ))
        for candidate in _sized(signal)
    ]  # fmt: skip


def _sized(signal: Signal) -> list[Candidate]:
    channels, height, width = signal.sizes
    size = min(height, width)
    crops = [{"crop": {"padding": max(1, size // 8)}}]
    augment = [*crops, *(["flip"] if channels == 3 else [])]  # grey images are often letters and digits: not flipped
    wide = [512, 256] if signal.numel > 1024 else [256, 128]
    why = "the fastest, and a baseline without any notion of neighbouring pixels"
    candidates = [light(smooth("mlp", {"widths": wide}, adamw(3e-3, augment), why))]
    if size >= 4:
        halvings = int(math.log2(size / 4))  # down to four pixels
        widths = [min(32 * 2**i, 256) for i in range(max(2, halvings + 1))]
        stages = [[width, width] for width in widths[:2]] + [[width] for width in widths[2:]]
        candidates += [
            smooth("cnn", {"padding": "same"}, adamw(3e-3, augment), "a few convolutions: good accuracy, fast"),
            rich(smooth("vgg", {"stages": stages}, adamw(5e-3, augment), "3×3 convolutions, normalised, learn fast")),
            smooth(
                "resnet", {"blocks": 1 if size < 16 else 2}, adamw(8e-3, augment),
                "residual connections make depth pay off, with enough training time", entry="resnet_small",
            ),
            smooth(
                "hybrid", {"widths": widths[: max(2, halvings)]}, adamw(5e-3, augment, clip=1.0),
                "convolution, recurrence and attention in a chain: each sees what the others miss",
            ),
        ]  # fmt: skip
    if patch := _patch(height, width):
        sizes = {"patch": patch, "dim": 64, "depth": 2 if size < 16 else 4, "heads": 4}
        why = "attention between patches, for larger data sets"
        candidates.append(smooth(_PATCHES, sizes, adamw(3e-3, augment, clip=1.0), why))
    why = "reads rows from top to bottom: images as sequences"
    candidates.append(smooth("row_lstm", {"hidden": 128}, adamw(6e-3, augment, clip=1.0), why))
    return candidates


def _patch(height: int, width: int) -> int | None:
    """The side of square patches: a quarter of the image, within 4 to 16 pixels: a stroke, not a scene."""
    wanted = min(max(4, min(height, width) // 4), 16)
    sides = [side for side in range(2, math.gcd(height, width)) if height % side == width % side == 0]
    return min(sides, key=lambda side: abs(side - wanted), default=None)


def example() -> str:
    """A small signal."""
    return "image:3x16x16"
