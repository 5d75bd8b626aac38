"""A source: what reads one sort of files, folders, names or mappings; see `weftnet.data.sources`.

It is tried on its own `example(folder) → a path, a name or a mapping`, a function beside it that writes something small
into the folder. One that can have none says why: `no_example = "because …"`.
"""

import inspect
import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from weftnet.base.workplace import temporary
from weftnet.contract._check import Broken, Check, NotApplicable, checks, documented, expect
from weftnet.data.columns import Columns
from weftnet.data.content import Content
from weftnet.data.opening import open_data
from weftnet.data.sources import SOURCES, source_of
from weftnet.data.sources._place import Place
from weftnet.errors import DataError, MissingExtra

#: bytes that a stream may take
_MEMORY = 2**20


@dataclass(frozen=True)
class _Case:
    source: Any
    given: Any

    @property
    def place(self) -> Place:
        """What is asked to be opened."""
        return _place(self.given)

    @property
    def options(self) -> set[str]:
        """Of its reader."""
        return set(inspect.signature(self.source.read).parameters)

    def read(self, **options: Any) -> Any:
        """Its content."""
        held = isinstance(self.given, Mapping)
        return self.source.hold(self.given, "memory") if held else self.source.read(self.place.path, **options)

    def content(self) -> Content:
        """Its content, where it has rows."""
        content = self.read()
        if not isinstance(content, Content):
            raise NotApplicable("it gives one running text, without columns")
        return content


def source(name: str) -> list[Check]:
    """The checks of a source."""
    functions = [
        _knows_its_own, _knows_no_other, _agrees, _repeats, _streams, _refuses_large, _refuses_damaged, _opens,
        _documented,
    ]  # fmt: skip
    return checks(name, _case, functions)


def _case(name: str) -> _Case:
    return _found(SOURCES.get(name))


@lru_cache(maxsize=64)
def _found(entry: Any) -> _Case:
    """The case of an entry, made once; its files go with it."""
    make = getattr(entry, "example", None)
    if make is None:
        if reason := getattr(entry, "no_example", ""):
            raise NotApplicable(reason)
        fix = "write `example(folder) → path` beside it, which writes something small that it reads"
        raise Broken("there is nothing to try it on", fix=fix)
    stack = ExitStack()
    folder = stack.enter_context(temporary("contract"))
    try:
        case = _Case(entry, make(folder))
    except MissingExtra as missing:
        raise NotApplicable(str(missing)) from None
    weakref.finalize(case, stack.close)
    return case


def _knows_its_own(case: _Case) -> None:
    """Of all sources it is the surest of its example, and says so without reading it."""
    sure = case.source.opens(case.place)
    expect(0 < sure <= 1, "how sure it is", expected="above 0, at most 1", got=str(sure))
    expect(source_of(case.place) is case.source, "another source is surer", got=str(source_of(case.place)))


def _knows_no_other(case: _Case) -> None:
    """It takes no place from the source whose own it is, and none where there is nothing."""
    with temporary("contract") as folder:
        for nothing in (folder, folder / "nothing.here"):
            sure = case.source.opens(_place(nothing))
            expect(sure == 0, "it would open what holds nothing", expected="0", got=f"{sure} of {nothing}")
    for other in (SOURCES.get(name) for name in SOURCES):
        if other is case.source:
            continue
        try:
            place = _found(other).place
        except (Broken, NotApplicable):
            continue
        sure, owner = case.source.opens(place), other.opens(place)
        expect(sure < owner, f"it takes {place.name} from its source", expected=f"below {owner}", got=str(sure))


