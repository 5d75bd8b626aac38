"""Picture files decoded by Pillow: PNG, JPEG, WebP, BMP, GIF and TIFF, to 8 bits of grey or of red, green and blue.

    orientation     turned upright as the file's EXIF data say
    transparency    laid over white
    palette, CMYK   turned into red, green and blue
    16 bits         v ↦ round(v · 255 / 65535); of 16-bit colour Pillow keeps the higher byte
    floats          refused: their range is not known
    animation       the first frame
    grey            0.299 red + 0.587 green + 0.114 blue, as Pillow (ITU-R 601-2)

Resizing is bilinear with antialiasing (a triangle as wide as the reduction), by Pillow, so that it is the same wherever
weftnet runs. "stretch" fits both sides, "crop" the shorter one and cuts the middle out. A JPEG that is reduced four
times or more is decoded at a half, quarter or eighth of its size first, never below twice what is wanted.

The number of pixels is checked before anything is decoded: some kilobytes can claim to hold gigabytes.
"""

import struct
import threading
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from weftnet.data.kinds._kind import BadValue
from weftnet.data.media import is_picture, named, stream

if TYPE_CHECKING:
    from PIL.Image import Image

Resize = Literal["stretch", "crop"]

#: pixels that a picture may have, 8192 × 8192
PIXELS = 2**26
#: pictures that are decoded before the first is handed out
_TOGETHER = 32
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_EXPECTED = "a whole PNG, JPEG, WebP, BMP, GIF or TIFF file"
_GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L")
_ORIENTATION = 0x0112
#: what Pillow raises on damaged files, as fuzzing its six decoders shows
_FAULTS = (
    OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, AttributeError, OverflowError, EOFError,
    ZeroDivisionError, RuntimeError, NotImplementedError, struct.error, zlib.error,
)  # fmt: skip


def outlines(cells: Sequence[Any]) -> Iterator[tuple[int, int, bool]]:
    """Height, width and whether it is grey, of every picture, by its header where that tells.

    Raises:
        BadValue: a cell is no picture that can be read.
    """
    for row, cell in enumerate(cells):
        with _QUIET, _opened(cell, row) as picture:
            width, height = picture.size
            turned = picture.format == "JPEG" and picture.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
            grey = _is_grey_palette(picture) if picture.mode == "P" else picture.mode in _GREY
            yield (width, height, grey) if turned else (height, width, grey)


def pictures(cells: Sequence[Any], size: tuple[int, int], *, grey: bool, resize: Resize) -> Iterator["Image"]:
    """Every picture decoded, upright, in mode L or RGB, of one size.

    Args:
        cells: paths, bytes, uint8 arrays (height, width[, channels]) or Pillow's images.
        size: height and width.
        grey: whether to turn colour into grey, rather than grey into colour.
        resize: stretch or crop.

    Raises:
        BadValue: a cell is no picture that can be read.
    """
    rows = enumerate(cells)
    while some := list(islice(rows, _TOGETHER)):
        with _QUIET:
            decoded = [_decoded(cell, row, (size[1], size[0]), grey, resize) for row, cell in some]
        yield from decoded


def _decoded(cell: Any, row: int, wanted: tuple[int, int], grey: bool, resize: Resize) -> "Image":
    """One picture of a width and height."""
    from PIL import ImageOps
    from PIL.Image import Resampling

    with _opened(cell, row) as picture:
        if picture.format == "JPEG":
            side = 2 * max(wanted)  # before it is turned upright, width may be height
            picture.draft(None, (side, side))
        upright = ImageOps.exif_transpose(picture) if _may_be_turned(picture) else picture
        plain = _plain(upright, "L" if grey else "RGB", cell, row)
        if plain.size == wanted:
            return plain
        if resize == "crop":
            return ImageOps.fit(plain, wanted, Resampling.BILINEAR)
        return plain.resize(wanted, Resampling.BILINEAR)


