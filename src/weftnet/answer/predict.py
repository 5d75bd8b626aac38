"""Answers for new examples, from a run's folder alone: tables, pictures, recordings or texts in, one answer each out.

Examples go through the network in chunks (`at_once`), and answers are yielded one after another, so that memory doesn't
grow with the number of examples. The order is that of the input.
The examples need no target; if they have one, it is ignored.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from weftnet.base.answers import Form, forms
from weftnet.data import KINDS, Batch, Data, open_data
from weftnet.data.batch import at_once
from weftnet.data.fields import Field
from weftnet.data.folder import list_folder
from weftnet.data.pairs import without_masks
from weftnet.data.read import read_text, suffixes
from weftnet.data.rows import RowData
from weftnet.data.sources import source_of
from weftnet.data.sources._place import Place
from weftnet.data.splits import SPLITS
from weftnet.data.unfamiliar import of_values as unknown_of
from weftnet.data.wire import from_word
from weftnet.errors import DataError, closest
from weftnet.run.loading import Loaded
from weftnet.tasks._inference import NO_OPTIONS, Options
from weftnet.tasks._own_pixels import has_places, in_own_pixels
from weftnet.tasks._schema import answer_schema

Answer = dict[str, Any]


#: files of arrays, whose rows are examples, unless a field reads a file as one
_ARRAYS = frozenset({".npy", ".npz"})


@dataclass(frozen=True)
class AnswerStream:
    """The answers to some examples, computed as they are read.

    Args:
        source: of the examples.
        answers: (name, answer) one after another; a file, a row's number from 1, or the name of a series.
        forms: of the fields of an answer.
        named: what the names are of: `file`, `row` or `series`.
        notes: what the run does not know of the examples.
    """

    source: str
    answers: Iterator[tuple[str | int, Answer]]
    forms: Mapping[str, Form]
    named: str = "row"
    notes: Sequence[str] = ()

    @property
    def files(self) -> bool:
        """Whether the names are files."""
        return self.named == "file"


def of_source(loaded: Loaded, source: str, options: Options = NO_OPTIONS) -> AnswerStream:
    """The answers to the examples in a file or folder.

    Pictures and recordings are one example each; so is every line of a .txt file, if the run reads texts, unless the
    file holds the run's columns; everything else is opened as by `fit`, with the run's fitted preprocessing. Of a
    series, what comes after its end is asked.

    Raises:
        DataError: it can't be read, or the run reads other inputs.
    """
    path = Path(source).expanduser()
    if files := example_files(path, loaded.preprocessing.fields):
        column = only_field(loaded, source, files=True)
        strange = unknown_of(loaded.preprocessing.columns, {column: files})
        return AnswerStream(source, _of_files(loaded, column, files, options), _forms(loaded), "file", strange)
    if path.is_file() and suffixes(path)[0] == ".txt" and not _has_columns(loaded, path):
        return of_texts(loaded, read_text(path).splitlines(), source, options)
    state = dict(_state(loaded))
    return of_data(loaded, open_data(source, state=without_target(state)), options)


def of_memory(loaded: Loaded, values: Any, options: Options = NO_OPTIONS) -> AnswerStream:
    """The answers to examples in memory: what `open_data` takes, or one row, {column: value}.

    What is neither a frame nor a mapping is the run's only column, where it has one: texts, pictures, paths of files.

    Raises:
        DataError: they can't be read, or the run reads other inputs.
    """
    fields: Sequence[Field] = loaded.preprocessing.fields
    if isinstance(values, Mapping) and not any(map(_is_column, values.values())):
        known = [field.name for field in fields]
        _refuse_unknown(known, values)
        return _of_columns(loaded, {name: [values.get(name)] for name in known}, "memory", options)
    listed = isinstance(values, list | np.ndarray) and len(values) and not isinstance(values[0], Mapping)
    if listed and len(fields) == 1 and not fields[0].steps:
        return _of_columns(loaded, {fields[0].name: values}, "memory", options)
    return of_data(loaded, open_data(values, state=without_target(_state(loaded))), options)


def of_data(loaded: Loaded, data: Data, options: Options = NO_OPTIONS) -> AnswerStream:
    """The answers to all rows of data opened as the run's, in their order."""
    streams = (_of_batches(loaded, data, split, options) for split in SPLITS)
    ordered = heapq.merge(*streams, key=lambda pair: pair[0])
    named = ((data.name_of(row), answer) for row, answer in ordered)
    return AnswerStream(data.source, named, _forms(loaded), data.named, data.notes)


def _is_column(value: Any) -> bool:
    """Whether a value of a mapping is those of several rows."""
    return hasattr(value, "__len__") and not isinstance(value, str | bytes)


def _refuse_unknown(known: Sequence[str], values: Iterable[str]) -> None:
    """Refuse a column that the run doesn't read.

    Raises:
        DataError: with the one that may be meant.
    """
    for name in values:
        if name not in known:
            close = closest(name, known)
            fix = f"did you mean {close[0]!r}?" if close else ""
            raise DataError(f"the run reads no column {name!r}", where="values", expected=", ".join(known), fix=fix)


def _has_columns(loaded: Loaded, path: Path) -> bool:
    """Whether a .txt file holds the columns of the run's table, such as a word a line, rather than a text a line."""
    opens = source_of(Place(str(path), path))
    return getattr(opens, "FORM", "rows") != "windows" and not (
        loaded.preprocessing.columns.keys() - {*getattr(opens, "COLUMNS", ())}
    )


