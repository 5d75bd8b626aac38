"""The embedded digits as a folder of PNG files, a sub-folder for each class: what a newcomer has."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from weftnet.data.sources.digits import DIGITS


def write_digits(folder: Path, each: int = 20, classes: Sequence[int] = range(10), test: int = 0) -> Path:
    """Write digits as 8×8 grey PNGs: `FOLDER/3/0017.png`; with a test part, `FOLDER/train/3/…` and `FOLDER/test/3/…`.

    Args:
        folder: to write into.
        each: images of each class, at most 174; the test part's come on top.
        classes: the digits wanted.
        test: images of each class in a test part.
    """
    with np.load(DIGITS) as arrays:
        x, y = arrays["x"], arrays["y"]
    for digit in classes:
        rows = np.flatnonzero(y == digit)[: each + test]
        for number, row in enumerate(rows):
            part = "" if not test else "train" if number < each else "test"
            place = folder / part / str(digit)
            place.mkdir(parents=True, exist_ok=True)
            # sixteen is white
            Image.fromarray((x[row].astype(np.uint16) * 255 // 16).astype(np.uint8)).save(place / f"{row:04d}.png")
    return folder