class _Quiet:
    """Pillow's warnings as they are wanted while any thread decodes.

    `warnings.catch_warnings` is made for one thread: of two that overlap, the one that ends last would leave filters
    behind. Here the first that comes sets them, and the last that leaves takes them back.
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
                # metadata that are damaged, where the pixels are sound, or that Pillow will read in another way one day
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self._inside += 1

    def __exit__(self, *fault: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._caught.__exit__(None, None, None)


_QUIET = _Quiet()


@contextmanager
def _opened(cell: Any, row: int) -> Iterator["Image"]:
    """The picture of a cell, its header read and its size found fit; a fault on the way is told with the row."""
    from PIL import Image, UnidentifiedImageError

    try:
        with _source(cell, row) as picture:
            if picture.width * picture.height > PIXELS:
                raise Image.DecompressionBombError(f"{picture.width} × {picture.height}")
            yield picture
    except BadValue:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise BadValue(row, "the image claims more pixels than is safe to decode", expected=f"at most {PIXELS}",
                       got=f"{named(cell)}: {fault}") from None  # fmt: skip
    except UnidentifiedImageError:
        raise BadValue(row, "this is no image that is read", expected=_EXPECTED, got=named(cell)) from None
    except _FAULTS as fault:
        raise BadValue(row, "the image is damaged", expected=_EXPECTED, got=f"{named(cell)}: {fault}") from None


@contextmanager
def _source(cell: Any, row: int) -> Iterator["Image"]:
    from PIL import Image

    if isinstance(cell, np.ndarray):
        yield Image.fromarray(_bytes(cell, row))
    elif not isinstance(cell, bytes) and is_picture(cell):
        yield cell.copy()  # what is done to it is not done to the caller's
    else:
        with stream(cell, row, "image") as file:
            yield Image.open(file, formats=_FORMATS)


def _bytes(array: NDArray[Any], row: int) -> NDArray[np.uint8]:
    """An array of a picture as Pillow takes it."""
    array = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    fits = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))
    if not fits or array.dtype.kind not in "fiub" or not array.size or array.shape[0] * array.shape[1] > PIXELS:
        raise BadValue(row, "this is no array of a picture", expected="(height, width) or (height, width, 3 or 4)",
                       got=f"{array.dtype} {array.shape}")  # fmt: skip
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if not ((array >= 0) & (array <= 255)).all():
        raise BadValue(row, "a pixel is out of range", expected="0 to 255", got=f"{array.min()} to {array.max()}")
    return np.ascontiguousarray(array.round() if array.dtype.kind == "f" else array, dtype=np.uint8)


def _may_be_turned(picture: "Image") -> bool:
    """Whether its EXIF data could say so: asking and copying costs more than decoding a small picture."""
    picture.load()  # a PNG may bring them at its end
    return "exif" in picture.info or "Raw profile type exif" in picture.info or picture.format in ("TIFF", "MPO")


def _is_grey_palette(picture: "Image") -> bool:
    pixels = np.asarray(picture.convert("RGB"))
    return bool((pixels == pixels[..., :1]).all())


def _plain(picture: "Image", mode: str, cell: Any, row: int) -> "Image":
    """The picture in mode L or RGB."""
    from PIL import Image

    if picture.mode in ("I", "I;16", "I;16B", "I;16L"):
        values = np.asarray(picture).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise BadValue(row, "the image has more than 16 bits a pixel", got=named(cell), fix="save it with 8 or 16")
        picture = Image.fromarray(((values * 255 + 32767) // 65535).astype(np.uint8))
    if picture.mode == "F":
        raise BadValue(row, "the image's pixels are floats, whose range is not known", got=named(cell),
                       fix="save it with 8 or 16 bits")  # fmt: skip
    if picture.has_transparency_data:
        over = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    if picture.mode not in ("1", "L", mode):
        picture = picture.convert("RGB")
    return picture if picture.mode == mode else picture.convert(mode)
