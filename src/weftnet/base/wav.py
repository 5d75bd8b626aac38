"""A wave as a WAV file, and the form of an answer's field that is one: heard on a page, a file beside a table."""

import base64
import io
import wave
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import Column, File, Form

#: "RIFF" in base64; and by how much samples of 16 bits may differ that were rounded from nearly the same numbers
_BEGINS, _ROUNDED = "UklGR", 3


def wav(values: NDArray[Any], rate: int) -> bytes:
    """A file of one channel and 16 bits; what is louder than 1 is cut.

    Args:
        values: (time,) −1 … 1.
        rate: samples a second.
    """
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(rate)
        written.writeframes((np.clip(values, -1, 1) * 32767).round().astype("<i2").tobytes())
    return file.getvalue()


@dataclass(frozen=True, kw_only=True)
class Sound(Form):
    """A WAV file in base64."""

    drawn: ClassVar[str] = "sound"

    def schema(self) -> dict[str, Any]:
        """A string."""
        return {"type": "string", "contentEncoding": "base64", "contentMediaType": "audio/wav"}

    def columns(self, name: str, value: Any) -> dict[str, Column]:
        """One file."""
        content = base64.b64decode(value)
        rate = int.from_bytes(content[24:28], "little")
        return {name: File(content, ".wav", f"{(len(content) - 44) / 2 / rate:.2f} s of sound")}

    def tensor(self, value: Any) -> Any:
        """The file."""
        return base64.b64decode(value)


def encoded(values: NDArray[Any], rate: int) -> str:
    """A wave (time,) as a value of an answer."""
    return base64.b64encode(wav(values, rate)).decode()


def same_sound(one: str, other: str) -> bool:
    """Whether two texts are values of an answer that sound the same: of one rate, each sample rounded up or down."""
    first, second = (base64.b64decode(each) if each.startswith(_BEGINS) else b"" for each in (one, other))
    if not first or len(first) != len(second) or first[:44] != second[:44]:
        return False
    apart = np.frombuffer(first[44:], "<i2").astype(np.int64) - np.frombuffer(second[44:], "<i2")
    return bool((np.abs(apart) <= _ROUNDED).all())
