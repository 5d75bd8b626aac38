"""Videos as sequences of pictures: animations (GIF, APNG, WebP), folders of numbered frames, arrays, and .npy files.

    frames of a folder      by the numbers in their names: frame_2.png before frame_10.png
    which are read          of n frames f, evenly: frame ⌊(i + ½) · n / f⌋ for i = 0 … f − 1
    arrays                  of bytes: (frames, height, width), (frames, height, width, channels) or channels second

An animation can only be decoded from its start; each frame is what a viewer shows, with those before it beneath. How
many frames and pixels a file claims is checked before anything is decoded: a GIF of some kilobytes can claim gigabytes.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from weftnet.base.limits import lifted, limit
from weftnet.data.folder import inside
from weftnet.data.kinds._kind import BadValue
from weftnet.data.media import IMAGES, named
from weftnet.data.pictures import QUIET, opened, outlines
from weftnet.data.read import read_npy
from weftnet.errors import DataError

#: endings of files that hold a whole clip
CLIPS = (".gif", ".apng", ".webp", ".png", ".npy")
_ARRAY, _CHANNELS = ".npy", (1, 3, 4)


class Clip(NamedTuple):
    """What is known of a video before its frames are decoded.

    Args:
        length: in frames.
        height: of the first, in pixels.
        width: likewise.
        grey: whether the first is stored as grey.
    """

    length: int
    height: int
    width: int
    grey: bool


def clips(cells: Iterable[Any]) -> Iterator[Clip]:
    """What is known of each video.

    Raises:
        BadValue: a cell is no video that can be read.
    """
    for row, cell in enumerate(cells):
        yield clip(cell, row)


def clip(cell: Any, row: int) -> Clip:
    """What is known of a video.

    Raises:
        BadValue: it is none that can be read, or claims too much.
    """
    whole = _unfolded(cell, row)
    first = whole[0] if isinstance(whole, np.ndarray | list) else whole
    try:
        (header,) = outlines([first])
    except BadValue as fault:
        raise fault.at(row) from None
    count = len(whole) if isinstance(whole, np.ndarray | list) else _count(whole, row)
    _bounded(cell, row, count, header.height * header.width)
    return Clip(count, header.height, header.width, header.grey)


def evenly(count: int, wanted: int) -> list[int]:
    """The numbers of as many frames as are wanted, evenly spread; of fewer frames some twice."""
    return [(2 * i + 1) * count // (2 * wanted) for i in range(wanted)]


def frames(cell: Any, row: int, places: Sequence[int]) -> list[Any]:
    """The frames at ascending places, each as `pictures.py` decodes it.

    Raises:
        BadValue: they can't be read.
    """
    whole = _unfolded(cell, row)
    return [whole[place] for place in places] if isinstance(whole, np.ndarray | list) else _shown(whole, row, places)


def is_animated(file: Path | bytes) -> bool:
    """Whether a file is an animation, or an array of frames."""
    if isinstance(file, Path) and file.suffix.lower() == _ARRAY:
        return True
    if isinstance(file, Path) and file.suffix.lower() not in CLIPS:
        return False
    try:
        with QUIET, opened(file, 0) as picture:
            return int(getattr(picture, "n_frames", 1)) > 1 and picture.format in ("GIF", "PNG", "WEBP")
    except DataError:
        return False


def are_frames(files: Sequence[Path]) -> bool:
    """Whether files of one folder are the frames of a clip by their names: equal but for numbers without a gap."""
    parts = [re.fullmatch(r"(.*?)(\d+)", file.stem) for file in files]
    found = [part for part in parts if part]
    if (
        len(files) < 2
        or len(found) < len(files)
        or len({(part[1], file.suffix) for part, file in zip(found, files, strict=True)}) > 1
    ):
        return False
    numbers = sorted(int(part[2]) for part in found)
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def in_order(files: Iterable[Path]) -> list[Path]:
    """Files by the numbers in their names."""
    return sorted(
        files, key=lambda file: [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", file.name)]
    )


def _unfolded(cell: Any, row: int) -> Any:
    """A list of frames, an array of them, or the file of an animation."""
    if isinstance(cell, Path) and cell.is_dir():
        return _listed(cell, row)
    if isinstance(cell, Path) and cell.suffix.lower() == _ARRAY:
        return of_array(read_npy(cell), row, str(cell))
    if isinstance(cell, np.ndarray | list):
        return of_array(np.asarray(cell), row, named(cell))
    return cell


def _listed(folder: Path, row: int) -> list[Path]:
    home = folder.resolve()
    found = [each for each in folder.iterdir() if each.suffix.lower() in IMAGES and not each.name.startswith(".")]
    files = in_order(inside(each, home) for each in found)
    if not files:
        raise BadValue(row, "the folder holds no frames", expected=", ".join(IMAGES), got=str(folder))
    return files


def of_array(array: NDArray[Any], row: int, where: str) -> NDArray[np.uint8]:
    """(frames, height, width) or (frames, height, width, channels) of bytes.

    Raises:
        BadValue: it has another form, or values beyond those of bytes.
    """
    if array.ndim == 4 and array.shape[-1] not in _CHANNELS and array.shape[1] in _CHANNELS:
        array = np.moveaxis(array, 1, -1)
    fits = array.ndim == 3 or (array.ndim == 4 and array.shape[-1] in _CHANNELS)
    if not fits or not array.size or array.dtype.kind not in "iu" or array.min() < 0 or array.max() > 255:
        expected = "bytes (frames, height, width) or (frames, height, width, 1, 3 or 4)"
        raise BadValue(
            row, "this is no array of a video", expected=expected, got=f"{where}: {array.dtype} {array.shape}"
        )
    return np.asarray(array[..., 0] if array.ndim == 4 and array.shape[-1] == 1 else array, np.uint8)


def _count(file: Path | bytes, row: int) -> int:
    with QUIET, opened(file, row) as picture:
        return int(getattr(picture, "n_frames", 1))


def _bounded(cell: Any, row: int, count: int, pixels: int) -> None:
    """Refuse what claims too many frames, or too many pixels in all of them."""
    for name, claimed in (("frames", count), ("footage", count * pixels)):
        if claimed > limit(name):
            what = f"the video claims more {'frames' if name == 'frames' else 'pixels in all its frames'} than is safe"
            got = f"{named(cell)}: {claimed}"
            raise BadValue(row, what, expected=f"at most {limit(name)}", got=got, fix=lifted(name))


def _shown(file: Path | bytes, row: int, places: Sequence[int]) -> list[Any]:
    """Frames of an animation, each shown over those before it."""
    shown: dict[int, Any] = {}
    with QUIET, opened(file, row) as picture:
        for place in range(max(places) + 1):
            picture.seek(place)
            if place in places:
                whole = picture.has_transparency_data or picture.mode in ("RGBA", "P")
                shown[place] = picture.convert("RGBA") if whole else picture.copy()
    return [shown[place] for place in places]
