"""Arrays of every form, their batches, and the data that come with the package."""

import json
import lzma
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from weftnet.data import open_data, rows
from weftnet.data.opening import reopen
from weftnet.errors import DataError, SettingError

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (90, 6, 5), dtype=np.uint8)
Y = np.arange(90) % 3


def test_digits_are_sklearns() -> None:
    data = open_data()
    assert data.name == "digits"
    assert data.signals["image"].text() == "image:1x8x8"
    assert data.sizes == {"train": 1259, "validation": 269, "test": 269}
    assert data.target is not None
    assert data.target.labels == list(range(10))  # type: ignore[attr-defined]
    oracle = load_digits()
    kind = data.preprocessing.columns["x"]  # type: ignore[attr-defined]
    seen = 0
    for split in data.sizes:
        for batch in data.batches(split, 100):
            np.testing.assert_array_equal(kind.decode(batch.inputs["image"].numpy()), oracle.images[batch.rows])
            assert batch.target is not None
            np.testing.assert_array_equal(data.target.decode(batch.target.numpy()), oracle.target[batch.rows])
            seen += batch.size
    assert seen == 1797


def test_every_form_is_the_same_data(tmp_path: Path) -> None:
    splits = {"x_train": X[:70], "y_train": Y[:70], "x_test": X[70:], "y_test": Y[70:]}
    np.savez_compressed(tmp_path / "a.npz", **splits)
    (tmp_path / "b.npz.xz").write_bytes(lzma.compress((tmp_path / "a.npz").read_bytes(), preset=0))
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, array in splits.items():
        np.save(folder / f"{name}.npy", array)
    (folder / "x_train.npy.xz").write_bytes(lzma.compress((folder / "x_train.npy").read_bytes(), preset=0))
    (folder / "x_train.npy").unlink()
    (folder / "README.md").write_text("not an array")
    datas = [open_data(source) for source in (tmp_path / "a.npz", tmp_path / "b.npz.xz", folder, splits)]
    assert len({data.fingerprint for data in datas}) == 1
    for data in datas:
        assert data.sizes == {"train": 64, "validation": 6, "test": 20}
        assert data.rows("test").tolist() == list(range(70, 90))
        assert data.signals["image"].text() == "image:1x6x5"
    splits["x_test"] = X[70:] + 1
    assert open_data(splits).fingerprint != datas[0].fingerprint


@pytest.mark.parametrize(
    ("x", "signal"),
    [
        (X, "image:1x6x5"),
        (X.astype(np.float32), "series:6x5"),
        (X[:, :5].astype(np.float32), "image:1x5x5"),
        (X[..., None], "image:1x6x5"),
        (X[:, None], "image:1x6x5"),
        (X[:, :, 0].astype(float), "vector:6"),
    ],
)
def test_what_an_array_is(x: np.ndarray, signal: str) -> None:
    data = open_data({"x": x, "y": Y})
    ((name, actual),) = data.signals.items()
    assert actual.text() == signal
    assert name == actual.kind


def test_targets() -> None:
    assert open_data({"x": X, "y": Y[:, None]}).target.labels == [0, 1, 2]  # type: ignore[union-attr]
    assert open_data({"x": X, "y": Y.astype(str)}).target.labels == ["0", "1", "2"]  # type: ignore[union-attr]
    assert open_data({"x": X, "y": np.array([b"a", b"b"])[Y % 2]}).target.labels == ["a", "b"]  # type: ignore[union-attr]
    several = open_data({"x": X, "y": RNG.normal(size=(90, 4)).astype(np.float32)})
    assert next(several.batches("test", 5)).target.shape == (5, 4)  # type: ignore[union-attr]
    number = open_data({"x": X, "y": RNG.normal(size=90)})
    assert next(number.batches("test", 5)).target.shape == (5,)  # type: ignore[union-attr]
    none = open_data({"x": X})
    assert none.target is None
    assert next(none.batches("test", 5)).targets == {}
    forced = open_data({"x": X.astype(float), "y": Y}, kinds={"y": "number", "x": {"image": {"range": "unit"}}})
    assert next(forced.batches("train", 5)).target.is_floating_point()  # type: ignore[union-attr]


def test_epochs() -> None:
    data = open_data({"x": X, "y": Y})
    size, steps = 8, data.steps_per_epoch(8)
    assert steps == data.sizes["train"] // 8
    orders = []
    for epoch in range(3):
        rows_ = torch.cat([data.train_batch(epoch * steps + step, size, seed=5).rows for step in range(steps)])
        assert len(rows_) == steps * size == len(set(rows_.tolist()))
        assert set(rows_.tolist()) <= set(data.rows("train").tolist())
        orders.append(rows_.tolist())
    assert orders[0] != orders[1] != orders[2]
    assert orders[0] != sorted(orders[0])


