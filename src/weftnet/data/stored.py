"""Encoded rows on disk: written once from a content too large for memory, reused when it is opened again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data import cache
from weftnet.data.columns import Columns
from weftnet.data.content import Content
from weftnet.data.memory import ROW, words
from weftnet.data.order import Rows
from weftnet.data.preprocessing import Preprocessing
from weftnet.data.splits import SPLITS
from weftnet.data.targets import encoded_target
from weftnet.data.ways import setting
from weftnet.errors import DataError


@dataclass(frozen=True)
class Stored:
    """Encoded rows.

    Args:
        inputs: arrays mapped from disk, by input.
        target: the encoded target, if there is one.
        splits: row numbers by split.
        preprocessing: by which they were encoded.
        state: the rest of the data's state.
        notes: the findings so far.
    """

    inputs: Mapping[str, NDArray[Any]]
    target: NDArray[Any] | None
    splits: Mapping[str, Rows]
    preprocessing: Preprocessing
    state: Mapping[str, Any]
    notes: list[str]


def find(key: str) -> tuple[Stored | None, list[str]]:
    """What was stored under this key, if it is intact; and a note if it is not."""
    entry, fault = cache.find(key)
    return None if entry is None else _opened(entry), [fault] * bool(fault)


def fits(content: Content, preprocessing: Preprocessing) -> bool:
    """Whether the encoded rows may stay in memory."""
    if content.chunk:
        return False
    row = sum(
        signal.numel * (8 if signal.dtype == "int" else 4)
        for name, signal in preprocessing.signals.items()
        if not is_array(content, preprocessing, name)
    )
    if preprocessing.target is not None and content.target is not None:
        signal = preprocessing.target.signal
        row += 8 * (signal.numel if len(signal.sizes) > 1 or signal.kind == "tokens" else 1)
    return not content.memory or content.count * row <= content.memory


def is_array(content: Content, preprocessing: Preprocessing, name: str) -> bool:
    """Whether an input is an array of images in memory: if it is large, it is encoded batch by batch."""
    if preprocessing.signals[name].kind != "image":
        return False
    return content.columns[preprocessing.inputs[name][0]].dtype.kind != "O"


def store(
    content: Content,
    preprocessing: Preprocessing,
    splits: Mapping[str, Rows],
    state: Mapping[str, Any],
    notes: list[str],
    key: str,
) -> Stored:
    """Encode all rows to disk, chunk by chunk.

    Raises:
        Unwritable: the disk is full or can't be written, and so is that of temporary files.
    """
    try:
        return _store(content, preprocessing, splits, state, notes, key)
    except cache.Unwritable as fault:  # in the middle of it
        if not cache.elsewhere(fault):
            raise
        return _store(content, preprocessing, splits, state, notes, key)


def _store(
    content: Content,
    preprocessing: Preprocessing,
    splits: Mapping[str, Rows],
    state: Mapping[str, Any],
    notes: list[str],
    key: str,
) -> Stored:
    names = list(preprocessing.inputs)
    facts = {
        "inputs": names,
        "preprocessing": preprocessing.state(),
        "target": preprocessing.target is not None and content.target is not None,
        "state": dict(state),
        "notes": notes,
    }
    with cache.scratch() as folder:
        for number, name in enumerate(names):
            cache.write_array(folder, f"input-{number}", preprocessing.chunks(content, name), content.count)
        if facts["target"] and preprocessing.target is not None:
            cache.write_array(folder, "target", encoded_target(content, preprocessing.target), content.count)
        for split in SPLITS:
            cache.write_array(folder, f"rows-{split}", iter([splits[split]]), len(splits[split]))
        return _opened(cache.keep(folder, key, facts))


def with_target_in_memory(content: Content) -> Content:
    """The content with its target in memory, if that is a single value per row; each row takes a few bytes in any case.

    Raises:
        DataError: the rows are so many that their numbers alone take more memory than allowed.
    """
    if content.chunk and content.count * ROW > content.memory:
        raise DataError(
            f"{content.count} rows need more memory than allowed, however small each row is",
            where=content.source,
            expected=f"at least {words(content.count * ROW)}",
            got=words(content.memory),
            fix=setting("memory", content.count * ROW),
        )
    target, columns = content.target, content.columns
    if target is None or not isinstance(columns, Columns) or not columns.is_on_disk(target):
        return content
    return content if next(content.chunks(target)).ndim > 1 else replace(content, columns=columns.held(target))


def _opened(entry: cache.Entry) -> Stored:
    facts = entry.facts
    target = entry.array("target") if facts["target"] else None
    note = f"larger than memory: encoded once to disk, {words(entry.bytes)} in {entry.path}"
    return Stored(
        {name: np.asarray(entry.array(f"input-{number}")) for number, name in enumerate(facts["inputs"])},
        np.array(target) if target is not None and target.ndim == 1 else target,
        {split: np.array(entry.array(f"rows-{split}")) for split in SPLITS},
        Preprocessing.from_state(facts["preprocessing"]),
        facts["state"],
        [*facts["notes"], note],
    )
