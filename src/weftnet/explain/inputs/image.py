"""An image: a piece is a pixel with all its channels."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weftnet.explain.explanation import DisplayedInput


class ImageView:
    """Pixels, (batch, channels, height, width) ⇄ (batch, height, width).

    Args:
        column: the fitted kind, which restores the image's own colours; None displays the encoded values.
    """

    kind = "image"
    channels = 1
    """The axis of the channels."""
    baseline_text = "the value 0, which is the mean pixel of the training images where they are standardised"

    def __init__(self, column: Any = None) -> None:
        self._column = column

    def baseline(self, values: Tensor) -> Tensor:
        """Zero."""
        return torch.zeros((), dtype=values.dtype, device=values.device)

    def per_piece(self, attributions: Tensor) -> Tensor:
        """The sum over channels."""
        return attributions.sum(self.channels)

    def per_value(self, pieces: Tensor) -> Tensor:
        """All channels of a pixel."""
        return pieces.unsqueeze(self.channels)

    def display(self, values: Tensor) -> DisplayedInput:
        """Bytes, (height, width) or (height, width, 3)."""
        encoded = values.detach().cpu().numpy()
        picture = encoded if self._column is None else np.asarray(self._column.decode(encoded[None])[0])
        return DisplayedInput("image", _bytes(_channels_last(picture, len(encoded))))


def _channels_last(picture: NDArray[Any], channels: int) -> NDArray[Any]:
    """(height, width) or (height, width, 3) from any layout; any other number of channels is averaged."""
    if picture.ndim == 3 and picture.shape[-1] != channels:
        picture = np.moveaxis(picture, 0, -1)
    if picture.ndim == 3 and channels != 3:
        return picture[..., :3] if channels == 4 else picture.mean(-1)  # the fourth channel of four is transparency
    return picture


def _bytes(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """0 … 255; values that are not bytes already are scaled to that range."""
    if picture.dtype == np.uint8 and picture.max(initial=0) > 16:
        return picture
    low, high = float(picture.min()), float(picture.max())
    stretched: NDArray[np.uint8] = np.round((picture - low) / ((high - low) or 1.0) * 255).astype(np.uint8)
    return stretched
