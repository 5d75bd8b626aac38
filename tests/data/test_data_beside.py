"""Files beside a table: in a sub-folder, or of a table larger than memory; and what is noticed of such a set."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from weftnet.data import Data, open_data
from weftnet.errors import DataError, SettingError

LITTLE = "1MiB"


def photos(folder: Path, count: int = 12) -> list[str]:
    folder.mkdir(parents=True)
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 256, (6, 5, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return [f"{number}.png" for number in range(count)]


def shop(path: Path, names: list[str], rows: int = 600, prefix: str = "", padding: int = 300) -> Path:
    """A table whose rows name the same few photos; words make it as large as wanted."""
    lines = [
        {"photo": prefix + names[row * 5 % len(names)], "words": f"{row} " * (padding // 4), "y": "ab"[row % 2]}
        for row in range(rows)
    ]
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    else:
        path.write_text("\n".join(["photo,words,y", *(",".join(line.values()) for line in lines)]) + "\n")
    return path


def opened(path: Path, **arguments: Any) -> Data:
    return open_data(path, target="y", kinds={"words": None}, **arguments)


def same(whole: Data, streamed: Data) -> None:
    assert any("larger than memory: encoded once to disk" in note for note in streamed.notes)
    assert whole.fingerprint == streamed.fingerprint
    assert whole.state() == streamed.state()
    for one, two in zip(whole.batches("train", 100), streamed.batches("train", 100), strict=True):
        assert one.inputs["image"].equal(two.inputs["image"])


@pytest.mark.parametrize("name", ["shop.csv", "shop.jsonl"])
def test_a_table_larger_than_memory_names_files(tmp_path: Path, name: str) -> None:
    path = shop(tmp_path / name, photos(tmp_path / "in"), prefix="in/")
    whole, streamed = opened(path), opened(path, memory=LITTLE)
    same(whole, streamed)
    some = np.array([50, 3])
    assert streamed.raw(some)["photo"].tolist() == whole.raw(some)["photo"].tolist()  # type: ignore[attr-defined]
    same(whole, open_data(path, state=json.loads(json.dumps(whole.state())), memory=LITTLE))
    other = np.random.default_rng(99).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    Image.fromarray(other).save(tmp_path / "in" / "7.png")  # the table is as it was, and still the data are others
    changed = opened(path, memory=LITTLE)
    assert changed.fingerprint != streamed.fingerprint
    same(opened(path), changed)


@pytest.mark.parametrize(
    ("name", "message"),
    [("../secret.png", "outside the table's folder"), ("in/nowhere.png", "the file does not exist")],
)
def test_bad_names_have_the_same_error_in_memory_and_on_disk(tmp_path: Path, name: str, message: str) -> None:
    folder = tmp_path / "home"
    names = photos(folder / "in")
    path = shop(folder / "shop.csv", names, prefix="in/")
    (tmp_path / "secret.png").write_bytes((folder / "in" / "0.png").read_bytes())
    lines = path.read_text().splitlines()
    lines[500] = name + lines[500][lines[500].index(",") :]
    path.write_text("\n".join(lines))
    faults = []
    for memory in (None, LITTLE):
        with pytest.raises(DataError, match=message) as fault:
            opened(path, memory=memory)
        faults.append(str(fault.value))
    assert faults[0] == faults[1]
    assert faults[0].startswith(f"{path}: row 501, column 'photo'")


@pytest.mark.parametrize("memory", [None, LITTLE])
def test_files_in_a_sub_folder(tmp_path: Path, memory: str | None) -> None:
    path = shop(tmp_path / "shop.csv", photos(tmp_path / "images"))
    with pytest.raises(DataError, match=r"row 2, column 'photo': the file does not exist\n(.|\n)*did you mean "
                                            r"--data-set files=images, files='images'\?"):  # fmt: skip
        opened(path, memory=memory)
    data = opened(path, files="images", memory=memory)
    assert data.signals["image"].sizes == (3, 6, 5)
    assert data.state()["options"] == {"files": "images"}
    again = open_data(path, state=data.state(), memory=memory)
    assert again.fingerprint == data.fingerprint
    with pytest.raises(DataError, match=r"there is no such folder beside the table\n(.|\n)*'pictures'"):
        opened(path, files="pictures", memory=memory)
    (tmp_path / "link").symlink_to("/")
    for outside in ("..", "/etc", "images/../..", "link"):
        with pytest.raises(DataError, match="the folder of files lies outside the table's"):
            opened(path, files=outside, memory=memory)
    with pytest.raises(DataError, match="no column names a file"):
        open_data(path, target="y", kinds={"photo": None}, files="images", memory=memory)


def test_files_is_an_option_of_tables_alone(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((9, 2)), y=np.arange(9) % 2)
    with pytest.raises(SettingError, match="takes no option 'files'"):
        open_data(tmp_path / "a.npz", files="images")
    path = shop(tmp_path / "shop.csv", photos(tmp_path / "images"), rows=20)
    with pytest.raises(SettingError, match="the option 'files' can't be used"):
        open_data(path, files=3)


def findings(path: Path, memory: str | None, target: str = "y") -> list[str]:
    data = open_data(path, target=target, memory=memory, kinds={"words": None})
    return [note for note in data.notes if "encoded once to disk" not in note]


def test_all_is_noticed_of_a_set_larger_than_memory(tmp_path: Path) -> None:
    """Rows in two splits, columns that determine the target and unbalanced classes: the same findings as in memory."""
    rng = np.random.default_rng(0)
    n = rng.normal(size=1000).round(6)
    classes = [("x", "often") if row % 20 else ("z", "rare") for row in range(1000)]
    lines = [
        f"{n[row % 700]},{code},{3 - n[row % 700] / 7:.9f},{'word ' * 60},{label}"
        for row, (code, label) in enumerate(classes)
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["n,code,copy,words,y", *lines]))
    for target, column in (("y", "code"), ("n", "copy")):
        notes = findings(path, LITTLE, target)
        assert notes == findings(path, None, target)
        assert any(f"{column}: determines the target {target!r} almost exactly" in note for note in notes)
        assert any("test rows are in the training split too" in note for note in notes)
    assert any("the classes are unbalanced" in note for note in findings(path, LITTLE))
    grouped = open_data(path, target="y", memory=LITTLE, duplicates="group")
    assert not any("are in the training split too" in note for note in grouped.notes)
    whole = open_data(path, target="y", duplicates="group")
    assert all(whole.rows(split).equal(grouped.rows(split)) for split in whole.sizes)


def test_equal_files_are_equal_rows(tmp_path: Path) -> None:
    """Of a file its bytes are compared, not its name."""
    folder = tmp_path / "in"
    names = photos(folder, 40)
    for number in range(20, 40):
        (folder / f"{number}.png").write_bytes((folder / f"{number - 20}.png").read_bytes())
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["photo,y", *(f"in/{name},{'ab'[number % 2]}" for number, name in enumerate(names))]))
    assert any("are in the training split too" in note for note in open_data(path, target="y").notes)
