"""Digits that move: which way, told from videos of which no single frame shows it.

    python benchmarks/moving.py --epochs 20 --seeds 3

Each clip is one of the embedded digits, 8×8 pixels, on a field of 12×12 that it leaves on one side and enters on the
other, for six frames, by one or two pixels a frame to the left, to the right, up or down. It starts anywhere, so that
a frame says nothing about the direction, and all frames in no order say whether it moves across or up and down, but not
which way. The digits of the test clips are in no training clip.

    one frame       the network of images of `video_lstm` on one frame in the middle
    no order        the same on every frame, and the mean of what it gives
    video_lstm      the same on every frame, and an LSTM along them
    3d, (2+1)d      `video_resnet`: convolutions over time too

All networks and settings were fixed before; accuracy is that of the test clips.
"""

from typing import Any

import numpy as np
from _report import Report, arguments, start, trained
from numpy.typing import NDArray

from weftnet.data import open_data
from weftnet.data.sources.arrays import load as arrays
from weftnet.data.sources.digits import DIGITS
from weftnet.tasks import TASKS
from weftnet.zoo import ZOO

SIDE, FRAMES, TRAIN, TEST = 12, 6, 800, 400
WAYS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
WIDTHS = [8, 16]
#: entry and settings of the zoo, frames that are read
NETWORKS: dict[str, tuple[str, dict[str, Any], int]] = {
    "one frame": ("video_lstm", {"widths": WIDTHS, "layers": 0}, 1),
    "no order": ("video_lstm", {"widths": WIDTHS, "layers": 0}, FRAMES),
    "video_lstm": ("video_lstm", {"widths": WIDTHS, "hidden": 32}, FRAMES),
    "3d": ("video_resnet", {"kind": "3d", "widths": WIDTHS, "layers": 1, "stem": "small"}, FRAMES),
    "(2+1)d": ("video_resnet", {"kind": "(2+1)d", "widths": WIDTHS, "layers": 1, "stem": "small"}, FRAMES),
}


def clips(digits: NDArray[Any], count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Videos (count, frames, side, side, 1), and the way of each.

    Args:
        digits: (number, 8, 8) from 0 to 16.
        count: of clips.
        seed: of digit, start, speed and way.
    """
    draw, names = np.random.default_rng(seed), list(WAYS)
    x, y = np.zeros((count, FRAMES, SIDE, SIDE, 1), np.uint8), np.array([names[i % len(names)] for i in range(count)])
    for clip, name in zip(x, y, strict=True):
        field = np.zeros((SIDE, SIDE), np.uint8)
        field[:8, :8] = digits[draw.integers(len(digits))] * 15
        down, right = draw.integers(SIDE, size=2)
        speed = int(draw.integers(1, 3))
        for t in range(FRAMES):
            step = (down + t * speed * WAYS[name][0], right + t * speed * WAYS[name][1])
            clip[t, :, :, 0] = np.roll(field, step, (0, 1))
    return x, y


def main() -> None:
    """Train every network with every seed, and write the report."""
    args = start(arguments(__doc__ or "", epochs=20, seeds=3), needs_data=False)
    digits = arrays(DIGITS)["x"]
    report = Report(
        "moving", "Digits that move", args,
        f"{TRAIN} clips of {FRAMES} frames of {SIDE}×{SIDE} to train on, {args.epochs} epochs of AdamW at 0.004; "
        f"accuracy of {TEST} test clips, of other digits. All networks and settings were fixed before.",
    )  # fmt: skip
    for seed in range(args.seeds):
        (x, y), (x_test, y_test) = clips(digits[:1200], TRAIN, seed), clips(digits[1200:], TEST, 1000 + seed)
        named = {"x_train": x, "y_train": y, "x_test": x_test, "y_test": y_test}
        for name, (entry, settings, frames) in NETWORKS.items():
            data = open_data(named, kinds={"x": {"video": {"frames": frames}}})
            task = TASKS.get("classification").from_data(data)
            loaded, facts = trained(
                ZOO.get(entry)(**settings), task, data, epochs=args.epochs, lr=4e-3, seed=seed, patience=None,
                keep="last", threads=args.threads, evaluate_every=f"{args.epochs} epochs",
            )  # fmt: skip
            right = total = 0
            for batch in data.batches("test", 200):
                answers = loaded.outputs(batch).argmax(1)
                right, total = right + int((answers == batch.target).sum()), total + batch.size
            kept = {"parameters": facts["parameters"], "seconds": facts["seconds"]}
            report.add(name, "accuracy", right / total, **kept)


if __name__ == "__main__":
    main()
