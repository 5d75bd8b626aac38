"""`predict`: an answer for every example, as CSV, JSON or JSON lines, or in a form of the task's own (`_own`).

Pictures among the answers are files beside a table: NAME.csv and NAME/1-mask.png …, by line and field.
"""

import csv
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from weftnet.answer.predict import AnswerStream, flat, of_source, of_texts, of_values
from weftnet.base.answers import File
from weftnet.base.files import replace, sha256, write_json
from weftnet.base.replacing import MARK, clear, marked, unchanged
from weftnet.base.workplace import whole, workplace
from weftnet.cli._output import PEOPLE, Output
from weftnet.compete import competition as compete
from weftnet.errors import DataError, SettingError
from weftnet.run.loading import load
from weftnet.tasks import ANSWERS
from weftnet.tasks._inference import check_options, options_from

#: Answers for the terminal are buffered in memory up to this many bytes, beyond that on the disk.
_BUFFER = 2**22

#: lists the files of answers in their folder, with checksums
_MANIFEST = ".weftnet-answers.json"

Line = dict[str, Any]


def predict_command(
    run: Path,
    sources: Sequence[str],
    texts: Sequence[str],
    values: Sequence[str],
    out: Path | None,
    ask: Sequence[str] = (),
    output: Output = PEOPLE,
) -> None:
    """Answer every example and print or write the answers; if an example can't be used, nothing is written.

    Without a file answers are printed as CSV; with `--json` they are in the document.

    Raises:
        WeftnetError: there is nothing to answer, or an example can't be used.
    """
    form = "csv" if out is None else out.suffix.removeprefix(".")
    if form not in _WRITERS:
        raise SettingError(
            "answers are written as CSV or JSON", expected="NAME.csv, NAME.json or NAME.jsonl", got=str(out)
        )
    loaded = load(compete.best_run(run))
    options = options_from(ask)
    check_options(loaded.run.facts.task.name, options)
    questions = [of_source(loaded, source, options) for source in sources]
    questions += [of_texts(loaded, texts, options=options)] if texts else []
    questions += [of_values(loaded, _pairs(values), options)] if values else []
    if not questions:
        fix = "name files or folders, or use --text or --value"
        raise DataError("there is nothing to answer", where="predict", fix=fix)
    notes = list(dict.fromkeys(note for question in questions for note in question.notes))
    for note in notes if output.talks else ():
        print(f"note: {note}", file=sys.stderr)
    document = {"run": loaded.run.folder, "notes": notes, "file": out}
    if out is None and output.as_json:
        output.end({**document, "answers": list(lines(questions, False))})
        return
    write = _own(loaded.run.facts.task.name, out) or _WRITERS[form]
    if out is not None:
        with _folder_of(out) as folder:
            replace(out, lambda new: _into(new, write, questions, folder, out.with_suffix("")))
        output.end(document, out)
        return
    with tempfile.SpooledTemporaryFile(_BUFFER, "w+", encoding="utf-8", newline="") as file:
        write(lines(questions, form == "csv"), file)  # type: ignore[arg-type]  # behaves as a text file
        file.seek(0)
        shutil.copyfileobj(file, sys.stdout)


def _own(task: str, out: Path | None) -> Callable[[Iterable[Line], TextIO], None] | None:
    """Writes a form of answers that this task alone has, by the ending: `NAME.coco.json`; None for the usual ones."""
    own: Mapping[str, Callable[[Iterable[Line]], Any]] = getattr(ANSWERS.module(task), "WRITES", {})
    document = own.get("".join(out.suffixes[-2:])) if out is not None else None
    if document is None:
        return None
    return lambda lines, file: print(json.dumps(document(lines), ensure_ascii=False), file=file)


def lines(questions: Sequence[AnswerStream], table: bool) -> Iterator[Line]:
    """The answers with the names of their examples: `file`, `row` or `series`, and `source` if there are several."""
    several = len(questions) > 1 and not all(each.files for each in questions)
    for each in questions:
        for name, answer in each.answers:
            head: Line = {"source": each.source} if several else {}
            if several:
                head |= dict.fromkeys(["file", "row", *(every.named for every in questions)], "")
            yield {**head, each.named: name, **(flat(answer, each.forms) if table else answer)}


def _pairs(values: Sequence[str]) -> dict[str, str]:
    """column=value pairs; the value is kept as text: 01234 stays 01234."""
    for pair in values:
        if "=" not in pair:
            raise SettingError("a value is written column=value", got=pair)
    return {name.strip(): text for name, _, text in (pair.partition("=") for pair in values)}


def _into(
    path: Path,
    write: Callable[[Iterable[Line], TextIO], None],
    questions: Sequence[AnswerStream],
    folder: Path,
    place: Path,
) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        write(_with_files(lines(questions, write is _csv), folder, place), file)


@contextmanager
def _folder_of(out: Path) -> Iterator[Path]:
    """A new folder, whose files lie in the folder NAME beside NAME.csv at the end; after an error or a kill none do."""
    with workplace(out.absolute().parent, out.stem) as new:
        folder = new / out.stem
        yield folder
        if folder.is_dir():
            listed = {path.name: sha256(path) for path in sorted(folder.iterdir())}
            write_json(folder / _MANIFEST, {**MARK, "files": listed})
            place = out.with_suffix("")
            with whole(place, lambda: place.is_dir() and clear(place, _earlier(place))) as shown:
                shutil.copytree(folder, shown, dirs_exist_ok=True)


def _earlier(place: Path) -> list[Path]:
    """The files of earlier answers in a folder, as they were written, and their manifest."""
    listed = marked(place / _MANIFEST).get("files")
    return [*unchanged(place, listed), place / _MANIFEST] if isinstance(listed, dict) else []


def _refuse_others(place: Path) -> None:
    """Refuse a folder for the answers' files that holds other files.

    Raises:
        SettingError: it does.
    """
    there = set(place.iterdir()) if place.is_dir() else set()
    if others := sorted(path.name for path in there - set(_earlier(place))):
        what = "the folder for the answers' files holds something else"
        raise SettingError(what, where=str(place), got=", ".join(others[:5]), fix="give another --out")


def _with_files(lines: Iterable[Line], folder: Path, place: Path) -> Iterator[Line]:
    """The lines, with the cells that are files written into a folder and replaced by their names in its later place.

    Raises:
        SettingError: the place holds something else.
    """
    for number, line in enumerate(lines, 1):
        named = {name: f"{number}-{name}{cell.suffix}" for name, cell in line.items() if isinstance(cell, File)}
        for name, file in named.items():
            if not folder.is_dir():
                _refuse_others(place)
                folder.mkdir()
            (folder / file).write_bytes(line[name].content)
        yield line | {name: f"{folder.name}/{file}" for name, file in named.items()}


def _csv(answers: Iterable[Line], file: TextIO) -> None:
    writer: csv.DictWriter[str] | None = None
    for line in answers:
        if writer is None:
            writer = csv.DictWriter(file, list(line), lineterminator="\n")
            writer.writeheader()
        writer.writerow(line)


def _json(answers: Iterable[Line], file: TextIO) -> None:
    before = "[\n"
    for line in answers:
        file.write(before + json.dumps(line, ensure_ascii=False))
        before = ",\n"
    file.write("\n]\n")


def _jsonl(answers: Iterable[Line], file: TextIO) -> None:
    for line in answers:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


_WRITERS: dict[str, Callable[[Iterable[Line], TextIO], None]] = {"csv": _csv, "json": _json, "jsonl": _jsonl}
