"""Which examples are explained: rows of data, pictures and recordings, lines of a text, sentences; the run's own data.

They are encoded as `predict` encodes them. Rows count from 1, as `predict` counts them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from weftnet.answer.predict import encode_column, media_files, only_field, without_target
from weftnet.data import Batch, Data, open_data
from weftnet.data.opening import reopen
from weftnet.data.read import read_text, suffixes
from weftnet.data.splits import SPLITS
from weftnet.errors import DataError
from weftnet.run.loading import Loaded

_BATCH = 64
_PARTS = ("test", "validation", "train")


@dataclass(frozen=True)
class Named:
    """A batch and what its examples are called."""

    names: list[str]
    batch: Batch


def examples(
    loaded: Loaded, sources: Sequence[str], texts: Sequence[str], rows: Sequence[int], count: int
) -> list[Named]:
    """The examples that were asked for.

    Args:
        loaded: the run.
        sources: files and folders; with neither sources nor texts the run's own data, test rows first.
        texts: sentences.
        rows: of each source, from 1; none for its first `count`.
        count: examples of a source, if no rows are named.

    Raises:
        DataError: something can't be read, or a row is not there.
    """
    found = [each for source in sources for each in _of_source(loaded, source, rows, count)]
    if texts:
        found.append(_of_texts(loaded, list(texts), "text"))
    if not sources and not texts:
        found = _of_data(reopen(loaded.run.json("data.json")), rows, count)
    return found


def _of_source(loaded: Loaded, source: str, rows: Sequence[int], count: int) -> list[Named]:
    path = Path(source).expanduser()
    if files := media_files(path):
        chosen = [files[place] for place in _places(rows, len(files), count, source)]
        batch = encode_column(loaded, only_field(loaded, "media", source), chosen)
        return [Named([file.name for file in chosen], batch)]
    if path.is_file() and suffixes(path)[0] == ".txt":
        lines = read_text(path).splitlines()
        return [_of_texts(loaded, [lines[place] for place in _places(rows, len(lines), count, source)], path.stem)]
    return _of_data(open_data(source, state=without_target(loaded.run.json("data.json"))), rows, count)


def _of_texts(loaded: Loaded, texts: list[str], name: str) -> Named:
    batch = loaded.encode({only_field(loaded, "text", name): texts})
    return Named([f"{name} {number}" for number in range(1, len(texts) + 1)], batch)


def _of_data(data: Data, rows: Sequence[int], count: int) -> list[Named]:
    if not rows:
        batch = next((batch for part in _PARTS for batch in data.batches(part, count)), None)
        if batch is None:
            raise DataError("there is nothing to explain", where=data.source, got="no rows")
        return [Named([_called(data, row) for row in batch.rows.tolist()], batch)]
    wanted = set(_places(rows, sum(data.sizes.values()), count, data.source))
    return [Named([_called(data, row)], batch) for row, batch in _single(data) if row in wanted]


def _single(data: Data) -> Iterator[tuple[int, Batch]]:
    """Every row as a batch of its own, with its number from 0."""
    for part in SPLITS:
        for batch in data.batches(part, _BATCH):
            for place, row in enumerate(batch.rows.tolist()):
                yield row, batch.part(place, place + 1)


def _called(data: Data, row: int) -> str:
    return f"{data.name} row {row + 1}"


def _places(rows: Sequence[int], most: int, count: int, where: str) -> list[int]:
    """Rows from 1 as places from 0; the first ones, if none is named."""
    if strange := [row for row in rows if not 1 <= row <= most]:
        raise DataError("there is no such row", where=where, expected=f"1 to {most}", got=str(strange[0]))
    return [row - 1 for row in rows] or list(range(min(count, most)))
