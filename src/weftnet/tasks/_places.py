"""A tiny data set of classes that a few examples tell apart."""

from pathlib import Path

import numpy as np


def places(folder: Path) -> Path:
    """240 images of 8×8 pixels in an .npz file, each with a bright field in one of eight places, its class."""
    draw = np.random.default_rng(0)
    y = np.arange(240) % 8
    x = draw.integers(0, 150, (240, 8, 8)).astype(np.uint8)
    for image, place in zip(x, y, strict=True):
        row, column = divmod(int(place), 4)
        image[4 * row : 4 * row + 4, 2 * column : 2 * column + 2] += 90
    np.savez(folder / "places.npz", x=x, y=np.array([f"place {each}" for each in y]))
    return folder / "places.npz"
