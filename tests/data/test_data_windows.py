"""Running text: windows and their targets."""

import json
import lzma
from pathlib import Path

import pytest
import torch

from weftnet.data import open_data
from weftnet.data.opening import reopen
from weftnet.errors import DataError, SettingError

TEXT = "".join(chr(97 + (n * n + 7 * n) % 23) for n in range(1000))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "tale.txt").write_text(TEXT)
    return tmp_path / "tale.txt"


def test_signals_and_splits(path: Path) -> None:
    data = open_data(path, context=10)
    assert data.signals["tokens"].text() == f"tokens:10,vocabulary={len(set(TEXT[:900])) + 1}"
    assert data.sizes == {"train": 89, "validation": 9, "test": 0}
    assert open_data(path).signals["tokens"].sizes == (64,)
    thirds = open_data(path, context=10, splits={"train": 0.9, "validation": 0.05, "test": 0.05})
    assert thirds.sizes == {"train": 89, "validation": 4, "test": 4}
    assert thirds.rows("test").tolist() == [950, 960, 970, 980]


def test_targets_are_one_character_on(path: Path) -> None:
    data = open_data(path, context=10)
    assert data.target is not None
    for split, start in (("train", 0), ("validation", 900)):
        place = start
        for batch in data.batches(split, 4):
            assert batch.target is not None
            for row, tokens, target in zip(batch.rows.tolist(), batch.inputs["tokens"], batch.target, strict=True):
                assert row == place
                assert data.target.decode(tokens) == TEXT[row : row + 10]
                assert data.target.decode(target) == TEXT[row + 1 : row + 11]
                place += 10


def test_training_windows(path: Path) -> None:
    data = open_data(path, context=10)
    starts = torch.cat([data.train_batch(step, 32, 0).rows for step in range(600)])
    assert set(starts.tolist()) == set(range(890))  # anywhere, but never into the validation split
    one, two = data.train_batch(3, 8, 0), open_data(path, context=10).train_batch(3, 8, 0)
    assert one.rows.equal(two.rows)
    assert not one.rows.equal(data.train_batch(4, 8, 0).rows)
    assert not one.rows.equal(data.train_batch(3, 8, 1).rows)
    assert one.target is not None
    assert one.inputs["tokens"][:, 1:].equal(one.target[:, :-1])
    assert data.steps_per_epoch(8) == 11


def test_characters_never_trained_on(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT[:950] + "é" * 50)
    data = open_data(tmp_path / "a.txt", context=10)
    assert data.notes == ["50 characters do not occur in the training split and are read as unknown"]
    (tmp_path / "b.txt").write_text(TEXT[:1000])
    assert open_data(tmp_path / "b.txt", context=10).state()["preprocessing"] == data.state()["preprocessing"]


def test_state(path: Path, tmp_path: Path) -> None:
    first = open_data(path, context=10)
    state = json.loads(json.dumps(first.state()))
    again = reopen(state)
    assert again.state() == first.state()
    assert again.train_batch(5, 4, 1).inputs["tokens"].equal(first.train_batch(5, 4, 1).inputs["tokens"])
    (tmp_path / "same.txt.xz").write_bytes(lzma.compress(TEXT.encode()))
    packed = open_data(tmp_path / "same.txt.xz", state=state)
    assert packed.fingerprint == first.fingerprint
    assert packed.sizes == first.sizes
    (tmp_path / "new.txt").write_text(TEXT[100:400])
    new = open_data(tmp_path / "new.txt", state=state)
    assert new.sizes == {"train": 0, "validation": 0, "test": 29}
    assert first.encode("abcé").inputs["tokens"].shape == (1, 4)


def test_errors(path: Path, tmp_path: Path) -> None:
    (tmp_path / "void.txt").write_text("")
    with pytest.raises(DataError, match="the file is empty"):
        open_data(tmp_path / "void.txt")
    with pytest.raises(DataError, match=r"validation split is shorter than one window\n.*129"):
        open_data(path, context=128)
    with pytest.raises(SettingError, match="context: expected a positive integer, got 0"):
        open_data(path, context=0)
    with pytest.raises(SettingError, match="neither target nor kinds"):
        open_data(path, target="y")
    wrong = {"train": 1.5, "validation": -0.5}, {"train": "1", "validation": 0.0}
    for splits in ("random", {"train": 0.5}, {"train": 0.9, "val": 0.1}, *wrong):
        with pytest.raises(SettingError, match="split in order"):
            open_data(path, splits=splits)
