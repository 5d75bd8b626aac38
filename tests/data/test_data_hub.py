"""Data sets of the Hub, and those that `datasets` saved: as they came, or an error at once that says what to do."""

import importlib
import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from weftnet.data import open_data
from weftnet.data.sources import hub
from weftnet.errors import DataError

NAME = "hub:owner/name"


@pytest.fixture
def datasets(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    library = pytest.importorskip("datasets")
    library.disable_progress_bars()
    return library  # type: ignore[no-any-return]


def errors() -> Any:
    return importlib.import_module("huggingface_hub.errors")


def split(datasets: ModuleType, count: int, start: int = 0) -> Any:
    """Rows of a number and a class label with names."""
    features = datasets.Features(
        {"size": datasets.Value("float64"), "label": datasets.ClassLabel(names=["cat", "dog"])}
    )
    rows = range(start, start + count)
    return datasets.Dataset.from_dict({"size": [r / 3 for r in rows], "label": [r % 2 for r in rows]}, features)


def test_without_a_connection(monkeypatch: pytest.MonkeyPatch, datasets: ModuleType) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    before = datasets.config.HF_HUB_OFFLINE
    with pytest.raises(
        DataError, match=r"hub:owner/name: there is no connection to the Hub(.|\n)*open a downloaded folder"
    ):
        open_data(NAME)
    assert datasets.config.HF_HUB_OFFLINE is before


@pytest.mark.parametrize("fault", [ConnectionRefusedError("refused"), socket.gaierror("no such name"), TimeoutError()])
def test_a_network_that_is_refused(monkeypatch: pytest.MonkeyPatch, datasets: ModuleType, fault: OSError) -> None:
    """The Hub is tried once; retries of the library, which take half a minute, are never started."""
    tried = []

    def refuse(*arguments: Any, **_: Any) -> None:
        tried.append(arguments)
        raise fault

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("HF_ENDPOINT", "https://huggingface.co")
    before = datasets.config.HF_HUB_OFFLINE
    with pytest.raises(DataError, match="there is no connection to the Hub, and no cached copy of this set"):
        open_data(NAME)
    assert len(tried) == 1
    assert datasets.config.HF_HUB_OFFLINE is before


@pytest.mark.parametrize(
    "raised",
    [
        lambda library: library.exceptions.DatasetNotFoundError("Dataset 'owner/name' doesn't exist on the Hub"),
        lambda library: ValueError("BuilderConfig 'new' not found. Available: ['old']"),
        lambda library: RuntimeError("Dataset scripts are no longer supported, but found name.py"),
        lambda library: ConnectionError("Couldn't reach 'owner/name' on the Hub"),
        lambda library: library.exceptions.DatasetGenerationError("An error occurred while generating the dataset"),
        lambda _: sys.modules[errors().HTTPError.__module__].ReadTimeout("The read operation timed out"),
    ],
)
def test_errors_of_the_library_become_data_errors(
    monkeypatch: pytest.MonkeyPatch, datasets: ModuleType, raised: Callable[[Any], Exception]
) -> None:
    def load(name: str, config: str | None) -> None:
        raise raised(datasets)

    monkeypatch.setattr(hub, "_online", lambda: True)
    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(DataError, match=r"the data set can't be loaded(.|\n)*check the name") as fault:
        open_data(NAME)
    assert str(raised(datasets)) in str(fault.value)


def test_a_fault_of_the_library_names_the_set_and_keeps_its_cause(
    monkeypatch: pytest.MonkeyPatch, datasets: ModuleType
) -> None:
    def load(name: str, config: str | None) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(hub, "_online", lambda: True)
    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(DataError, match=NAME) as raised:
        open_data(NAME)
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


def test_a_set_of_the_hub(monkeypatch: pytest.MonkeyPatch, datasets: ModuleType, tmp_path: Path) -> None:
    """The library reads a folder laid as on the Hub; only where it looks is changed."""
    for name, count, start in (("train", 40, 0), ("test", 20, 40)):
        split(datasets, count, start).to_parquet(tmp_path / f"{name}-00000-of-00001.parquet")
    load, asked = datasets.load_dataset, []

    def nearby(name: str, config: str | None) -> Any:
        asked.append((name, config))
        return load(str(tmp_path), config, cache_dir=str(tmp_path / "cache"))

    monkeypatch.setattr(hub, "_online", lambda: True)
    monkeypatch.setattr(datasets, "load_dataset", nearby)
    data = open_data(NAME)
    assert asked == [("owner/name", None)]
    assert data.name == "hub:owner/name" or data.source == NAME
    assert data.rows("test").tolist() == list(range(40, 60))
    assert data.target is not None
    assert data.target.labels == ["cat", "dog"]  # type: ignore[attr-defined]
    folder = open_data(tmp_path)
    for name in data.sizes:
        assert data.rows(name).equal(folder.rows(name))
        for one, two in zip(data.batches(name, 16), folder.batches(name, 16), strict=True):
            assert one.inputs["table"].equal(two.inputs["table"])
            assert one.target is not None
            assert two.target is not None
            assert one.target.equal(two.target)
    with pytest.raises(DataError, match="larger than the limit"):
        open_data(NAME, limit=100)


@pytest.mark.parametrize("name", ["csv", "../up/name", "/etc/passwd", "a/b/c", "", "owner/", "./x/y"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(DataError, match=r"this is not the name of a data set of the Hub\n.*hub:OWNER/NAME"):
        open_data(f"hub:{name}")


def test_a_folder_of_the_name_is_not_read_instead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("owner/name").mkdir(parents=True)
    with pytest.raises(DataError, match=r"a folder of this name exists here\n(.|\n)*\./owner/name"):
        open_data(NAME)


def test_saved_splits_are_kept(datasets: ModuleType, tmp_path: Path) -> None:
    splits = {"train": split(datasets, 40), "validation": split(datasets, 10, 40), "test": split(datasets, 20, 50)}
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "saved")
    data = open_data(tmp_path / "saved")
    assert data.sizes == {"train": 40, "validation": 10, "test": 20}
    (batch,) = data.batches("test", 100)
    assert batch.target is not None
    assert data.target is not None
    assert data.target.decode(batch.target.numpy()) == ["cat", "dog"] * 10
    mean, std = np.mean([r / 3 for r in range(40)]), np.std([r / 3 for r in range(40)])
    np.testing.assert_allclose(batch.inputs["table"][:, 0], [(r / 3 - mean) / std for r in range(50, 70)], rtol=1e-5)
    again = open_data(tmp_path / "saved", state=json.loads(json.dumps(data.state())))
    assert again.fingerprint == data.fingerprint


def test_a_saved_set_is_split(datasets: ModuleType, tmp_path: Path) -> None:
    split(datasets, 60).shuffle(seed=1).save_to_disk(tmp_path / "saved", num_shards=3)
    data = open_data(tmp_path / "saved", target="size")
    assert sum(data.sizes.values()) == 60
    assert data.sizes["test"] == 9


@pytest.mark.parametrize("damage", ["state.json", "data-00000-of-00001.arrow", "dataset_info.json"])
def test_a_saved_set_that_is_damaged(datasets: ModuleType, tmp_path: Path, damage: str) -> None:
    split(datasets, 60).save_to_disk(tmp_path / "saved")
    file = tmp_path / "saved" / damage
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(DataError, match="not as `save_to_disk` writes it"):
        open_data(tmp_path / "saved")


def test_splits_of_other_columns(datasets: ModuleType, tmp_path: Path) -> None:
    other = split(datasets, 20).rename_column("size", "length")
    datasets.DatasetDict({"train": split(datasets, 40), "test": other}).save_to_disk(tmp_path / "saved")
    with pytest.raises(DataError, match="the splits differ in their columns"):
        open_data(tmp_path / "saved")
