"""Columns of image files: whether cells are some, what is read of all before one is decoded, and of their pixels."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from weftnet.data.kinds._image_notes import halved, mixed, resized, shallow
from weftnet.data.kinds._size import check_size, one_size
from weftnet.data.media import IMAGES, are_files, is_picture
from weftnet.data.pictures import LEVELS, outlines
from weftnet.errors import DataError

_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
#: the highest value of 16 bits below which an image is nearly black, if it is read by all of them
_FULL = 2**12


def of_cells(cells: list[Any]) -> float:
    """Whether single values are images; bytes that no kind knows are probably damaged ones."""
    if not cells:
        return 0.0
    if isinstance(cells[0], np.ndarray):
        return 0.95 * (cells[0].ndim in (2, 3) and cells[0].dtype == np.uint8)
    if is_picture(cells[0]) or are_files(cells, IMAGES, _begins):
        return 0.95
    return 0.6 * isinstance(cells[0], bytes)


def _begins(file: bytes) -> bool:
    """Whether these are the first bytes of an image's file; RIFF files name their form at byte 8."""
    return file.startswith(_MAGIC) or (file[:4] == b"RIFF" and file[8:12] == b"WEBP")


class Seen(NamedTuple):
    """What the training images have in common.

    Args:
        grey: whether they are read as grey.
        size: height and width.
        deep: of 16 bits, what becomes black and white; None where none has them.
        notices: notes, each from the column's name.
    """

    grey: bool
    size: tuple[int, int]
    deep: list[int] | None
    notices: list[Callable[[str], str]]


def look_through(files: Iterable[Any], mode: str, size: int | list[int], resize: str, levels: list[int]) -> Seen:
    """What the headers of training images say; the settings are those of the kind."""
    headers = list(outlines(files))
    notices: list[Callable[[str], str]] = []
    greys = sum(each.grey for each in headers)
    grey = mode == "grey" or (mode == "auto" and greys == len(headers))
    chosen, notice = one_size([(each.height, each.width) for each in headers], size)
    if notice and not (size and resize == "crop"):
        notices.append(partial(resized, notice, chosen, resize))
    deep = None
    if found := [each.levels for each in headers if each.levels]:
        deep = levels or [min(low for low, _ in found), max(high for _, high in found)]
        notices.append(partial(shallow, len(found), deep))
    if count := sum(each.halved for each in headers):
        notices.append(partial(halved, count))
    if mode == "auto" and not grey and greys:
        notices.append(partial(mixed, greys, len(headers)))
    return Seen(grey, chosen, deep, notices)


def resized_state(fitted: Any, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """The state of a fitted column with another size, or another way to it; None where that can't be changed.

    Raises:
        ValueError: the size is none.
    """
    state: dict[str, Any] = fitted.state()
    if not settings:
        return state
    if set(settings) - {"size", "resize", "interpolation", "keep"} or state["layout"] != "file":
        return None
    check_size("image", size := settings.get("size", 0))
    sides = (size if isinstance(size, list) else [size, size]) if size else state["sizes"][1:]
    keep = state["keep"] if settings.get("resize", state["resize"]) == "crop" else 1.0
    return {**state, "keep": keep, **settings, "size": sides, "sizes": [state["sizes"][0], *sides]}


def statistics_of(pictures: Iterable[Any], channels: int) -> tuple[list[float], list[float], list[float]]:
    """Lowest and highest value, and mean and standard deviation of each channel, from the counts of 256 values."""
    counts = np.zeros((channels, 256))
    for picture in pictures:
        counts += np.asarray(picture.histogram()).reshape(-1, 256)
    present = np.flatnonzero(counts.sum(0))
    levels, total = np.arange(256.0), counts.sum(1)
    mean = counts @ levels / total  # sums of whole numbers below 2⁵³: exact
    std = np.sqrt((counts * (levels - mean[:, None]) ** 2).sum(1) / total)
    return [float(present[0]), float(present[-1])], mean.tolist(), np.where(std > 0, std, 1.0).tolist()


def separate(values: Any) -> list[Any]:
    """Files one by one; a list of lists is an array."""
    return [np.asarray(each) if isinstance(each, list) else each for each in values]


def unlike(files: Sequence[Any], deep: list[int]) -> Counter[str]:
    """Images of another depth than the training images, or with values far outside theirs.

    Args:
        files: raw values; those that can't be read are left to whoever encodes them.
        deep: what became black and white in training; 0 and 65535 for images of 8 bits, or of all 16.
    """
    found, (low, high) = Counter[str](), deep
    margin = (high - low) / 2
    for file in files:
        try:
            (header,) = outlines([file])
        except DataError:
            continue
        if deep == list(LEVELS):
            few = header.levels is not None and header.levels[1] < _FULL
            found.update([f"16 bits, up to {header.levels[1]}"] if few and header.levels else [])
        elif header.levels is None:
            found.update(["8 bits"])
        elif header.levels[0] < low - margin or header.levels[1] > high + margin:
            found.update([f"{header.levels[0]} … {header.levels[1]}"])
    return found
