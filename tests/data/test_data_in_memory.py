"""Whatever people have in memory is opened, and the same values are the same data wherever they come from."""

from collections.abc import Callable, Iterator
from typing import Any

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset

import weftnet
from weftnet.data import Data
from weftnet.errors import WeftnetError

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(60, 4)), np.arange(60) % 3
WORDS = np.array(["cat", "dog", "owl"])[Y]
TABLE = pd.DataFrame(X, columns=list("abcd")).assign(k=WORDS)


class Rows(Dataset[Any]):
    """Pairs, as most data sets of torch give them."""

    classes = ("cat", "dog", "owl")

    def __len__(self) -> int:
        return 60

    def __getitem__(self, row: int) -> Any:
        return torch.tensor(X[row]), int(Y[row])


class Named(Rows):
    def __getitem__(self, row: int) -> Any:
        return {"wide": torch.tensor(X[row]), "first": float(X[row, 0]), "k": str(WORDS[row])}


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        return iter([Rows()[row] for row in range(60)])


def collated(batch: Any) -> Any:
    return torch.stack([x for x, _ in batch]), torch.tensor([y for _, y in batch])


def raw(data: Data) -> Any:
    return data.raw(range(60))  # type: ignore[attr-defined]  # all of these are rows


AS_ARRAYS: dict[str, Callable[[], Any]] = {
    "arrays": lambda: (X, Y),
    "tensors": lambda: (torch.tensor(X), torch.tensor(Y)),
    "lists": lambda: (X.tolist(), Y.tolist()),
    "a column of labels": lambda: (X, Y[:, None]),
    "mapping": lambda: {"x": torch.tensor(X), "y": torch.tensor(Y)},
    "tensor data set": lambda: TensorDataset(torch.tensor(X), torch.tensor(Y)),
    "loader": lambda: DataLoader(TensorDataset(torch.tensor(X), torch.tensor(Y)), batch_size=7, shuffle=True),
}
WITH_NAMES: dict[str, Callable[[], Any]] = {
    "data set": Rows,
    "subset": lambda: Subset(Rows(), range(60)),
    "collated": lambda: DataLoader(Rows(), batch_size=7, collate_fn=collated),
}
TABLES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: TABLE,
    "polars": lambda: pl.from_pandas(TABLE),
    "arrow": lambda: pa.Table.from_pandas(TABLE),
    "hugging face": lambda: datasets.Dataset.from_pandas(TABLE),
    "records": lambda: TABLE.to_dict("records"),
    "structured": lambda: TABLE.drop(columns="k").to_records(index=False),
}


@pytest.mark.parametrize("form", AS_ARRAYS)
def test_examples_and_labels(form: str) -> None:
    data = weftnet.open_data(AS_ARRAYS[form]())
    assert data.target is not None
    assert data.target.labels == [0, 1, 2]  # type: ignore[attr-defined]  # a category
    assert data.signals["vector"].text() == "vector:4"
    assert np.array_equal(raw(data)["x"], X)
    assert np.array_equal(raw(data)["y"], Y)


@pytest.mark.parametrize("form", WITH_NAMES)
def test_a_data_set_names_its_classes(form: str) -> None:
    data = weftnet.open_data(WITH_NAMES[form]())
    assert raw(data)["y"].tolist() == WORDS.tolist()
    assert np.array_equal(raw(data)["x"], X)


@pytest.mark.parametrize("form", TABLES)
def test_tables(form: str) -> None:
    data = weftnet.open_data(TABLES[form](), target="k" if form != "structured" else "d")
    assert [*raw(data)][:4] == list("abcd")
    assert np.array_equal(np.stack([raw(data)[name] for name in "abcd"], 1).astype(float), X)


def test_a_frame_and_a_series_keep_the_target_s_name() -> None:
    data = weftnet.open_data((TABLE[list("abcd")], TABLE["k"]))
    whole = weftnet.open_data(TABLE, target="k")
    assert (data.state()["target"], data.sizes) == ("k", whole.sizes)
    assert data.target is not None
    assert data.target.state() == whole.target.state()  # type: ignore[union-attr]  # it has one
    assert weftnet.open_data((TABLE[list("abcd")], TABLE[["k"]])).fingerprint == data.fingerprint
    assert weftnet.open_data((TABLE[list("abcd")], WORDS)).state()["target"] == "y"


def test_examples_of_several_values() -> None:
    data = weftnet.open_data(Named(), target="k")
    assert {name: signal.text() for name, signal in data.signals.items()} == {"table": "vector:1", "vector": "vector:4"}


def test_a_data_set_that_streams_is_read_to_its_end() -> None:
    data = weftnet.open_data(Stream())
    assert np.array_equal(raw(data)["y"], Y)


def test_official_parts() -> None:
    data = weftnet.open_data(((X[:40], Y[:40]), (X[40:], Y[40:])))
    assert data.sizes["test"] == 20
    assert data.rows("test").tolist() == [*range(40, 60)]
    sets = datasets.DatasetDict(
        train=datasets.Dataset.from_pandas(TABLE[:40]), test=datasets.Dataset.from_pandas(TABLE[40:])
    )
    assert weftnet.open_data(sets, target="k").sizes["test"] == 20


def test_examples_alone_and_texts() -> None:
    assert weftnet.open_data(X).target is None
    texts = [f"a {word} sits on the mat, and looks at row {row} of them" for row, word in enumerate(WORDS)]
    assert weftnet.open_data((texts, list(WORDS))).target is not None


def test_a_state_opens_other_values_alike() -> None:
    state = weftnet.open_data(TABLE, target="k").state()
    again = weftnet.open_data(pl.from_pandas(TABLE), state=state)
    assert again.fingerprint == state["fingerprint"]
    assert again.state()["preprocessing"] == state["preprocessing"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (3, "got: int"),
        ((X,), "got: tuple"),
        ((x for x in X), "got: generator"),
        ((X, Y[:5]), "x and y differ in length"),
        ((TABLE[["a"]], Y[:5]), "X and y differ in length"),
        ((TABLE, TABLE), "the target is a table"),
        ((X, 3), "the target is a single value"),
        ([], "holds no rows"),
        (Subset(Rows(), []), "has no examples"),
        (datasets.Dataset.from_pandas(TABLE).to_iterable_dataset(), "got: IterableDataset"),
        (((TABLE, Y), (TABLE, Y)), "two parts of a data set are arrays of numbers"),
        ("x" * 3000, "x"),
    ],
    ids=lambda each: each if isinstance(each, str) and len(each) < 60 else "",
)
def test_what_cannot_be_opened_says_so(value: Any, said: str) -> None:
    with pytest.raises(WeftnetError) as error:
        weftnet.open_data(value)
    assert said in str(error.value)


def test_a_sparse_matrix_is_refused_with_what_to_do() -> None:
    scipy = pytest.importorskip("scipy.sparse")
    with pytest.raises(WeftnetError, match=r"X\.toarray"):
        weftnet.open_data((scipy.csr_matrix(X), Y))
