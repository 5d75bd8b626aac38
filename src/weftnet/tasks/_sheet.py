"""A contact sheet: many images in one picture, row by row."""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from weftnet.errors import SettingError

if TYPE_CHECKING:
    from PIL.Image import Image


def sheet(images: Tensor, columns: int | None = None, gap: int = 2) -> "Image":
    """The images (count, channels, height, width) of uint8, grey or RGB, as one picture.

    Args:
        images: one channel or three.
        columns: images in a row; by default the sheet is nearly square.
        gap: white pixels between two.

    Raises:
        SettingError: the images have another shape or type.
    """
    from PIL.Image import fromarray

    return fromarray(tiled(images, columns, gap))


def tiled(images: Tensor, columns: int | None = None, gap: int = 2) -> NDArray[np.uint8]:
    """The same as pixels: (height, width), or (height, width, 3) in colour."""
    if images.dim() != 4 or str(images.dtype) != "torch.uint8" or images.shape[1] not in (1, 3) or not len(images):
        raise SettingError(
            "a sheet can't show these images",
            expected="uint8 images (count, 1 or 3, height, width)",
            got=f"{str(images.dtype).removeprefix('torch.')} {tuple(images.shape)}",
        )
    count, channels, height, width = images.shape
    columns = min(count, columns or math.ceil(math.sqrt(count)))
    rows = math.ceil(count / columns)
    page = images.new_full((channels, rows * (height + gap) - gap, columns * (width + gap) - gap), 255)
    for i, image in enumerate(images):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        page[:, top : top + height, left : left + width] = image
    array: NDArray[np.uint8] = page.permute(1, 2, 0).cpu().numpy()
    return array[:, :, 0] if channels == 1 else array
