"""Opened data in another process: equal batches, targets, raw rows and state, with the arrays mapped."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from weftnet.data import open_data
from weftnet.data.data import Data
from weftnet.data.sharing import Parcel, shared
from weftnet.errors import DataError


def table(folder: Path) -> Data:
    rows = "".join(f"{row},word{row % 7} and more,{'yes' if row % 3 else 'no'}\n" for row in range(60))
    (folder / "table.csv").write_text("number,text,answer\n" + rows)
    return open_data(folder / "table.csv", target="answer", kinds={"text": "text"})


def running_text(folder: Path) -> Data:
    (folder / "text.txt").write_text("to be or not to be, that is the question. " * 40)
    return open_data(folder / "text.txt", context=16)


def forecast(folder: Path) -> Data:
    (folder / "series.csv").write_text("a,b\n" + "".join(f"{row % 12},{row % 5}\n" for row in range(200)))
    return open_data(folder / "series.csv", context=12, horizon=3)


def larger_than_memory(folder: Path) -> Data:
    rng = np.random.default_rng(0)
    np.savez(folder / "large.npz", x=rng.random((4000, 1, 12, 12), np.float32), y=np.arange(4000) % 3)
    return open_data(folder / "large.npz", memory="1MiB")


OPENED: dict[str, Callable[[Path], Data]] = {
    "images": lambda _: open_data("digits"), "table": table, "running text": running_text, "forecast": forecast,
    "larger than memory": larger_than_memory,
}  # fmt: skip


def seen(data: Data) -> Iterator[np.ndarray[Any, Any]]:
    """All arrays that training and evaluation get to see, a few batches of each."""
    batches = [data.train_batch(step, 8, seed=3) for step in (0, 1, 5)]
    for split in ("train", "validation", "test"):
        batches += list(data.batches(split, 16))[:2]
    for batch in batches:
        for values in (batch.inputs, batch.masks, {"target": batch.target, "rows": batch.rows}):
            yield from (np.asarray(each) for each in values.values() if each is not None)


def elsewhere(parcel: Parcel) -> tuple[list[Any], tuple[Any, ...]]:
    data = parcel.open()
    arrays = [(array.dtype.str, array.shape, array.tobytes()) for array in seen(data)]
    return arrays, (data.name, data.sizes, data.notes, data.state())


@pytest.fixture(scope="module")
def other() -> Iterator[ProcessPoolExecutor]:
    """One that has nothing of this process: torch is imported once for all."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("name", OPENED)
def test_another_process_sees_the_same(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: ProcessPoolExecutor
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    data = OPENED[name](tmp_path)
    for file in tmp_path.glob("*.*"):
        file.unlink()  # whoever opened the source again would notice
    with shared(data) as parcel:
        arrays, facts = other.submit(elsewhere, parcel).result()
        large = max((values.nbytes for values in seen(data)), default=0)
        assert len(parcel.message) < 40 * large
    assert arrays == [(array.dtype.str, array.shape, array.tobytes()) for array in seen(data)]
    assert facts == (data.name, data.sizes, data.notes, data.state())
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.name == "arrays"]  # gone with the parcel


def test_arrays_are_mapped_and_a_change_stays_in_its_process() -> None:
    data = open_data("digits")
    with shared(data) as parcel:
        first, second = parcel.open(), parcel.open()
        before = next(first.batches("train", 4)).inputs
        for values in vars(second)["_inputs"].values():
            values.zero_()
        after = next(first.batches("train", 4)).inputs
        assert all(torch.equal(before[name], after[name]) for name in before)
        assert not any(values.any() for values in next(second.batches("train", 4)).inputs.values())
        mapped = parcel.file.stat().st_size
        assert mapped >= sum(values.nbytes for values in vars(data)["_inputs"].values())


def test_what_cannot_be_sent_is_said() -> None:
    data = open_data("digits")
    data.notes.append(lambda: "a function")  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"can't be sent to other processes[\s\S]*--jobs 1"), shared(data):
        pass
