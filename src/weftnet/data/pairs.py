"""Folders of images beside folders of their masks.

FOLDER/images, FOLDER/masks
FOLDER/train/images, FOLDER/train/masks, FOLDER/test/images …
"""

from collections.abc import Iterable
from pathlib import Path

from weftnet.data.split_names import split_named

_IMAGES, _MASKS = ("images", "image", "JPEGImages"), ("masks", "mask", "labels", "annotations", "SegmentationClass")


def pairs(path: Path) -> list[tuple[Path, Path]]:
    """The folders of images and of masks: in this folder, or in each of its folders of splits."""
    folders = [path] + [each for each in sorted(path.iterdir()) if each.is_dir() and split_named(each.name)]
    found = []
    for folder in folders:
        images, masks = (
            next((folder / n for n in names if (folder / n).is_dir()), None) for names in (_IMAGES, _MASKS)
        )
        if images is not None and masks is not None:
            found.append((images, masks))
    return found


def without_masks(path: Path, files: Iterable[Path]) -> list[Path]:
    """The files of a folder that are examples: where images lie beside masks, the images alone."""
    both = pairs(path)
    return [file for file in files if not both or any(images in file.parents for images, _ in both)]
