"""Opening a source: what it is decides who reads it (`sources/`, one file for each sort).

"digits", or nothing            8×8 handwritten digits that come with the package
a file                          by its ending: .csv, .parquet, .jsonl, .npz, .txt …, packed as .xz or .gz or not
a folder                        by what lies in it: arrays, images, recordings, texts, Parquet files, a Hub data set
hub:OWNER/NAME                  a data set of the Hugging Face Hub
a mapping                       arrays (x, y or x_train …), otherwise columns of a table
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from weftnet.base.typed import brief, misfit
from weftnet.data.beside import kinds_of, names_files, resolve_files
from weftnet.data.content import short_name
from weftnet.data.data import Data
from weftnet.data.forecasting import open_forecasting
from weftnet.data.infer import Spec
from weftnet.data.memory import memory_of, too_large, words
from weftnet.data.options import shared_out
from weftnet.data.read import suffixes
from weftnet.data.rows import Wanted, open_rows
from weftnet.data.sources import hub, readers, text
from weftnet.data.sources.arrays import arrays
from weftnet.data.sources.table import columns_at_hand
from weftnet.data.splits import Splits
from weftnet.data.streaming import Streamed
from weftnet.data.targets import with_target
from weftnet.data.windows import open_windows
from weftnet.errors import DataError, SettingError, closest

DIGITS = Path(__file__).parent / "digits.npz"


def open_data(
    source: str | Path | Mapping[str, Any] | None = None,
    *,
    target: str | Sequence[str] | None = None,
    kinds: Mapping[str, Spec | None] | None = None,
    splits: Splits = None,
    seed: int = 0,
    state: Mapping[str, Any] | None = None,
    memory: str | int | None = None,
    duplicates: str = "keep",
    **options: Any,
) -> Data:
    """Open, split and encode a source.

    Args:
        source: a path, "digits", or a mapping of arrays or columns.
        target: the column to predict; arrays called y are it by themselves. Of a forecast, also several columns.
        kinds: what columns are, where the inferred kind is not wanted; None leaves a column out.
        splits: how rows are cut into parts, see `splits.py`.
        seed: of the cut.
        state: the state of data opened before: its statistics, settings and options hold here too.
        memory: what the data may take, "2GiB" or bytes; a third of what is free by default. A source larger than that
            stays on the disk, and so do its encoded rows (`streaming.py`, `cache.py`).
        duplicates: "keep", or "group" to keep rows that are equal in one part.
        options: what this sort of source takes (`context` for a text; `delimiter`, `columns`, `encoding` for a table,
            and `files`, the folder in which the files lie that it names; `limit`, the bytes an unpacked file may have).
            With `horizon` a table is a forecast's: see `forecasting.py` for `context`, `time`, `series` and `calendar`.

    Raises:
        DataError: the source can't be read or its values can't be used.
        SettingError: an option that this source doesn't take.
    """
    if state is not None:
        if kinds or splits is not None or target not in (None, state.get("target")):
            raise SettingError("a state says target, kinds and splits already", where="open_data")
        _check_state(state)
        splits, seed = state["splits"], state["seed"]
    name = "digits" if source is None else "memory" if isinstance(source, Mapping) else str(source)
    path = DIGITS if name == "digits" else Path(name).expanduser()
    reader = None if isinstance(source, Mapping) else reader_of(path, name)
    ahead = reader is not text and ("horizon" in options or (state or {}).get("form") == "forecasting")
    named = names_files(reader, path) and not ahead
    takers = {
        "reader": reader.read if reader else None,
        "forecast": open_forecasting if ahead else None,
        "files": resolve_files if named else None,
    }
    options, of = shared_out(takers, options, (state or {"options": {}})["options"], name)
    if duplicates not in ("keep", "group"):
        raise SettingError(
            "equal rows are kept or grouped", where="duplicates", expected="keep or group", got=duplicates
        )
    allowed = memory_of(memory)
    large = hasattr(reader, "WEIGHT") and reader is not None and too_large(path, reader.WEIGHT, allowed)
    if large and (ahead or not hasattr(reader, "stream")):
        raise DataError(
            "the source is larger than the memory allowed, and this sort is read as a whole",
            where=name,
            got=f"{words(allowed)} allowed",
            fix="allow more, if the machine has it: memory='16GiB'",
        )
    if reader is text:
        if target is not None or kinds:
            raise SettingError("a running text has neither target nor kinds", where=name)
        content_of, fingerprint, context = text.read(path, **of["reader"])
        return open_windows(content_of, name, short_name(name), fingerprint, splits, state, context)
    if not (ahead or isinstance(target, str | None)):
        raise SettingError("only a forecast has several targets", where="target", got=repr(target))
    wanted = Wanted(kinds or {}, splits, seed, state, options, target if isinstance(target, str) else None, duplicates)
    if large and reader is not None:
        return Streamed(reader, path, name, wanted, allowed).open()
    if isinstance(source, Mapping):
        held = any(str(key) in ("x", "x_train") for key in source)
        content = arrays(source, name) if held else columns_at_hand(source, name)
    elif reader is not None:
        content = replace(reader.read(path, **of["reader"]), source=name, name=short_name(name))
    if ahead:
        return open_forecasting(content, target, kinds or {}, splits, state, options, **of["forecast"])
    if named:
        said = (kinds or {}) if state is None else kinds_of(state, content)
        content = resolve_files(content, path.parent, said, **of["files"])
    return open_rows(replace(with_target(content, wanted.target, state), memory=allowed), wanted)


def reopen(state: Mapping[str, Any], source: str | Path | Mapping[str, Any] | None = None) -> Data:
    """The data that have this state, read again from their own source or from another one.

    Raises:
        DataError: this is not the state of any data, or the source can't be read.
    """
    return open_data(state.get("source", "") if source is None else source, state=state)


def reader_of(path: Path, name: str) -> ModuleType:
    """The file of `sources/` that reads a file or folder.

    Raises:
        DataError: there is no such path, or nobody reads it.
    """
    if name.startswith(hub.PREFIX):
        return hub
    if path.is_dir():
        return _folder_reader(path, name)
    if not path.is_file():
        close = closest(path.name, [file.name for file in path.parent.iterdir()]) if path.parent.is_dir() else ()
        raise DataError(
            "there is no such file or folder",
            where=name,
            fix=f"did you mean {path.parent / close[0]}?" if close else "give a path, or 'digits'",
        )
    ending = suffixes(path)[0]
    known = {ending: module for module in readers() for ending in getattr(module, "ENDINGS", ())}
    if ending not in known:
        raise DataError(
            f"files that end in {path.suffix or 'nothing'} are not read",
            where=name,
            expected=", ".join(known) + ", packed as .xz or .gz or not; or a folder",
        )
    return known[ending]


def _folder_reader(path: Path, name: str) -> ModuleType:
    for module in readers():
        if hasattr(module, "recognises") and module.recognises(path):
            return module
    raise DataError(
        "the folder holds nothing that is read",
        where=name,
        expected="arrays (x_train.npy …), a folder of images, recordings or texts for each class, or Parquet files",
        got=", ".join(sorted(file.name for file in path.iterdir())[:10]) or "nothing",
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
