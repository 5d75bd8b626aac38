"""Targets with places in an image – masks, boxes – lie in an image of their own size, which shows all of it."""

from weftnet.data.data import Data
from weftnet.data.ways import read_as
from weftnet.errors import DataError


def lies_in_image(data: Data, size: tuple[int, int], what: str) -> None:
    """Refuse data without an image of this (height, width), or whose images are cropped, as the target is not.

    Args:
        data: with images.
        size: of the target.
        what: the target is called.

    Raises:
        DataError: there is no such image.
    """
    height, width = size
    images = [each.sizes[1:] for each in data.signals.values() if each.kind == "image"]
    columns = data.state()["preprocessing"]["columns"]
    image = next((name for name, own in columns.items() if own["kind"] == "image"), "image")
    if size not in images:
        got = ", ".join(f"{h}×{w}" for h, w in images) or "no image"
        fix = f"read images of that size: {read_as(image, {'image': {'size': [height, width]}})}"
        told = f"no image has the size of the {what}"
        raise DataError(told, where=data.name, expected=f"{height}×{width}", got=got, fix=fix)
    if columns.get(image, {}).get("resize", "stretch") != "stretch":
        fix = f"stretch them: {read_as(image, {'image': {'resize': 'stretch'}})}"
        raise DataError(f"images are cropped, and {what} are not", where=data.name, got="resize: crop", fix=fix)
