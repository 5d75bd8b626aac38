"""`predict`: an answer for every example, as CSV, JSON or JSON lines."""

import csv
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from weftnet.answer.predict import Asked, flat, of_source, of_texts, of_values
from weftnet.base.files import replace
from weftnet.compete import competition as compete
from weftnet.errors import DataError, SettingError
from weftnet.run.loading import load

#: answers on their way to the terminal: kept in memory up to this many bytes, then on the disk
_KEPT = 2**22

Line = dict[str, Any]


def predict_command(
    run: Path, sources: Sequence[str], texts: Sequence[str], values: Sequence[str], out: Path | None
) -> None:
    """Answer every example and print or write the answers; nothing is written if one of them can't be used.

    Raises:
        WeftnetError: there is nothing to answer, or an example can't be used.
    """
    form = "csv" if out is None else out.suffix.removeprefix(".")
    if form not in _WRITERS:
        raise SettingError("answers are CSV or JSON", expected="NAME.csv, NAME.json or NAME.jsonl", got=str(out))
    loaded = load(compete.best_run(run))
    asked = [of_source(loaded, source) for source in sources]
    asked += [of_texts(loaded, texts)] if texts else []
    asked += [of_values(loaded, _pairs(values))] if values else []
    if not asked:
        fix = "name files or folders, or give --text or --value"
        raise DataError("there is nothing to answer", where="predict", fix=fix)
    write = _WRITERS[form]
    if out is not None:
        replace(out, lambda new: _into(new, write, asked))
        return
    with tempfile.SpooledTemporaryFile(_KEPT, "w+", encoding="utf-8", newline="") as file:
        write(lines(asked, form == "csv"), file)  # type: ignore[arg-type]  # a text file in all but name
        file.seek(0)
        shutil.copyfileobj(file, sys.stdout)


def lines(asked: Sequence[Asked], table: bool) -> Iterator[Line]:
    """The answers with the names of their examples: `file`, or `row`, and `source` where several are asked."""
    several = len(asked) > 1 and not all(each.files for each in asked)
    for each in asked:
        for name, answer in each.answers:
            head: Line = {"source": each.source} if several else {}
            key = "row" if not each.files else "file"
            if several:
                head |= {"file": "", "row": ""}
            yield {**head, key: name, **(flat(answer) if table else answer)}


def _pairs(values: Sequence[str]) -> dict[str, str]:
    """column=value, the value as it stands: 01234 stays a word."""
    for pair in values:
        if "=" not in pair:
            raise SettingError("a value is written column=value", got=pair)
    return {name.strip(): text for name, _, text in (pair.partition("=") for pair in values)}


def _into(path: Path, write: Callable[[Iterable[Line], TextIO], None], asked: Sequence[Asked]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        write(lines(asked, write is _csv), file)


def _csv(found: Iterable[Line], file: TextIO) -> None:
    writer: csv.DictWriter[str] | None = None
    for line in found:
        if writer is None:
            writer = csv.DictWriter(file, list(line), lineterminator="\n")
            writer.writeheader()
        writer.writerow(line)


def _json(found: Iterable[Line], file: TextIO) -> None:
    before = "[\n"
    for line in found:
        file.write(before + json.dumps(line, ensure_ascii=False))
        before = ",\n"
    file.write("\n]\n")


def _jsonl(found: Iterable[Line], file: TextIO) -> None:
    for line in found:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


_WRITERS: dict[str, Callable[[Iterable[Line], TextIO], None]] = {"csv": _csv, "json": _json, "jsonl": _jsonl}
