"""Folders of texts, one folder for each class."""

from pathlib import Path

import pytest

from weftnet.data import open_data
from weftnet.errors import DataError


def folder(path: Path, splits: tuple[str, ...] = ("",)) -> Path:
    for split in splits:
        for number in range(24):
            label = ["good", "bad"][number % 2]
            file = path / split / label / f"{number}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"this is {label} number {number} indeed")
    (path / ".hidden").write_text("not looked at")
    return path


def test_a_folder_for_each_class(tmp_path: Path) -> None:
    data = open_data(folder(tmp_path / "reviews"))
    assert data.name == "reviews"
    assert data.target is not None
    assert data.target.labels == ["bad", "good"]  # type: ignore[attr-defined]
    assert sum(data.sizes.values()) == 24
    assert set(data.signals) == {"tokens"}
    for batch in data.batches("test", 3):
        for row, label in zip(batch.rows.tolist(), data.target.decode(batch.target.numpy()), strict=True):  # type: ignore[union-attr]
            assert label == ("bad" if row < 12 else "good")  # in the order of the folders' names


def test_folders_of_splits(tmp_path: Path) -> None:
    data = open_data(folder(tmp_path, ("train", "test")))
    assert data.sizes["test"] == 24
    assert data.sizes["train"] + data.sizes["validation"] == 24


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "good" / "notes.doc").write_text("?")
    with pytest.raises(DataError, match=r"good/notes.doc: this is no text in the folder of a class"):
        open_data(tmp_path)
    (tmp_path / "good" / "notes.doc").unlink()
    (tmp_path / "bad" / "1.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"bad/1.txt: line 1 is not utf-8"):
        open_data(tmp_path)
