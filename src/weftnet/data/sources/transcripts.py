"""Recordings and what is said in them: a text beside each recording, or lines of texts for all recordings of a folder.

    FOLDER/…/NAME.wav, FOLDER/…/NAME.txt                     a text of its own
    FOLDER/…/NAME.flac, FOLDER/…/ANY.trans.txt               lines "NAME TEXT", as in LibriSpeech
    FOLDER/train/…, FOLDER/test/…                            with splits (also val, valid, dev, validation, training)

Two columns: `audio`, and `text`, the target. Blanks around a text, and more than one between words, don't count. A
recording without a text, or a text without a recording, is an error. WAV, FLAC, OGG and MP3 are read, by soundfile.
"""

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from weftnet.data.content import Content, short_name
from weftnet.data.folder import digest_of, list_folder
from weftnet.data.media import LARGEST, SOUNDS
from weftnet.data.read import read_text
from weftnet.data.sources._folders import count
from weftnet.data.sources._place import Place
from weftnet.data.split_names import split_named
from weftnet.errors import DataError

FOLDER = "a folder of recordings and their texts"
_LINES = ".trans.txt"
#: of the texts of one file
_MOST = 64 * 2**20


def opens(place: Place) -> float:
    """Folders of recordings in which a text lies beside one, or lines of texts."""
    if not place.is_folder or not count(place.path, SOUNDS):
        return 0.0
    texts = (file for pattern in ("*.txt", "*/*.txt", "*/*/*.txt", "*/*/*/*.txt") for file in place.path.glob(pattern))
    return 0.9 if any(file.name.endswith(_LINES) or _beside(file) for file in texts) else 0.0


def read(path: Path, *, encoding: str = "utf-8", limit: int = LARGEST) -> Content:
    """Read a folder of recordings and their texts.

    Args:
        path: the folder.
        encoding: of the texts.
        limit: bytes that one file may have.

    Raises:
        DataError: a recording has no text, a text no recording, or a file is too large or leads outside.
    """
    listing = list_folder(path, (*SOUNDS, ".txt"))
    sounds = [file for file in listing.files if file.suffix.lower() in SOUNDS]
    texts = [file for file in listing.files if file.suffix.lower() == ".txt"]
    digest = digest_of([*sounds, *texts], path, limit)
    said = dict(_said(texts, encoding, limit))
    names = {file.with_suffix(""): file for file in sounds}
    for have, lack, what in (
        (set(names), set(said), "the recording has no text"),
        (set(said), set(names), "the text has no recording"),
    ):
        if alone := sorted(have - lack):
            where = names.get(alone[0], alone[0])
            raise DataError(what, where=str(where), got=f"{len(alone)} such" if len(alone) > 1 else "")
    splits: dict[str, list[int]] = {}
    for row, file in enumerate(sounds):
        splits.setdefault(str(split_named(file.relative_to(path).parts[0]) or ""), []).append(row)
    columns = {"audio": np.empty(len(sounds), object), "text": np.empty(len(sounds), object)}
    columns["audio"][:] = sounds
    columns["text"][:] = [said[file.with_suffix("")] for file in sounds]
    return Content(
        short_name(str(path)),
        str(path),
        columns,
        digest,
        target="text",
        table=True,
        typed=True,
        splits={split: np.array(rows, np.int64) for split, rows in splits.items()} if len(splits) > 1 else {},
        files=sounds,
    )


def _said(texts: list[Path], encoding: str, limit: int) -> Iterator[tuple[Path, str]]:
    """Recordings, without their endings, and their texts."""
    for file in texts:
        words = read_text(file, min(limit, _MOST), encoding)
        if not file.name.endswith(_LINES):
            yield file.with_suffix(""), " ".join(words.split())
            continue
        for line in words.splitlines():
            name, _, text = line.strip().partition(" ")
            if name:
                yield file.parent / name, " ".join(text.split())


def _beside(text: Path) -> bool:
    """Whether a recording of the same name lies beside a text."""
    return any(text.with_suffix(ending).is_file() for ending in SOUNDS)


def example(folder: Path) -> Path:
    """Tones, a tenth of a second each at 8 kHz, and how they sound."""
    home = folder / "spoken"
    home.mkdir()
    for number in range(12):
        tone = np.sin(np.arange(800) * (0.1 + 0.3 * (number % 2))) * 9000
        with wave.open(str(home / f"{number}.wav"), "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(2)
            written.setframerate(8000)
            written.writeframes(tone.astype("<i2").tobytes())
        said = f"this one is tone number {number} and it is {('low', 'high')[number % 2]}"
        (home / f"{number}.txt").write_text(said + "\n", encoding="utf-8")
    return home
