"""Images as files, a folder for each class: `FOLDER/CLASS/NAME.png`, or `FOLDER/train/CLASS/…` and `FOLDER/test/…`.

Two columns: `image`, and `label`, the folder's name; images in no class's folder have no label, as generative
tasks want it, unless a pattern reads it from their names (`_folders.py`). PNG, JPEG, WebP, BMP, GIF and TIFF
are read (`pictures.py`).
"""

from pathlib import Path

import numpy as np

from weftnet.base.png import png
from weftnet.data.content import Content
from weftnet.data.media import IMAGES, LARGEST, SOUNDS
from weftnet.data.sources._folders import count, read_folder
from weftnet.data.sources._place import Place

FOLDER = "a folder of images for each class"


def opens(place: Place) -> float:
    """Folders that hold images, themselves or up to two levels below, and not more recordings."""
    if not place.is_folder:
        return 0.0
    images = count(place.path, IMAGES)
    return 0.8 if images > 0 and images >= count(place.path, SOUNDS) else 0.0


def read(path: Path, *, label: str = "", limit: int = LARGEST) -> Content:
    """Read a folder of images.

    Args:
        path: the folder.
        label: the pattern that reads the label from the files' names: "{label}_{}".
        limit: bytes that one file may have.

    Raises:
        DataError: a file is too large, leads outside, or is in no class's folder while others are.
    """
    return read_folder(path, "image", IMAGES, label, limit)


def example(folder: Path) -> Path:
    """Grey images of two classes."""
    for number in range(12):
        file = folder / "images" / ("dark", "bright")[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(np.full((5, 4), 90 * (number % 2) + number, np.uint8)))
    return folder / "images"
