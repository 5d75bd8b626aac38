"""Recordings as files, a folder for each class: `FOLDER/CLASS/NAME.wav`, or `FOLDER/train/CLASS/…` and `FOLDER/test/…`.

Two columns: `audio`, and `label`, the folder's name or what a pattern reads from the file's (`_folders.py`): the Free
Spoken Digit Dataset's `7_jackson_3.flac` is read by `{label}_{speaker}_{}`. WAV, FLAC, OGG and MP3 are read, by
soundfile (`sounds.py`).
"""

from pathlib import Path

from weftnet.data.content import Content
from weftnet.data.media import IMAGES, LARGEST, SOUNDS
from weftnet.data.sources._folders import count, read_folder


def recognises(path: Path) -> bool:
    """Whether the folder, or one up to two levels below it, holds more recordings than images."""
    return count(path, SOUNDS) > count(path, IMAGES)


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
