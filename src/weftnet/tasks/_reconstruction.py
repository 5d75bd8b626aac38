"""A reconstructed example as an answer shows it: an image of one or three channels as a picture, else its values."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import encoded


def pixels(x: NDArray[Any], settings: Mapping[str, Any]) -> NDArray[Any]:
    """Standardised images (…, channels, height, width) as pixels, nominally in [0, 1].

    Args:
        x: images.
        settings: `mean` and `scale` of each channel.
    """
    scale, mean = (np.asarray(settings[name], np.float64)[:, None, None] for name in ("scale", "mean"))
    return x * scale + mean


def shown(y: NDArray[Any], shares: NDArray[Any] | None) -> dict[str, Any]:
    """`picture` of one example, from pixels in [0, 1], or `values`.

    Args:
        y: the standardised example.
        shares: its pixels; None where it is no image.
    """
    if shares is None or shares.shape[0] not in (1, 3):
        return {"values": y.reshape(-1).tolist()}
    whole = np.round(np.clip(shares, 0, 1) * 255).astype(np.uint8)
    return {"picture": encoded(whole[0] if len(whole) == 1 else np.moveaxis(whole, 0, 2))}
