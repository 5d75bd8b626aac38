"""Folders of recordings with their texts."""

import shutil
from pathlib import Path

import pytest

from weftnet.data import open_data
from weftnet.data.kinds._sequence import TokenSequence
from weftnet.data.sources import SOURCES
from weftnet.errors import DataError

READ = SOURCES.get("transcripts").read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home: Path = SOURCES.get("transcripts").example(tmp_path)
    return home


def test_a_text_lies_beside_each_recording(folder: Path) -> None:
    (folder / "3.txt").write_text("  three \n tones\tof it ", encoding="utf-8")
    content = READ(folder)
    assert [file.name for file in content.columns["audio"][:3]] == ["0.wav", "1.wav", "10.wav"]
    assert (
        dict(zip([file.name for file in content.columns["audio"]], content.columns["text"], strict=True))["3.wav"]
        == "three tones of it"
    )
    data = open_data(folder)
    assert isinstance(data.target, TokenSequence)
    assert list(data.signals) == ["wave"]


def test_lines_of_texts_and_splits(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "corpus"
    for split, numbers in (("train", range(8)), ("test", range(8, 12))):
        place = home / split / "1" / "2"
        place.mkdir(parents=True)
        for number in numbers:
            shutil.copy(folder / f"{number}.wav", place / f"1-2-{number:04}.wav")
        lines = [f"1-2-{number:04} WORD {number}\n" for number in numbers]
        (place / "1-2.trans.txt").write_text("".join(lines), encoding="utf-8")
    content = READ(home)
    assert {name: len(rows) for name, rows in content.splits.items()} == {"train": 8, "test": 4}
    assert sorted(content.columns["text"])[:2] == ["WORD 0", "WORD 1"]


@pytest.mark.parametrize(
    ("gone", "message"), [("4.txt", "4.wav: the recording has no text"), ("4.wav", "4: the text has no recording")]
)
def test_what_lacks_the_other_is_refused(folder: Path, gone: str, message: str) -> None:
    (folder / gone).unlink()
    with pytest.raises(DataError, match=message):
        READ(folder)
