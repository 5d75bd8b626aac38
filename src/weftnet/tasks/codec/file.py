"""A file of codes: what a recording becomes, and the recording that is made of it again.

    WFC1                     four bytes
    rate, samples, frames    samples a second, of the recording, positions that have codes: 4 bytes each
    levels, bits             codes of a position, bits of a code: 1 byte each
    codes                    frame by frame, level by level, `bits` bits each, the highest first; zeros to a whole byte

Numbers are little-endian. Codes mean something to the run alone that wrote them.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.foreign import reading
from weftnet.base.wav import wav
from weftnet.errors import DataError
from weftnet.tasks._inference import Run
from weftnet.tasks.codec.infer import decoded

SUFFIX = ".wfc"
_MAGIC, _HEAD, _MOST_BITS = b"WFC1", struct.Struct("<4sIIIBB"), 32


@dataclass(frozen=True)
class Codes:
    """What a file holds.

    Args:
        rate: samples a second.
        samples: of the recording.
        codes: (frames, levels).
    """

    rate: int
    samples: int
    codes: NDArray[np.int64]


def packed(codes: Codes, bits: int) -> bytes:
    """The file.

    Args:
        codes: each below 2 to the power of `bits`.
        bits: of a code.
    """
    frames, levels = codes.codes.shape
    places = codes.codes.reshape(-1, 1) >> np.arange(bits - 1, -1, -1)
    head = _HEAD.pack(_MAGIC, codes.rate, codes.samples, frames, levels, bits)
    return head + np.packbits((places & 1).astype(np.uint8)).tobytes()


def unpacked(content: bytes, where: str | Path = "codes") -> Codes:
    """What a file holds.

    Raises:
        DataError: it is no file of codes, or not as long as it says.
    """
    with reading(where, "is no file of codes"):
        magic, rate, samples, frames, levels, bits = _HEAD.unpack_from(content)
        wanted = _HEAD.size + -(-frames * levels * bits // 8)
        if magic != _MAGIC or not (rate and levels and 0 < bits <= _MOST_BITS):
            raise DataError("is no file of codes", where=str(where), expected="WFC1, a rate, levels and bits")
        if len(content) != wanted:
            what = "is a file of codes that was cut or lengthened"
            raise DataError(what, where=str(where), expected=f"{wanted} bytes", got=str(len(content)))
        places = np.unpackbits(np.frombuffer(content, np.uint8, offset=_HEAD.size), count=frames * levels * bits)
        values = places.reshape(-1, bits).astype(np.int64) @ (1 << np.arange(bits - 1, -1, -1, dtype=np.int64))
        return Codes(rate, samples, values.reshape(frames, levels))


def decode(run: Run, settings: Mapping[str, Any], content: bytes, where: str | Path = "codes") -> bytes:
    """A WAV file of a file of codes, the same sound that the answer with these codes had.

        decode(TorchRun(loaded.task.passes(loaded.model)), loaded.task.settings(), content)     of a run
        decode(runner.graphs, runner.task.settings, content)                                    of its export

    Args:
        run: runs the passes of the run that wrote the codes.
        settings: of its task.
        content: of the file.
        where: its name, for messages.

    Raises:
        DataError: it is no file of codes, or of another run.
    """
    found = unpacked(content, where)
    if found.rate != settings["rate"] or found.samples > settings["time"]:
        expected = f"at most {settings['time']} samples at {settings['rate']} Hz"
        got = f"{found.samples} samples at {found.rate} Hz"
        raise DataError("is a file of another run", where=str(where), expected=expected, got=got)
    with reading(where, "its codes are not this run's"):
        wave = decoded(run, found.codes[None], padded=True)[0]
    if len(wave) < found.samples:
        got = f"{len(wave)}, of {len(found.codes)} frames"
        raise DataError("its codes are not this run's", where=str(where), expected=f"{found.samples} samples", got=got)
    return wav(np.asarray(wave[: found.samples], np.float64) * settings["scale"], found.rate)
