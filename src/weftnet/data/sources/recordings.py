"""Recordings as files, a folder for each class: `FOLDER/CLASS/NAME.wav`, or `FOLDER/train/CLASS/…` and `FOLDER/test/…`.

Two columns: `audio`, and `label`, the folder's name or what a pattern reads from the file's (`_folders.py`): the Free
Spoken Digit Dataset's `7_jackson_3.flac` is read by `{label}_{speaker}_{}`. WAV, FLAC, OGG and MP3 are read, by
soundfile (`sounds.py`).
"""

import wave
from pathlib import Path

import numpy as np

from weftnet.data.content import Content
from weftnet.data.media import IMAGES, LARGEST, SOUNDS
from weftnet.data.sources._folders import count, read_folder
from weftnet.data.sources._place import Place

FOLDER = "a folder of recordings for each class"


def opens(place: Place) -> float:
    """Folders that hold more recordings than images, themselves or up to two levels below."""
    return 0.6 if place.is_folder and count(place.path, SOUNDS) > count(place.path, IMAGES) else 0.0


def read(path: Path, *, label: str = "", limit: int = LARGEST) -> Content:
    """Read a folder of recordings.

    Args:
        path: the folder.
        label: the pattern that reads the label from the files' names: "{label}_{speaker}_{}".
        limit: bytes that one file may have.

    Raises:
        DataError: a file is too large, leads outside, or is in no class's folder while others are.
    """
    return read_folder(path, "audio", SOUNDS, label, limit)


def example(folder: Path) -> Path:
    """Tones of two classes, a tenth of a second at 8 kHz."""
    for number in range(12):
        file = folder / "tones" / ("low", "high")[number % 2] / f"{number}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        tone = np.sin(np.arange(800) * (0.1 + 0.3 * (number % 2) + 0.01 * number)) * 9000
        with wave.open(str(file), "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(2)
            written.setframerate(8000)
            written.writeframes(tone.astype("<i2").tobytes())
    return folder / "tones"
