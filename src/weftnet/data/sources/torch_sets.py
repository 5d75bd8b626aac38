"""Data sets of torch in memory: a `Dataset`, an `IterableDataset` that ends, or the data set of a `DataLoader`.

Each is read once, to its end, and kept: batches and their order are weftnet's own, so that a training can be resumed.
What a data set draws at random is drawn once; augmentation belongs into the recipe. An example is

    x                 a tensor, an array, a picture, a number
    (x, y)            with what is predicted; (a, b, …, y) of several inputs, named x0, x1 …
    {"name": value}   values by name; `target` names the one to predict

Labels that are numbers get the names in the data set's `classes`, as those of torchvision have them.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from weftnet.base.limits import exceeded
from weftnet.base.limits import limit as limit_of
from weftnet.data.content import Content
from weftnet.data.read import LIMIT
from weftnet.data.sources._held import examples
from weftnet.data.sources._place import Place
from weftnet.data.sources._plain import plain
from weftnet.errors import DataError

#: why the contract of sources has nothing to try it on
no_example = "because a data set of torch is no file"


def opens(place: Place) -> float:
    """Whatever is of these classes."""
    return 0.95 * (_of_torch(place.values, "Dataset") or _of_torch(place.values, "DataLoader"))


def read(path: Path, *, limit: int = LIMIT) -> Content:
    """A data set of torch is in memory.

    Raises:
        DataError: always.
    """
    raise DataError("a data set of torch is no file", where=str(path))


def hold(values: Any, name: str) -> Content:
    """All examples of a data set.

    Raises:
        DataError: it is empty, fails, or its examples differ in their form.
    """
    rows, dataset = _rows(values), values
    notes: tuple[str, ...] = ()
    if _of_torch(values, "DataLoader"):
        dataset = values.dataset
        notes = ("the loader's data set is read once; order and size of batches are weftnet's own",)
    named: dict[str, list[Any]] = {}
    form: tuple[str, ...] | None = None
    size, most = 0, limit_of("bytes")
    for number, row in enumerate(rows):
        values_of = _named(row)
        form = form or tuple(values_of)
        if tuple(values_of) != form:
            where, expected, got = f"{name}: example {number}", ", ".join(form), ", ".join(values_of)
            raise DataError("examples differ in their form", where=where, expected=expected, got=got)
        for column, value in values_of.items():
            named.setdefault(column, []).append(value)
            size += int(getattr(value, "nbytes", 0))
        if size > most:
            raise exceeded("bytes", "the data set is too large to be kept in memory", where=name, error=DataError)
    if form is None:
        raise DataError("the data set has no examples", where=name)
    target = "y" if "y" in form and form[-1] == "y" else None
    if target and (classes := _classes(dataset, named["y"])):
        named["y"] = [classes[int(label)] for label in named["y"]]
    content = examples(named, target, name)
    return Content(**{**vars(content), "notes": (*content.notes, *notes)})


def _rows(values: Any) -> Iterator[Any]:
    """Example after example."""
    if not _of_torch(values, "DataLoader"):
        return _each(values)
    utils = sys.modules["torch"].utils.data
    usual = isinstance(values.sampler, utils.SequentialSampler | utils.RandomSampler)
    if usual and values.collate_fn is utils.default_collate and not _of_torch(values.dataset, "IterableDataset"):
        return _each(values.dataset)
    return (row for batch in values for row in _parted(batch))


def _each(dataset: Any) -> Iterator[Any]:
    """The examples of a data set, by their numbers where it has a length."""
    if _of_torch(dataset, "IterableDataset") or not hasattr(dataset, "__len__"):
        yield from dataset
        return
    for number in range(len(dataset)):
        yield dataset[number]


def _parted(batch: Any) -> Iterable[Any]:
    """The examples of a batch."""
    if isinstance(batch, Mapping):
        return ({name: values[row] for name, values in batch.items()} for row in range(len(next(iter(batch.values())))))
    if isinstance(batch, tuple | list):
        return zip(*batch, strict=True)
    each: Iterable[Any] = batch
    return each


def _named(row: Any) -> dict[str, Any]:
    """The values of an example by name."""
    if isinstance(row, Mapping):
        return {str(name): _value(value) for name, value in row.items()}
    if not isinstance(row, tuple | list):
        return {"x": _value(row)}
    if len(row) == 1:
        return {"x": _value(row[0])}
    *inputs, target = row
    names = ["x"] if len(inputs) == 1 else [f"x{number}" for number in range(len(inputs))]
    return {**dict(zip(names, map(_value, inputs), strict=True)), "y": _value(target)}


def _value(value: Any) -> Any:
    array = plain(value)
    return array.item() if isinstance(array, np.ndarray) and not array.ndim else array


def _classes(dataset: Any, labels: list[Any]) -> list[str]:
    """The names of classes that a data set knows, where its labels are their numbers."""
    while not hasattr(dataset, "classes") and hasattr(dataset, "dataset"):  # a Subset
        dataset = dataset.dataset
    classes = getattr(dataset, "classes", None)
    if not isinstance(classes, list | tuple) or not all(isinstance(each, str) for each in classes):
        return []
    numbers = all(isinstance(each, int | np.integer) and 0 <= each < len(classes) for each in labels)
    return list(classes) if numbers and len(set(classes)) == len(classes) else []


def _of_torch(value: Any, name: str) -> bool:
    """Whether a value is of a class of `torch.utils.data`, which is not imported for that."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, getattr(torch.utils.data, name))