def _agrees(case: _Case) -> None:
    """Its columns have one length; target and splits are of these columns and rows."""
    content = case.content()
    lengths = {name: len(_values(content, name)) for name in content.columns}
    expect(len(set(lengths.values())) == 1, "the columns differ in length", got=str(lengths))
    known = content.target is None or content.target in content.columns
    expect(known, "the target is no column", expected=", ".join(content.columns), got=str(content.target))
    rows = np.concatenate([np.asarray(rows) for rows in content.splits.values()]) if content.splits else np.arange(0)
    inside = rows.size == 0 or bool(rows.min() >= 0 and rows.max() < content.count)
    expect(inside and len(np.unique(rows)) == rows.size, "a row is in two splits, or in none that there is")
    strange = {*content.aside, *content.kinds} - set(content.columns)
    expect(not strange, "it says something of columns that there are not", got=", ".join(strange))


def _repeats(case: _Case) -> None:
    """Read again it is the same, with the same fingerprint."""
    first, second = case.read(), case.read()
    if not isinstance(first, Content):
        expect(first == second, "a second reading differs")
        return
    _same(first, second)


def _streams(case: _Case) -> None:
    """Left on disk it holds the same as in memory."""
    if not hasattr(case.source, "stream") or isinstance(case.given, Mapping):
        raise NotApplicable("it has no `stream`: what it reads has to fit into memory")
    with temporary("contract") as folder:
        _same(case.content(), case.source.stream(case.place.path, folder, memory=_MEMORY))


def _refuses_large(case: _Case) -> None:
    """What is larger than the limit is refused as data."""
    if "limit" not in case.options or isinstance(case.given, Mapping):
        raise NotApplicable("it takes no `limit`")
    try:
        case.read(limit=1)
    except DataError:
        return
    raise Broken("it reads more than the limit allows", fix="use weftnet.data.read, which counts while it unpacks")


def _refuses_damaged(case: _Case) -> None:
    """A file that is cut off or empty is refused as data."""
    if case.place.values is not None or not case.place.path.is_file():
        raise NotApplicable("it is no file")
    original = case.place.path.read_bytes()
    with temporary("contract") as folder:
        for share in (0, 1):
            cut = folder / case.place.path.name
            cut.write_bytes(original[: len(original) * share // 2])
            try:
                case.source.read(cut)
            except DataError:
                continue
            if not share:
                raise Broken("an empty file is read", fix="raise DataError")


def _opens(case: _Case) -> None:
    """Its example can be opened, and gives batches for training."""
    data = open_data(case.given)
    expect(sum(data.sizes.values()) > 0, "there are no rows", got=str(data.sizes))
    batch = data.train_batch(0, 2, 0)
    expect(batch.size == 2, "the batch has another size", expected="2", got=str(batch.size))


def _documented(case: _Case) -> None:
    """It says what it reads."""
    documented(case.source)


def _place(given: Any) -> Place:
    values = given if isinstance(given, Mapping) else None
    name = "memory" if isinstance(given, Mapping) else str(given)
    return Place(name, Path(name), values)


def _values(content: Content, name: str) -> Any:
    if isinstance(content.columns, Columns) and content.on_disk(name):
        return np.concatenate(list(content.chunks(name)))
    return content.columns[name]


def _same(one: Content, other: Content) -> None:
    fix = "hash what was read: names, types and values"
    expect(one.fingerprint == other.fingerprint, "the fingerprint is another", fix=fix)
    expect(list(one.columns) == list(other.columns), "the columns are others", got=", ".join(other.columns))
    differing = [
        name for name in one.columns if not _equal(np.asarray(_values(one, name)), np.asarray(_values(other, name)))
    ]
    expect(not differing, "the values are others", got=", ".join(differing))
    splits = [{name: np.asarray(rows).tolist() for name, rows in each.splits.items()} for each in (one, other)]
    expect(splits[0] == splits[1] and one.target == other.target, "splits or target are others")


def _equal(one: Any, other: Any) -> bool:
    if one.dtype.kind == "f" and other.dtype.kind == "f":
        return bool(np.array_equal(one, other, equal_nan=True))
    return bool(one.shape == other.shape and repr(one.tolist()) == repr(other.tolist()))
