"""A video: a piece is a pixel of a frame with all its channels."""

import numpy as np
from torch import Tensor

from weftnet.explain.explanation import DisplayedInput
from weftnet.explain.inputs.image import ImageView


class VideoView(ImageView):
    """Pixels of frames, (batch, time, channels, height, width) ⇄ (batch, time, height, width).

    Args:
        column: the fitted kind, which restores the frames' own colours; None displays the encoded values.
    """

    kind = "video"
    channels = 2
    baseline_text = "the value 0, which is the mean pixel of the training clips"

    def display(self, values: Tensor) -> DisplayedInput:
        """Bytes, (frames, height, width, 3)."""
        encoded = values.detach().cpu().numpy()
        pixels = encoded.mean(1) if self._column is None else np.asarray(self._column.decode(encoded[None])[0])
        pixels = pixels if pixels.ndim == 4 else np.repeat(pixels[..., None], 3, 3)
        if pixels.dtype != np.uint8:
            low, high = float(pixels.min()), float(pixels.max())
            pixels = np.round((pixels - low) / ((high - low) or 1.0) * 255).astype(np.uint8)
        return DisplayedInput("video", pixels)
