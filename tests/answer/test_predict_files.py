"""Answers that are files lie in a folder beside the table, which never holds anybody else's."""

from pathlib import Path

import pytest

from weftnet.base.answers import File
from weftnet.base.files import replace
from weftnet.cli.commands.predict import _folder_of, _with_files
from weftnet.errors import SettingError


def predicted(out: Path, *contents: bytes) -> list[str]:
    lines = [{"mask": File(content, ".png", "a mask")} for content in contents]
    named: list[str] = []
    with _folder_of(out) as folder:
        named += [str(line["mask"]) for line in _with_files(iter(lines), folder, out.with_suffix(""))]
        replace(out, lambda new: Path(new).write_text("\n".join(named)) and None)
    return named


def test_earlier_answers_are_replaced_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "masks.csv"
    assert predicted(out, b"one", b"two") == ["masks/1-mask.png", "masks/2-mask.png"]
    predicted(out, b"three")
    assert sorted(path.name for path in (tmp_path / "masks").glob("[!.]*")) == ["1-mask.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["masks", "masks.csv"]
    for name in ("mine.png", "1-mask.png"):  # one beside them, and one that was painted over
        (tmp_path / "masks" / name).write_bytes(b"mine")
        before = out.read_bytes()
        with pytest.raises(SettingError, match=f"holds something else\n +got: {name}"):
            predicted(out, b"four")
        assert out.read_bytes() == before
        assert (tmp_path / "masks" / name).read_bytes() == b"mine"
        (tmp_path / "masks" / name).unlink()


def test_questions_in_the_folder_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "cat.png").write_bytes(b"cat")
    with pytest.raises(SettingError, match="give another --out"):
        predicted(tmp_path / "pictures.csv", b"mask")
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]
