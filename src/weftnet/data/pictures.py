"""Image files decoded by Pillow: PNG, JPEG, WebP, BMP, GIF and TIFF, to 8 bits of grey or of red, green and blue.

    orientation     turned upright according to the file's EXIF data
    transparency    composited over white
    palette, CMYK   converted to red, green and blue
    16 bits         v ↦ round((v − low) · 255 / (high − low)), by the levels that are passed, 0 … 65535 if none are;
                    of 16-bit colour Pillow keeps the high byte, which a note says
    floats          refused: their range is not known
    animation       the first frame
    grey            0.299 red + 0.587 green + 0.114 blue, as Pillow (ITU-R 601-2)

Resizing is bilinear or bicubic with antialiasing (a filter as wide as the reduction), by Pillow, so that it is the same
wherever weftnet runs. "stretch" fits both sides, "crop" the shorter one and keeps the centre, or a share of it. A JPEG
that is reduced by four or more is first decoded at a half, quarter or eighth of its size, never below twice the target
size.

The number of pixels is checked before anything is decoded: a file of some kilobytes can claim gigabytes.
"""

import math
import re
import struct
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from weftnet.base.foreign import reading
from weftnet.base.limits import lifted, limit
from weftnet.data.kinds._kind import BadValue
from weftnet.data.media import is_picture, named, stream
from weftnet.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

Resize = Literal["stretch", "crop"]
Interpolation = Literal["bilinear", "bicubic"]


class Resizing(NamedTuple):
    """How images are made to be of one size.

    Args:
        how: stretch or crop.
        interpolation: bilinear or bicubic.
        keep: of a crop, the share of the shorter side that is kept, in (0, 1].
    """

    how: Resize = "stretch"
    interpolation: Interpolation = "bilinear"
    keep: float = 1.0


#: images decoded at a time
_TOGETHER = 32
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_DAMAGED = "the image is damaged"
_EXPECTED = "a whole PNG, JPEG, WebP, BMP, GIF or TIFF file"
_GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L")
_ORIENTATION = 0x0112
#: modes of images of 16 bits, and the values that they may have
_DEEP = ("I", "I;16", "I;16B", "I;16L")
LEVELS = (0, 65535)
#: colours of 16 bits, as Pillow calls what it unpacks: RGB;16B
_SIXTEEN = re.compile(r";16[BLN]")
#: chunks of text in a PNG, and the one that holds EXIF data
_TEXTS, _RAW = (b"tEXt", b"zTXt", b"iTXt"), b"Raw profile type exif"


class Outline(NamedTuple):
    """What an image's header says, where it is upright.

    Args:
        height: pixels.
        width: pixels.
        grey: whether it is stored as grey.
        levels: its lowest and its highest value, of 16 bits; None of 8.
        halved: whether its colours have 16 bits, of which the upper 8 are read.
    """

    height: int
    width: int
    grey: bool
    levels: tuple[int, int] | None = None
    halved: bool = False


def outlines(cells: Iterable[Any]) -> Iterator[Outline]:
    """The outline of every image, from its header where possible.

    Raises:
        BadValue: a cell is no image that can be read.
    """
    for row, cell in enumerate(cells):
        with QUIET, opened(cell, row) as picture:
            turned = _has_exif(picture) and picture.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
            width, height = picture.size[::-1] if turned else picture.size
            grey = _is_grey_palette(picture) if picture.mode == "P" else picture.mode in _GREY
            tiles = str(getattr(picture, "tile", ""))
            halved = picture.mode not in _DEEP and bool(_SIXTEEN.search(tiles))
            values = _values(picture, cell, row) if picture.mode in _DEEP else None
            levels = None if values is None else (int(values.min()), int(values.max()))
            yield Outline(height, width, grey, levels, halved)


def pictures(
    cells: Sequence[Any],
    size: tuple[int, int],
    *,
    grey: bool,
    resize: Resizing | Resize = "stretch",
    levels: tuple[int, int] = LEVELS,
) -> Iterator["Image"]:
    """Every image decoded, upright, in mode L or RGB, all of one size.

    Args:
        cells: paths, bytes, uint8 arrays (height, width[, channels]) or Pillow's images.
        size: height and width.
        grey: whether to convert colour to grey, rather than grey to colour.
        resize: how they are made to be of that size.
        levels: of 16 bits, what becomes 0 and what becomes 255; values beyond are clipped.

    Raises:
        BadValue: a cell is no image that can be read.
    """
    rows, how = enumerate(cells), Resizing(resize) if isinstance(resize, str) else resize
    while batch := list(islice(rows, _TOGETHER)):
        with QUIET:
            decoded = [_decoded(cell, row, (size[1], size[0]), grey, how, levels) for row, cell in batch]
        yield from decoded


def _decoded(
    cell: Any, row: int, size: tuple[int, int], grey: bool, resize: Resizing, levels: tuple[int, int]
) -> "Image":
    """One image of this width and height."""
    from PIL import ImageOps
    from PIL.Image import Resampling

    with opened(cell, row) as picture:
        if picture.format == "JPEG":
            side = math.ceil(
                2 * max(size) / resize.keep
            )  # before it is turned upright, width and height may be swapped
            picture.draft(None, (side, side))
        upright = ImageOps.exif_transpose(picture) if _may_be_turned(picture) else picture
        plain = _plain(upright, "L" if grey else "RGB", cell, row, levels)
        cut = resize.how == "crop" and resize.keep < 1
        if plain.size == size and not cut:
            return plain
        kernel = Resampling.BICUBIC if resize.interpolation == "bicubic" else Resampling.BILINEAR
        if resize.how == "crop":
            return ImageOps.fit(plain, size, kernel, bleed=(1 - resize.keep) / 2)
        return plain.resize(size, kernel)


