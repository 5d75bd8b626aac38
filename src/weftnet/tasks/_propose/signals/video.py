"""For videos: what frames show without their order, frames with an LSTM, convolutions over time; sized to the frames.

The cheaper forms read means of 2×2 and 4×4 pixels.
"""

import math

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Each, Node
from weftnet.tasks._propose.candidate import FACTORS, Candidate, adamw, after, formed, light, rich, smooth

#: the least pixels along an axis of a frame that is made smaller, and those down to which it is halved
_LEAST, _DOWN = 8, 4
_WIDTHS = (16, 32, 64, 128)


def video(signal: Signal) -> list[Candidate]:
    """Frames by themselves first, then networks that see their order."""
    factors = [factor for factor in FACTORS if min(signal.sizes[2:]) // factor >= _LEAST]
    cheaper = ((_sized(signal, factor), f"on means of {factor}×{factor} pixels") for factor in factors)
    return formed(_sized(signal, 1), cheaper)


def _sized(signal: Signal, factor: int) -> list[Candidate]:
    """The networks for frames that are so many times smaller."""
    size = min(signal.sizes[2:]) // factor
    pool: list[Node] = [Each(Block("average_pool2d", {"size": factor}))] if factor > 1 else []
    halvings = max(0, int(math.log2(max(size / _DOWN, 1))))
    widths = list(_WIDTHS[: max(1, min(halvings, len(_WIDTHS)))])
    crop = [{"crop": {"padding": max(1, size // 8)}}]
    apart = "each frame by itself, and their mean: a baseline that doesn't know their order"
    along = "each frame by a small network of images, then a memory along them"
    over = "convolutions over time as over the frame: short movements"
    candidates = [
        light(smooth("frames", {"widths": widths, "layers": 0}, adamw(3e-3, crop), apart, "video_lstm")),
        rich(smooth("video_lstm", {"widths": widths, "hidden": 64}, adamw(4e-3, crop, clip=1.0), along)),
    ]
    if size >= _LEAST:
        sizes = {"kind": "3d", "widths": list(_WIDTHS[: max(2, min(halvings + 1, 3))]), "layers": 1, "stem": "small"}
        candidates.append(smooth("video_resnet", sizes, adamw(4e-3, crop), over))
    return [after(pool, each) for each in candidates]


def example() -> str:
    """A small signal."""
    return "video:6x3x16x16"
