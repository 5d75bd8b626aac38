"""Aligned texts: line n of one language belongs to line n of the other; splits by name; what doesn't fit is refused."""

import lzma
from pathlib import Path

import pytest

from weftnet.data import open_data
from weftnet.errors import DataError


def write(folder: Path, stem: str, count: int, languages: tuple[str, ...] = ("en", "de"), packed: bool = False) -> None:
    for language in languages:
        text = "".join(f"{stem} {language} sentence {row} of these\n" for row in range(count))
        if packed:
            (folder / f"{stem}.{language}.xz").write_bytes(lzma.compress(text.encode()))
        else:
            (folder / f"{stem}.{language}").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_with_splits(packed: bool, tmp_path: Path) -> None:
    for stem, count in (("train", 8), ("val", 3), ("test_a", 2), ("test_b", 4)):
        write(tmp_path, stem, count, packed=packed)
    data = open_data(tmp_path, target="de", kinds={"de": {"text": {"least": 1}}})
    assert data.sizes == {"train": 8, "validation": 3, "test": 6}
    assert "test: test_a, test_b, one after another" in data.notes
    rows = data.rows("validation").numpy()
    raw = data.raw(rows)  # type: ignore[attr-defined]  # rows
    assert raw["en"].tolist() == [f"val en sentence {row} of these" for row in range(3)]
    assert raw["de"].tolist() == [f"val de sentence {row} of these" for row in range(3)]


def test_a_file_with_another_beside_it_and_parts(tmp_path: Path) -> None:
    for stem, count in (("train", 9), ("dev", 4), ("old.test", 5)):
        write(tmp_path, stem, count)
    data = open_data(tmp_path / "train.en", validation=tmp_path / "dev.en", test=tmp_path / "old.test.de", target="en")
    assert data.sizes == {"train": 9, "validation": 4, "test": 5}
    assert list(data.signals) == ["tokens"]


def test_other_numbers_of_lines_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "train", 5)
    (tmp_path / "train.de").write_text("one\ntwo")
    with pytest.raises(DataError, match=r"differ in their numbers of lines\n  got: train.de: 2, train.en: 5"):
        open_data(tmp_path, target="de")


def test_a_file_without_a_split_beside_others_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "train", 5)
    write(tmp_path, "extra", 5)
    with pytest.raises(DataError, match="the name says no split, while others do"):
        open_data(tmp_path, target="de")


def test_a_language_that_one_lacks_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "train", 5, ("de", "en", "fr"))
    write(tmp_path, "val", 5)
    with pytest.raises(DataError, match="not all in the same languages"):
        open_data(tmp_path, target="de")


def test_a_target_that_is_empty_says_where(tmp_path: Path) -> None:
    write(tmp_path, "train", 30)
    write(tmp_path, "val", 4)
    lines = (tmp_path / "train.de").read_text().split("\n")
    (tmp_path / "train.de").write_text("\n".join([lines[0], "", *lines[2:]]))
    data = open_data(tmp_path, target="de", kinds={"de": {"text": {"least": 1}}})
    assert "1 lines are empty in one of de, en" in data.notes


def test_lone_files_and_other_endings_are_not_aligned(tmp_path: Path) -> None:
    (tmp_path / "train.en").write_text("alone\n")
    with pytest.raises(DataError, match=r"files that end in .en are not supported"):
        open_data(tmp_path / "train.en")