class _Quiet:
    """Filters for Pillow's warnings while any thread decodes.

    `warnings.catch_warnings` is not thread-safe: of two that overlap, the one that ends last would leave its filters
    behind. Here the first thread to enter sets them, and the last to leave restores the previous ones.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._caught = threading.Lock(), 0, warnings.catch_warnings()

    def __enter__(self) -> None:
        from PIL import Image

        with self._lock:
            if not self._inside:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                # damaged metadata beside intact pixels, and deprecations
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self._inside += 1

    def __exit__(self, *fault: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._caught.__exit__(None, None, None)


#: to be entered while images are decoded
QUIET = _Quiet()


@contextmanager
def opened(cell: Any, row: int) -> Iterator["Image"]:
    """The image of a cell, with its header read and its size checked; errors name the row."""
    from PIL import Image, UnidentifiedImageError

    try:
        with reading(named(cell), _DAMAGED), _source(cell, row) as picture:
            if picture.width * picture.height > limit("pixels"):
                raise _too_large(cell, row, f"{picture.width} × {picture.height}")
            yield picture
    except BadValue:
        raise
    except DataError as fault:
        cause = fault.__cause__
        if isinstance(cause, Image.DecompressionBombError | Image.DecompressionBombWarning):
            raise _too_large(cell, row, str(cause)) from None
        if isinstance(cause, UnidentifiedImageError):
            raise BadValue(row, "this is no image that can be read", expected=_EXPECTED, got=named(cell)) from None
        raise BadValue(row, fault.what, expected=_EXPECTED, got=f"{named(cell)}: {fault.got}") from None


def _too_large(cell: Any, row: int, claimed: str) -> BadValue:
    what, most = "the image claims more pixels than is safe to decode", f"at most {limit('pixels')}"
    return BadValue(row, what, expected=most, got=f"{named(cell)}: {claimed}", fix=lifted("pixels"))


@contextmanager
def _source(cell: Any, row: int) -> Iterator["Image"]:
    from PIL import Image

    if isinstance(cell, np.ndarray):
        yield Image.fromarray(_bytes(cell, row))
    elif not isinstance(cell, bytes) and is_picture(cell):
        yield cell.copy()  # so that the caller's is not modified
    else:
        with stream(cell, row, "image") as file:
            yield Image.open(file, formats=_FORMATS)


def _bytes(array: NDArray[Any], row: int) -> NDArray[np.uint8]:
    """An array as Pillow expects it."""
    array = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    fits = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))
    if (
        not fits
        or array.dtype.kind not in "fiub"
        or not array.size
        or array.shape[0] * array.shape[1] > limit("pixels")
    ):
        raise BadValue(row, "this is no array of an image", expected="(height, width) or (height, width, 3 or 4)",
                       got=f"{array.dtype} {array.shape}")  # fmt: skip
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if not ((array >= 0) & (array <= 255)).all():
        raise BadValue(row, "a pixel is out of range", expected="0 to 255", got=f"{array.min()} to {array.max()}")
    return np.ascontiguousarray(array.round() if array.dtype.kind == "f" else array, dtype=np.uint8)


def _may_be_turned(picture: "Image") -> bool:
    """Whether it has EXIF data at all: reading them and copying costs more than decoding a small image."""
    picture.load()  # a PNG may have them at its end
    return "exif" in picture.info or "Raw profile type exif" in picture.info or picture.format in ("TIFF", "MPO")


def _has_exif(picture: "Image") -> bool:
    """Whether an image that only its header is read of has EXIF data, which a PNG may have at its end."""
    if "exif" in picture.info or "Raw profile type exif" in picture.info or picture.format == "MPO":
        return True
    return picture.format == "PNG" and _has_late_exif(picture)


def _has_late_exif(picture: "Image") -> bool:
    """Whether a PNG has EXIF data behind its pixels, from the names of its chunks alone."""
    file = getattr(picture, "fp", None)
    if file is None:
        return False
    back = file.tell()
    file.seek(len(b"\x89PNG\r\n\x1a\n"))
    try:
        while len(header := file.read(8)) == 8:
            length, name = struct.unpack(">I4s", header)
            start = file.tell()
            if name == b"eXIf" or (name in _TEXTS and file.read(len(_RAW)) == _RAW):
                return True
            file.seek(start + length + 4)
        return False
    finally:
        file.seek(back)


def _is_grey_palette(picture: "Image") -> bool:
    pixels = np.asarray(picture.convert("RGB"))
    return bool((pixels == pixels[..., :1]).all())


def _values(picture: "Image", cell: Any, row: int) -> NDArray[np.int64]:
    """(height, width) the pixels of an image of 16 bits.

    Raises:
        BadValue: it has more.
    """
    values = np.asarray(picture).astype(np.int64)
    if values.min() < LEVELS[0] or values.max() > LEVELS[1]:
        raise BadValue(row, "the image has more than 16 bits per pixel", got=named(cell), fix="save it with 8 or 16")
    return values


def _plain(picture: "Image", mode: str, cell: Any, row: int, levels: tuple[int, int]) -> "Image":
    """The image in mode L or RGB."""
    from PIL import Image

    if picture.mode in _DEEP:
        low, high = levels
        values, width = _values(picture, cell, row).clip(low, high) - low, max(high - low, 1)
        picture = Image.fromarray(((values * 255 + width // 2) // width).astype(np.uint8))
    if picture.mode == "F":
        raise BadValue(row, "the image's pixels are floats, whose range is not known", got=named(cell),
                       fix="save it with 8 or 16 bits")  # fmt: skip
    if picture.has_transparency_data:
        over = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    if picture.mode not in ("1", "L", mode):
        picture = picture.convert("RGB")
    return picture if picture.mode == mode else picture.convert(mode)
