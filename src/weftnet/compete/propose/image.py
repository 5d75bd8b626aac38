"""For pictures: dense layers, convolutions, attention and recurrence, sized to the picture."""

import math

from weftnet.architecture.signal import Signal
from weftnet.compete.propose.candidate import Candidate, adamw, smooth


def images(signal: Signal) -> list[Candidate]:
    """Dense layers first, then what looks at neighbouring pixels."""
    channels, height, width = signal.sizes
    size = min(height, width)
    crops = [{"crop": {"padding": max(1, size // 8)}}]
    seen = [*crops, *(["flip"] if channels == 3 else [])]  # letters and digits, which are grey, are not flipped
    wide = [512, 256] if signal.numel > 1024 else [256, 128]
    found = [smooth("mlp", {"widths": wide}, adamw(3e-3, seen), "the quickest, and it shows what order adds")]
    if size >= 4:
        halvings = int(math.log2(size / 4))  # that leave four pixels
        widths = [min(32 * 2**i, 256) for i in range(max(2, halvings + 1))]
        stages = [[width, width] for width in widths[:2]] + [[width] for width in widths[2:]]
        found += [
            smooth("cnn", {"padding": "same"}, adamw(3e-3, seen), "a few convolutions: accuracy for little time"),
            smooth("vgg", {"stages": stages}, adamw(5e-3, seen), "3×3 convolutions with normalisation learn fast"),
            smooth(
                "resnet", {"blocks": 1 if size < 16 else 2}, adamw(8e-3, seen),
                "residual connections let depth pay, given time", entry="resnet_small",
            ),
            smooth(
                "hybrid", {"widths": widths[: max(2, halvings)]}, adamw(5e-3, seen, clip=1.0),
                "convolution, recurrence and attention in a line: each sees what the others miss",
            ),
        ]  # fmt: skip
    if patch := _patch(height, width):
        sizes = {"patch": patch, "dim": 64, "depth": 2 if size < 16 else 4, "heads": 4}
        found.append(smooth("vit", sizes, adamw(3e-3, seen, clip=1.0), "attention between patches, for larger data"))
    recurrent = adamw(6e-3, seen, clip=1.0)
    found.append(smooth("row_lstm", {"hidden": 128}, recurrent, "reads rows from the top: images as sequences"))
    return found


def _patch(height: int, width: int) -> int | None:
    """The side of square patches: a quarter of the image, but 4 to 16 pixels, to hold a stroke and not a scene."""
    wanted = min(max(4, min(height, width) // 4), 16)
    sides = [side for side in range(2, math.gcd(height, width)) if height % side == width % side == 0]
    return min(sides, key=lambda side: abs(side - wanted), default=None)