def test_a_batch_is_a_pure_function(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    first, second = open_data(tmp_path / "a.npz"), open_data(tmp_path / "a.npz")
    steps = [13, 0, 7, 13, 25, 1]
    forward = {step: first.train_batch(step, 8, 1) for step in steps}
    torch.manual_seed(9)
    for step in sorted(steps, reverse=True):
        again = second.train_batch(step, 8, 1)
        assert forward[step].rows.equal(again.rows)
        assert forward[step].inputs["image"].equal(again.inputs["image"])
    assert not first.train_batch(0, 8, 2).rows.equal(forward[0].rows)


def test_short_batches() -> None:
    data = open_data({"x": X, "y": Y})
    assert data.steps_per_epoch(1000) == 1
    assert data.train_batch(4, 1000, 0).size == data.sizes["train"]
    assert sum(batch.size for batch in data.batches("test", 4)) == data.sizes["test"]
    with pytest.raises(SettingError, match="batch_size"):
        data.steps_per_epoch(0)
    with pytest.raises(SettingError, match=r"'val'\n.*train, validation, test\n.*'validation'|'val'"):
        list(data.batches("val", 4))


def test_large_images_are_encoded_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = open_data({"x": X, "y": Y})
    monkeypatch.setattr(rows, "_LARGEST", 1000)
    lean = open_data({"x": X, "y": Y})
    assert not lean._inputs  # type: ignore[attr-defined]
    for step in range(5):
        assert plain.train_batch(step, 8, 0).inputs["image"].equal(lean.train_batch(step, 8, 0).inputs["image"])


def test_only_the_training_rows_decide() -> None:
    first = open_data({"x": X, "y": Y})
    changed = X.copy()
    changed[first.rows("test")] = 255
    changed[first.rows("validation")] = 0
    assert open_data({"x": changed, "y": Y}).state()["preprocessing"] == first.state()["preprocessing"]


def test_state(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=X[:70], y_train=Y[:70], x_test=X[70:], y_test=Y[70:])
    first = open_data(tmp_path / "a.npz", seed=4)
    state = json.loads(json.dumps(first.state()))
    again = reopen(state)
    assert again.rows("validation").equal(first.rows("validation"))
    assert next(again.batches("test", 9)).inputs["image"].equal(next(first.batches("test", 9)).inputs["image"])
    other = open_data({"x": X[70:]}, state=state)
    assert other.sizes == {"train": 0, "validation": 0, "test": 20}
    assert next(other.batches("test", 9)).inputs["image"].equal(next(first.batches("test", 9)).inputs["image"])
    with pytest.raises(DataError, match="nothing to train on"):
        other.train_batch(0, 4, 0)
    served = first.encode({"image": X[70:79]})
    assert served.inputs["image"].equal(next(first.batches("test", 9)).inputs["image"])
    assert served.targets == {}
    with pytest.raises(DataError, match="another size"):
        open_data({"x": X[:, :4]}, state=state)


def test_stratified_by_default() -> None:
    labels = np.repeat([0, 1], [80, 10])
    data = open_data({"x": X, "y": labels})
    assert Counter(labels[data.rows("test")].tolist()) == {0: 12, 1: 2}


def test_errors(tmp_path: Path) -> None:
    for content, text in (
        ({"x": X, "y": Y[:-1]}, "x and y differ in length"),
        ({"xtrain": X}, "training inputs are missing"),
        ({"x": X[:0]}, "holds no rows"),
        ({"x_train": X, "x_test": X[:, :3]}, "different shapes"),
        ({"x": X, "y": np.zeros(90)}, "same in every row"),
        ({"x": X, "y": np.where(Y, 1.5, np.nan)}, r"y, row 0: the target is missing in 30 of 90 rows"),
        ({"x": X[:, 0, 0]}, r"no kind of column recognises[\s\S]*one number per row"),
        ({"x": np.where(X[:, 0] == X[7, 0, 0], np.nan, 1.0), "y": Y}, "a value that is not finite"),
    ):
        np.savez(tmp_path / "a.npz", **content)
        with pytest.raises(DataError, match=text) as fault:
            open_data(tmp_path / "a.npz")
        assert "a.npz" in str(fault.value)
    unseen = {"x_train": X[:70], "y_train": Y[:70], "x_test": X[70:], "y_test": Y[70:] + 1}
    with pytest.raises(DataError, match=r"y_test, row 1: the target is no label of the training rows\n.*0, 1, 2\n.*3"):
        open_data(unseen)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds nothing that can be read"):
        open_data(tmp_path / "empty")
    with pytest.raises(DataError, match=r"no such file or folder\n.*a.npz\?"):
        open_data(tmp_path / "b.npz")
    (tmp_path / "a.xlsx").write_text("")
    with pytest.raises(DataError, match=r"(?s)files that end in .xlsx are not supported.*fix: save the sheet"):
        open_data(tmp_path / "a.xlsx")
    with pytest.raises(DataError, match="there is no column 'z'"):
        open_data({"x": X, "y": Y}, target="z")
    with pytest.raises(SettingError, match="no option 'context'"):
        open_data("digits", context=3)
