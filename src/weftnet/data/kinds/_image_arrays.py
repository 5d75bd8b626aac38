"""Where arrays of images have their channels."""

from typing import Any

from numpy import moveaxis
from numpy.typing import NDArray

from weftnet.data.ways import read_as
from weftnet.errors import DataError

_MOST = 4  # channels of an image whose layout is inferred


def layout_of(shape: tuple[int, ...], channels: str) -> str:
    """grey, first or last.

    Args:
        shape: of the arrays, with their rows.
        channels: "auto", or where they are.

    Raises:
        DataError: no axis looks like channels.
    """
    if len(shape) == 3:
        return "grey"
    if channels != "auto":
        return channels
    if shape[3] <= _MOST:
        return "last"
    if shape[1] <= _MOST:
        return "first"
    raise DataError(
        "neither the second nor the last axis looks like channels",
        expected=f"at most {_MOST} channels",
        got=f"shape {shape}",
        fix=f"set the layout: {read_as('x', {'image': {'channels': 'first'}})}",
    )


def channels_first(layout: str, array: NDArray[Any]) -> NDArray[Any]:
    """(rows, channels, height, width) the array with its channels first; a view.

    Raises:
        DataError: it has another number of axes.
    """
    if (array.ndim == 3) != (layout == "grey"):
        raise DataError("images of another layout", expected=layout or "fitted", got=f"{array.ndim} axes")
    if layout == "grey":
        return array[:, None]
    return moveaxis(array, -1, 1) if layout == "last" else array
