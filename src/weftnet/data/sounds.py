"""Recordings decoded by soundfile: WAV, FLAC, OGG and MP3, to one channel at one rate.

    channels   their mean
    values     −1 … 1, as soundfile scales whole numbers; of arrays too: int16 / 32768, floats as they are
    rate       changed if it is another (`resampling.py`)

Of a long recording only the part that is kept is decoded.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.extras import need
from weftnet.base.foreign import reading
from weftnet.data.kinds._kind import BadValue
from weftnet.data.media import named, stream
from weftnet.data.resampling import needed, resampled
from weftnet.errors import DataError

_FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3")
_EXPECTED = "a whole WAV, FLAC, OGG or MP3 file"
_BLOCK = 2**16
_CHANNELS = 64
_LOST = re.compile(r"^data : (\d+) \(should be (\d+)\)", re.MULTILINE)  # in what libsndfile logs
_PAGE = 65_307  # bytes of the longest page of an OGG file
_UNKNOWN = 2**31 - 1  # written by programs that don't know the length yet
_RATES = range(100, 384_001)  # a filter between any two of them is some megabytes at most


@dataclass(frozen=True)
class Outline:
    """The facts of a recording's header.

    Args:
        rate: samples per second; 0 for an array, which has none of its own.
        count: samples of each channel.
    """

    rate: int
    count: int


def outlines(cells: Sequence[Any]) -> Iterator[Outline]:
    """Rate and length of every recording, from its header.

    Raises:
        BadValue: a cell is no recording that can be read.
    """
    for row, cell in enumerate(cells):
        if isinstance(cell, np.ndarray):
            yield Outline(0, len(_mono(cell, row)))
        else:
            with _opened(cell, row) as file:
                yield Outline(file.samplerate, file.frames)


def sounds(cells: Sequence[Any], rate: int, most: int) -> Iterator[NDArray[np.float32]]:
    """Every recording as a wave (time,) of at most `most` samples at one rate.

    Args:
        cells: paths, bytes, or arrays (time,) or (time, channels) that are at this rate already.
        rate: samples per second.
        most: samples to return of each.

    Raises:
        BadValue: a cell is no recording that can be read.
    """
    for row, cell in enumerate(cells):
        if isinstance(cell, np.ndarray):
            wave = _mono(cell, row)
        else:
            with _opened(cell, row) as file:
                wave = resampled(_read(file, needed(most, file.samplerate, rate), cell, row), file.samplerate, rate)
        if not np.isfinite(wave).all():
            raise BadValue(row, "the recording holds a value that is not finite", got=named(cell))
        yield wave[:most]


def samples(cell: Any) -> NDArray[np.float64]:
    """One recording as a wave (time,) at its own rate, for display: a minute of it at most.

    Raises:
        BadValue: it can't be read.
    """
    rate = next(outlines([cell])).rate or 48_000
    return next(sounds([cell], rate, 60 * rate)).astype(np.float64)


@contextmanager
def _opened(cell: Any, row: int) -> Iterator[Any]:
    """The open recording of a cell; errors name the row."""
    soundfile = need("soundfile", extra="audio", what="reading recordings")
    try:
        with reading(named(cell)), stream(cell, row, "recording") as raw, soundfile.SoundFile(raw) as file:
            if file.format not in _FORMATS or file.channels > _CHANNELS or file.samplerate not in _RATES:
                raise BadValue(row, "this sort of recording is not supported", expected=_EXPECTED,
                               got=f"{named(cell)}: {file.format}, {file.channels} channels, {file.samplerate} Hz",
                               )  # fmt: skip
            if not file.frames:
                raise BadValue(row, "the recording holds no sound", got=named(cell))
            if _is_cut(file, raw):
                raise BadValue(row, "the recording is cut short", expected=_EXPECTED, got=named(cell))
            yield file
    except BadValue:
        raise
    except DataError as fault:
        hint = "is its format another than its name suggests?" if isinstance(cell, Path) else ""
        what, got = "this is no recording that can be read", f"{named(cell)}: {fault.got}"
        raise BadValue(row, what, expected=_EXPECTED, got=got, fix=hint) from None


def _is_cut(file: Any, raw: IO[bytes]) -> bool:
    """Whether the end of a WAV or OGG file is missing: libsndfile returns what is present without an error."""
    if file.format == "OGG":
        place = raw.tell()
        raw.seek(max(0, raw.seek(0, SEEK_END) - _PAGE))
        tail = raw.read()
        raw.seek(place)
        last = tail[max(0, tail.rfind(b"OggS")) :]
        return not last[5:6] or not last[5] & 4  # the flag of a stream's last page
    lost = _LOST.search(file.extra_info)
    return lost is not None and int(lost[2]) < int(lost[1]) < _UNKNOWN


def _read(file: Any, most: int, cell: Any, row: int) -> NDArray[np.float32]:
    """The first samples, averaged over the channels; block by block, since a header can claim any length."""
    blocks, count = [], 0
    while count < most:
        block = file.read(min(_BLOCK, most - count), dtype="float32", always_2d=True)
        if not len(block):
            break
        blocks.append(block.mean(1))
        count += len(block)
    if count < min(most, file.frames):
        raise BadValue(row, "the recording is cut short", expected=f"{file.frames} samples",
                       got=f"{named(cell)}: {count}")  # fmt: skip
    return np.concatenate(blocks)


def _mono(array: NDArray[Any], row: int) -> NDArray[np.float32]:
    """An array's values as one wave."""
    if array.ndim not in (1, 2) or not array.size or array.dtype not in (np.int16, np.int32, np.float32, np.float64):
        raise BadValue(row, "this is no array of a recording", expected="(time,) or (time, channels), floats or int16",
                       got=f"{array.dtype} {array.shape}")  # fmt: skip
    wave = array.astype(np.float64) / (1 if array.dtype.kind == "f" else -float(np.iinfo(array.dtype).min))
    return (wave if wave.ndim == 1 else wave.mean(1)).astype(np.float32)
