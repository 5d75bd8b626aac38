"""For images: dense layers, convolutions, attention and recurrence, sized to the image.

The cheaper forms of each are the network for an image of a half and of a quarter of the size, which a mean of pixels
makes of the image first; attention between patches, of which there would be as many, gets fewer layers.
"""

import math

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Chain, Node, Parallel
from weftnet.tasks._propose.candidate import FACTORS, Candidate, adamw, after, formed, light, rich, smooth

#: the least pixels along an axis of an image that is made smaller
_LEAST = 8
#: cells along an axis of a square image, of which statistics are taken
_CELLS = 8


def image(signal: Signal) -> list[Candidate]:
    """Dense layers first, then networks that use the neighbourhood of pixels."""
    factors = [factor for factor in FACTORS if min(signal.sizes[1:]) // factor >= _LEAST]
    cheaper = ((_sized(signal, factor), f"on means of {factor}×{factor} pixels, or shallower") for factor in factors)
    return formed(_sized(signal, 1), cheaper)


def _sized(signal: Signal, factor: int) -> list[Candidate]:
    """The networks for an image that is so many times smaller."""
    channels, height, width = signal.sizes
    pool = [Block("average_pool2d", {"size": factor})] if factor > 1 else []
    size = min(height, width) // factor
    crops = [{"crop": {"padding": max(1, size // 8)}}]
    augment = [*crops, *(["flip"] if channels == 3 else [])]  # grey images are often letters and digits: not flipped
    wide = [512, 256] if channels * (height // factor) * (width // factor) > 1024 else [256, 128]
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
    patches: list[Candidate] = []
    if patch := _patch(height, width):
        depth = 2 if min(height, width) < 16 else 4
        sizes = {"patch": patch, "dim": 64, "depth": max(1, depth // factor), "heads": 4}
        why = "attention between patches, for larger data sets"
        patches = [smooth("vit", sizes, adamw(3e-3, augment, clip=1.0), why)]
    why = "reads rows from top to bottom: images as sequences"
    rows = smooth("row_lstm", {"hidden": 128}, adamw(6e-3, augment, clip=1.0), why)
    return [*(after(pool, each) for each in candidates), *patches, after(pool, rows)]


def _patch(height: int, width: int) -> int | None:
    """The side of square patches: a quarter of the image, within 4 to 16 pixels: a stroke, not a scene."""
    wanted = min(max(4, min(height, width) // 4), 16)
    sides = [side for side in range(2, math.gcd(height, width)) if height % side == width % side == 0]
    return min(sides, key=lambda side: abs(side - wanted), default=None)


def statistics(signal: Signal) -> list[Node]:
    """Which way edges run and how bright each channel is in some eight by eight cells, and both over the image."""
    height, width = signal.sizes[1:]
    cell = min(max(2, math.ceil(math.sqrt(height * width) / _CELLS)), min(height, width) // 2)
    whole = Chain((Block("image_to_sequence"), Block("statistics_pool", {"deltas": False})))
    if cell < 2:
        return [whole]
    edges = Chain((Block("oriented_gradients", {"cell": cell}), Block("flatten")))
    bright = Chain((Block("average_pool2d", {"size": cell}), Block("flatten")))
    return [Parallel((edges, bright, whole), "concat")]


def example() -> str:
    """A small signal."""
    return "image:3x16x16"
