"""Which examples are explained: rows of data, images and recordings, lines of a text, sentences; the run's own data.

They are encoded as `predict` encodes them. Rows count from 1, as in `predict`: a window of a series is called by the
row of its first step to forecast, in a question by its last row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.answer.predict import encode_column, example_files, only_field, without_target
from weftnet.data import Batch, Data, open_data
from weftnet.data.opening import reopen
from weftnet.data.read import read_text, suffixes
from weftnet.data.request import Source
from weftnet.data.splits import SPLITS
from weftnet.errors import DataError
from weftnet.run.loading import Loaded

_BATCH = 64
_JUDGED_FIRST = ("test", "validation", "train")


@dataclass(frozen=True)
class NamedBatch:
    """A batch and the names of its examples."""

    names: list[str]
    batch: Batch


def examples(
    loaded: Loaded, sources: Sequence[Source], texts: Sequence[str], rows: Sequence[int], count: int,
    own: Data | None = None,
) -> list[NamedBatch]:  # fmt: skip
    """The requested examples.

    Args:
        loaded: the run.
        sources: files, folders, values in memory; without sources and texts, the run's own data, test rows first.
        texts: sentences.
        rows: of each source, from 1; () for its first `count`.
        count: number of examples of a source, if no rows are named.
        own: the run's own data, where they are at hand.

    Raises:
        DataError: a source can't be read, or a row does not exist.
    """
    batches = [each for source in sources for each in _of_source(loaded, source, rows, count)]
    if texts:
        batches.append(_of_texts(loaded, list(texts), "text"))
    if not sources and not texts:
        batches = _of_data(own or reopen(loaded.run.json("data.json")), rows, count)
    return batches


def _of_source(loaded: Loaded, source: Source, rows: Sequence[int], count: int) -> list[NamedBatch]:
    if not isinstance(source, str | Path):
        return _of_data(open_data(source, state=without_target(loaded.run.json("data.json"))), rows, count)
    source = str(source)
    path = Path(source).expanduser()
    if files := example_files(path, loaded.preprocessing.fields):
        chosen = [files[place] for place in _places(rows, len(files), count, source)]
        batch = encode_column(loaded, only_field(loaded, source, files=True), chosen)
        return [NamedBatch([file.name for file in chosen], batch)]
    if path.is_file() and suffixes(path)[0] == ".txt":
        lines = read_text(path).splitlines()
        return [_of_texts(loaded, [lines[place] for place in _places(rows, len(lines), count, source)], path.stem)]
    return _of_data(open_data(source, state=without_target(loaded.run.json("data.json"))), rows, count)


def _of_texts(loaded: Loaded, texts: list[str], name: str) -> NamedBatch:
    batch = loaded.encode({only_field(loaded, name): texts})
    return NamedBatch([f"{name} {number}" for number in range(1, len(texts) + 1)], batch)


def _of_data(data: Data, rows: Sequence[int], count: int) -> list[NamedBatch]:
    if not rows:
        batch = next((batch for split in _JUDGED_FIRST for batch in data.batches(split, count)), None)
        if batch is None:
            raise DataError("there is nothing to explain", where=data.source, got="no rows")
        return [NamedBatch([_name(data, row) for row in batch.rows.tolist()], batch)]
    known = np.sort(np.concatenate([data.rows(split).cpu().numpy() for split in SPLITS])) + 1
    if missing := sorted(set(rows) - set(known.tolist())):
        raise DataError("there is no such row", where=data.source, expected=_spans(known), got=str(missing[0]))
    return [NamedBatch([_name(data, row)], batch) for row, batch in _single(data) if row + 1 in rows]


def _single(data: Data) -> Iterator[tuple[int, Batch]]:
    """Every row as a batch of its own, with its number from 0."""
    for split in SPLITS:
        for batch in data.batches(split, _BATCH):
            for place, row in enumerate(batch.rows.tolist()):
                yield row, batch.slice(place, place + 1)


def _spans(rows: NDArray[Any]) -> str:
    """Ascending numbers as ranges, the first three of them: `13 to 240`."""
    spans = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    written = [f"{span[0]} to {span[-1]}" if len(span) > 1 else str(span[0]) for span in spans[:3]]
    return ", ".join([*written, "…"][: len(spans)])


def _name(data: Data, row: int) -> str:
    return f"{data.name} {data.named} {data.name_of(row)}"


def _places(rows: Sequence[int], most: int, count: int, where: str) -> list[int]:
    """Rows from 1 as indices from 0; without rows, the first `count`."""
    if missing := [row for row in rows if not 1 <= row <= most]:
        raise DataError("there is no such row", where=where, expected=f"1 to {most}", got=str(missing[0]))
    return [row - 1 for row in rows] or list(range(min(count, most)))
