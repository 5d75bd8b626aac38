"""Opening a source: the one of `sources/` that is surest of a place reads it.

"digits", or nothing            8×8 handwritten digits that come with the package
a file                          by its ending: .csv, .parquet, .jsonl, .npz, .txt …, compressed as .xz or .gz or not
a folder                        by its contents: arrays, images, recordings, texts, Parquet files, a Hub data set
hub:OWNER/NAME                  a data set of the Hugging Face Hub
a mapping                       arrays (x, y or x_train …), otherwise columns of a table
a frame                         of pandas, polars, Arrow …
X, (X, y)                       arrays, tensors, lists of rows, of texts or pictures; with what is predicted
a data set                      of torch (`Dataset`, `DataLoader`) or of Hugging Face
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from weftnet.base.foreign import reading
from weftnet.base.typed import brief, misfit
from weftnet.data.content import Content, short_name
from weftnet.data.data import Data
from weftnet.data.forecasting import ForecastData, open_forecasting
from weftnet.data.infer import Spec
from weftnet.data.joining import joined, targets_of
from weftnet.data.memory import memory_of, words
from weftnet.data.official import together
from weftnet.data.reader import Reader, reader_of
from weftnet.data.request import Request, Source, name_of
from weftnet.data.rows import RowData, open_rows
from weftnet.data.splits import SplitSpec
from weftnet.data.streaming import Streamed
from weftnet.data.targets import with_target
from weftnet.data.ways import setting
from weftnet.data.windows import WindowData, open_windows
from weftnet.errors import DataError, SettingError


def open_data(
    source: Source = "digits",
    *,
    validation: Source | None = None,
    test: Source | None = None,
    target: str | Sequence[str] | None = None,
    kinds: Mapping[str, Spec | None] | None = None,
    splits: SplitSpec = None,
    seed: int = 0,
    state: Mapping[str, Any] | None = None,
    memory: str | int | None = None,
    duplicates: str = "keep",
    fitted: Mapping[str, Mapping[str, Any]] | None = None,
    target_kind: Spec | None = None,
    **options: Any,
) -> Data:
    """Open, split and encode a source.

    >>> weftnet.open_data(([[0.1, 0.2], [0.3, 0.4]] * 10, ["a", "b"] * 10)).sizes
    {'train': 12, 'validation': 4, 'test': 4}

    Args:
        source: a path, "digits", a mapping of arrays or columns, or a frame of pandas, polars, Arrow or any library
            that hands its columns over in their way (`frames.py`); X or (X, y); a `Dataset` or `DataLoader` of torch;
            a data set of Hugging Face.
        validation, test: the source's official parts, each opened like it (`official.py`); of a state those that it
            has, unless another source is named.
        target: the column to predict, or several columns; arrays called y are the target by default.
        kinds: what columns are, where the inferred kind is not wanted; None leaves a column out.
        splits: how rows are split, see `splits.py`.
        seed: of the splits.
        state: the state of data opened before: its statistics, settings and options hold here too.
        memory: what the data may take, "2GiB" or bytes; a third of what is free by default. A source larger than that
            stays on disk, and so do its encoded rows (`streaming.py`, `cache.py`).
        duplicates: "keep", or "group" to keep rows that are equal in one split.
        fitted: states of input columns that were fitted before, by name: kept where a column is of that kind here too,
            as for a training that starts from another run (`Start.fitted`).
        target_kind: what the target is, wherever its values can be read so and `kinds` doesn't name it: of a task that
            somebody chose.
        options: what this sort of source takes (`context` for a text; `delimiter`, `columns`, `encoding` for a table,
            and `files`, the folder of the files that it names; `limit`, the bytes an uncompressed file may have).
            With `horizon` a table is a forecast's: see `forecasting.py` for `context`, `time`, `series` and `calendar`.

    Raises:
        DataError: the source can't be read or its values can't be used.
        SettingError: an option that this source doesn't take.
    """
    if state is not None:
        if kinds or splits is not None or target not in (None, state.get("target")):
            raise SettingError("target, kinds and splits are part of the state already", where="open_data")
        _check_state(state)
        splits, seed = state["splits"], state["seed"]
    parts = {split: part for split, part in (("validation", validation), ("test", test)) if part is not None}
    if state is not None and name_of(source) == state["source"] and isinstance(source, str | Path):
        parts = state.get("parts", {}) | parts
    if duplicates not in ("keep", "group"):
        raise SettingError(
            "equal rows are kept or grouped", where="duplicates", expected="keep or group", got=duplicates
        )
    request = Request(
        kinds or {},
        splits,
        seed,
        state,
        options,
        target if isinstance(target, str) else None,
        duplicates,
        fitted or {},
        target_kind,
        parts,
    )
    with reading(name_of(source)):
        return _opened(source, request, target, memory)


def _opened(
    source: Source,
    request: Request,
    target: str | Sequence[str] | None,
    memory: str | int | None,
) -> Data:
    """As the form of the source has it: windows, a forecast, or rows."""
    place, allowed, state = reader_of(source), memory_of(memory), request.state
    text = getattr(place.module, "FORM", "rows") == WindowData.form()
    forecast = "horizon" in request.options or (state is not None and state["form"] == ForecastData.form())
    if request.parts and (text or forecast):
        what = "a running text or a forecast is split in order, and has no parts of other files"
        fix = "join the files, and give shares: " + setting("splits", {"train": 0.8, "validation": 0.1, "test": 0.1})
        raise SettingError(what, where=place.name, got=", ".join(map(name_of, request.parts.values())), fix=fix)
    if text:
        return _open_text(place, request, allowed)
    if forecast:
        return _open_forecast(place, request, target, allowed)
    several = targets_of(state) if target is None or isinstance(target, str) else tuple(target)
    if len(several) == 1:
        request, several = replace(request, target=several[0]), ()
    return _open_rows(place, request, several, allowed)


def reopen(
    state: Mapping[str, Any],
    source: Source | None = None,
    *,
    validation: Source | None = None,
    test: Source | None = None,
) -> Data:
    """The data that have this state, read again from their own source and parts or from others.

    Raises:
        DataError: this is not the state of any data, or the source can't be read.
    """
    named = state.get("source", "") if source is None else source
    return open_data(named, validation=validation, test=test, state=state)


def _open_text(source: Reader, request: Request, allowed: int) -> WindowData:
    """A running text, as windows."""
    request, options = source.assigned(request)
    _refuse_large(source, allowed)
    if request.target is not None or request.kinds:
        raise SettingError("a running text has neither target nor kinds", where=source.name)
    content, fingerprint, context = source.module.read(source.path, **options["reader"])
    name = short_name(source.name)
    kept = request.fitted.get("tokens")
    return open_windows(content, source.name, name, fingerprint, request.splits, request.state, context, kept)


def _open_forecast(source: Reader, request: Request, target: str | Sequence[str] | None, allowed: int) -> ForecastData:
    """A table of series, as windows and the steps after them."""
    request, options = source.assigned(request, forecast=open_forecasting)
    _refuse_large(source, allowed)
    content = source.read(**options["reader"])
    return open_forecasting(
        content, target, request.kinds, request.splits, request.state, request.options, **options["forecast"]
    )


def _open_rows(source: Reader, request: Request, targets: Sequence[str], allowed: int) -> RowData:
    """Independent rows: read whole, or chunk by chunk where they are larger than memory; `targets`: several."""
    asked, (request, options) = request, source.assigned_rows(request)
    if source.is_large(allowed):
        if not hasattr(source.module, "stream") or targets or request.parts:
            raise _larger_than_memory(source, allowed, request.parts)
        return Streamed(source.module, source.path, source.name, request, allowed).open()
    content = source.read(**options["reader"])
    if content.asked and request.state is not None and request.state["target"] is None:
        return _open_rows(_asked(source, content), asked, targets, allowed)
    content = source.with_files(content, request, options)
    if request.parts:
        parts = {split: _part(part, source, asked, allowed) for split, part in request.parts.items()}
        content = together(content, parts, targets[0] if targets else request.target)
    if targets:
        content, request = joined(content, targets, request)
    return open_rows(replace(with_target(content, request.target, request.state), memory=allowed), request)


def _part(part: Source, first: Reader, request: Request, allowed: int) -> Content:
    """What the file of another part holds, read with the same options.

    Raises:
        DataError: it is the training file itself, or larger than the memory allowed.
    """
    source = reader_of(part)
    if source.values is None and first.values is None and source.path.resolve() == first.path.resolve():
        raise DataError("this is the training part itself", where=source.name, fix="name another file")
    if source.is_large(allowed):
        raise _larger_than_memory(source, allowed, request.parts)
    request, options = source.assigned_rows(request)
    return source.with_files(source.read(**options["reader"]), request, options)


def _asked(source: Reader, content: Content) -> Reader:
    """The table of a folder that is to be answered, beside the training table."""
    if len(content.asked) > 1:
        got = ", ".join(map(str, content.asked))
        raise DataError("several tables of the folder are to be answered", where=source.name, got=got, fix="name one")
    return reader_of(content.asked[0])


def _refuse_large(source: Reader, allowed: int) -> None:
    if source.is_large(allowed):
        raise _larger_than_memory(source, allowed)


def _larger_than_memory(source: Reader, allowed: int, parts: Collection[str] = ()) -> DataError:
    beside = "put the parts into one folder, as train.csv and test.csv, which is read from disk; or "
    return DataError(
        "the source is larger than the memory allowed, and this sort is read as a whole",
        where=source.name,
        got=f"{words(allowed)} allowed",
        fix=beside * bool(parts) + f"allow more, if the machine has it: {setting('memory', '16GiB')}",
    )


def _check_state(state: Mapping[str, Any]) -> None:
    if absent := sorted(set(_STATE) - set(state)):
        raise DataError("this is not the state of any data", got="it lacks " + ", ".join(absent))
    for name, kind in _STATE.items():
        if wrong := misfit(state[name], kind):
            raise DataError("this is not the state of any data", where=name, expected=wrong, got=brief(state[name]))
    if wrong := misfit(state["preprocessing"].get("columns"), dict[str, dict[str, Any]]):
        raise DataError("this is not the state of any data", where="preprocessing: columns", expected=wrong)


_STATE: dict[str, Any] = {
    "form": str, "source": str, "fingerprint": str, "target": str | None,
    "splits": str | dict[str, Any] | None, "seed": int, "options": dict[str, Any], "preprocessing": dict[str, Any],
}  # fmt: skip