def of_texts(
    loaded: Loaded, texts: Sequence[str], source: str = "texts", options: Options = NO_OPTIONS
) -> AnswerStream:
    """The answer to each text.

    Raises:
        DataError: the run doesn't read a single text.
    """
    return _of_columns(loaded, {only_field(loaded, source): list(texts)}, source, options)


def of_values(loaded: Loaded, values: Mapping[str, str], options: Options = NO_OPTIONS) -> AnswerStream:
    """The answer to one row, from its values as a person writes them; columns without a value are missing.

    Raises:
        DataError: a column is unknown, or a value can't be read.
    """
    fields = {field.name: field for field in loaded.preprocessing.fields}
    known = list(fields)
    _refuse_unknown(known, values)
    return _of_columns(loaded, {name: [_cell(fields[name], values.get(name))] for name in known}, "values", options)


def answers(
    loaded: Loaded, batch: Batch, options: Options = NO_OPTIONS, raw: Mapping[str, Any] | None = None
) -> list[Answer]:
    """The task's answers to a batch; where the raw rows are given, places are in pixels of their own pictures.

    Raises:
        RunError: an output is not finite.
    """
    found = loaded.task.answers(loaded.outputs(batch, options))
    if raw is None:
        return found
    return in_own_pixels(loaded.run.facts.task.name, found, loaded.preprocessing.columns, raw)


def flat(answer: Answer, forms: Mapping[str, Form]) -> dict[str, Any]:
    """An answer as columns of a table, by the forms of its fields: `label`, `confidence`, `p_cat`; `values_1_2` …"""
    columns: dict[str, Any] = {}
    for name, value in answer.items():
        columns |= forms.get(name, Form()).columns(name, value)
    return columns


def _forms(loaded: Loaded) -> Mapping[str, Form]:
    return forms(answer_schema(loaded.run.facts.task.name))


def _cell(field: Field, text: str | None) -> Any:
    """A value from the command line."""
    return None if text is None else from_word(field, text, f"--value {field.name}")


def _state(loaded: Loaded) -> Mapping[str, Any]:
    return loaded.run.json("data.json")


def without_target(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state without a target: new rows need not have one, and its column may hold anything; nor parts."""
    fitted = {**state["preprocessing"], "target": None}
    return {**state, "parts": {}, "target": None, "fingerprint": "", "splits": None, "preprocessing": fitted}


def example_files(path: Path, fields: Sequence[Field] = ()) -> list[Path]:
    """Files that are an example each: the file itself, or all in a folder by name, but the hidden ones and masks.

    Where the only field of a run reads several files of a folder as one example, the folder is that. A file of arrays
    is an example only where a field reads it so; otherwise its rows are.
    """
    known = {suffix for name in KINDS for suffix in KINDS.get(name).suffixes}
    if path.is_dir():
        files = sorted(without_masks(path, list_folder(path, known).files))
        return KINDS.get(fields[0].kind).examples_in(path, files) if len(fields) == 1 else files
    own = {suffix for field in fields for suffix in KINDS.get(field.kind).suffixes}
    return [path] if path.suffix.lower() in own | (known - _ARRAYS) and path.is_file() else []


def only_field(loaded: Loaded, source: str, files: bool = False) -> str:
    """The run's only column, if its values are files, or lines of a text file.

    Raises:
        DataError: it has another, or there are several columns.
    """
    fields: Sequence[Field] = loaded.preprocessing.fields
    if len(fields) != 1 or not (fields[0].wire.file if files else fields[0].wire.lines):
        got = ", ".join(f"{field.name} ({field.kind})" for field in fields)
        raise DataError(
            f"the run doesn't read only {'files' if files else 'texts'}",
            where=source,
            expected=f"values of {got}",
            fix="give a table with these columns" + ("" if files else ", or --value column=value"),
        )
    return fields[0].name


def _of_batches(loaded: Loaded, data: Data, split: str, options: Options) -> Iterator[tuple[int, Answer]]:
    places = isinstance(data, RowData) and has_places(loaded.run.facts.task.name)
    for batch in data.batches(split, at_once(loaded.signals)):
        raw = data.raw(batch.rows.cpu().numpy()) if places and isinstance(data, RowData) else None
        yield from zip(batch.rows.tolist(), answers(loaded, batch, options, raw), strict=True)


def _of_columns(loaded: Loaded, columns: Mapping[str, Sequence[Any]], source: str, options: Options) -> AnswerStream:
    count, size = len(next(iter(columns.values()))), at_once(loaded.signals)
    if not count:
        raise DataError("there is nothing to answer", where=source)

    def numbered() -> Iterator[tuple[int, Answer]]:
        for start in range(0, count, size):
            chunk = {name: values[start : start + size] for name, values in columns.items()}
            yield from enumerate(answers(loaded, loaded.encode(chunk), options, chunk), start + 1)

    return AnswerStream(source, numbered(), _forms(loaded), notes=unknown_of(loaded.preprocessing.columns, columns))


def _of_files(loaded: Loaded, column: str, files: Sequence[Path], options: Options) -> Iterator[tuple[str, Answer]]:
    size = min(at_once(loaded.signals), 64)  # decoded pictures may be larger than the network's inputs
    for start in range(0, len(files), size):
        chunk = files[start : start + size]
        batch = encode_column(loaded, column, chunk)
        yield from zip(map(str, chunk), answers(loaded, batch, options, {column: chunk}), strict=True)


def encode_column(loaded: Loaded, column: str, files: Sequence[Path]) -> Batch:
    """Files as a batch; the error names a file that can't be used."""
    try:
        return loaded.encode({column: list(files)})
    except DataError as error:
        for path in files:
            try:
                loaded.encode({column: [path]})
            except DataError as fault:
                fault.where = str(path)
                raise fault from None
        raise error
