"""Aligned texts: a file for each language, whose lines belong together, as `train.en` and `train.de`.

    FOLDER/train.en, FOLDER/train.de, FOLDER/val.en, FOLDER/val.de …     the name begins with the split, or ends with it
    corpus.en                                                            with corpus.de beside it

A column for each language, called like the ending: a code of ISO 639-1, with a region or not (`pt`, `pt_br`), or `src`,
`tgt`, `source`, `target`. Which one is the target has to be said: `--target de`. Files may be compressed as .xz or .gz.
Line n of one file belongs to line n of the others; files of one name with other numbers of lines are refused.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from weftnet.base.limits import limit as limit_of
from weftnet.data.content import Content, short_name
from weftnet.data.read import LIMIT, read_text, suffixes, too_large
from weftnet.data.sources._layout import splits_of
from weftnet.data.sources._place import Place
from weftnet.errors import DataError

FOLDER = "a folder of aligned texts, as train.en and train.de"
#: bytes in memory for each byte of the files
WEIGHT = 10
_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo "
    "es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka "
    "kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng "
    "nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su "
    "sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu src tgt source target"
)
_LANGUAGES = frozenset(_CODES.split())


def opens(place: Place) -> float:
    """Folders whose files are texts in the same two or more languages, and a file with another language beside it."""
    if place.is_folder:
        texts = _texts(place.path)
        return 0.9 if texts and all(len(files) > 1 for files in texts.values()) else 0.0
    if place.values is not None or not place.path.is_file() or not _language(place.path):
        return 0.0
    return 0.9 if len(_texts(place.path.parent)[_stem(place.path)]) > 1 else 0.0


def read(path: Path, *, encoding: str = "utf-8", limit: int = LIMIT) -> Content:
    """Read the texts of a folder, or a file and those of its name.

    Args:
        path: the folder, or one of the files.
        encoding: of the files.
        limit: bytes all texts together may have.

    Raises:
        DataError: files of one name have different numbers of lines, a language is missing in one, or a file beside
            those of the training split names no split.
    """
    texts = _texts(path) if path.is_dir() else {_stem(path): _texts(path.parent)[_stem(path)]}
    languages = list(next(iter(texts.values())))
    columns: dict[str, list[str]] = {language: [] for language in languages}
    digest, room, counts = hashlib.sha256(), limit or limit_of("bytes"), {}
    for stem, files in texts.items():
        if sorted(files) != sorted(languages):
            raise DataError("the texts are not all in the same languages", where=str(path / stem),
                            expected=", ".join(languages), got=", ".join(files))  # fmt: skip
        lines = {}
        for language, file in files.items():
            words = read_text(file, limit, encoding)
            room -= len(words)
            if room < 0:
                raise too_large(path, limit or limit_of("bytes"))
            digest.update(f"{stem}.{language}:{len(words)};{words}".encode("utf-8", "surrogatepass"))
            lines[language] = [line.removesuffix("\r") for line in words.removesuffix("\n").split("\n")]
        _same_length(files, lines)
        for language in languages:
            columns[language] += lines[language]
        counts[files[languages[0]]] = len(lines[languages[0]])
    splits, notes = _splits(path, counts)
    blank = sum(not all(map(str.strip, pair)) for pair in zip(*columns.values(), strict=True))
    return Content(
        short_name(str(path)),
        str(path),
        {name: np.array(values, dtype=object) for name, values in columns.items()},
        digest.hexdigest(),
        table=True,
        typed=True,
        first=1,
        splits=splits,
        parts=tuple((str(file), count) for file, count in counts.items()),
        notes=(*notes, *[f"{blank} lines are empty in one of {', '.join(languages)}"] * bool(blank)),
    )


def _texts(folder: Path) -> dict[str, dict[str, Path]]:
    """Name without language → language → file; of a folder in the order of names and languages."""
    found: dict[str, dict[str, Path]] = {}
    for file in sorted(folder.iterdir()):
        if file.is_file() and not file.name.startswith(".") and (language := _language(file)):
            found.setdefault(_stem(file), {})[language] = file
    return found


def _language(file: Path) -> str:
    """What a file's ending says, without that of the compression; empty if it is no language."""
    ending = suffixes(file)[0].removeprefix(".")
    return ending if re.split(r"[-_]", ending)[0] in _LANGUAGES else ""


def _stem(file: Path) -> str:
    """The name without language and compression."""
    return file.name[: len(file.name) - len("".join(suffixes(file)))]


def _same_length(files: Mapping[str, Path], lines: Mapping[str, list[str]]) -> None:
    """Refuse files of one name that have different numbers of lines."""
    counts = {language: len(each) for language, each in lines.items()}
    if len(set(counts.values())) > 1:
        got = ", ".join(f"{files[language].name}: {count}" for language, count in counts.items())
        raise DataError("the texts are not aligned: they differ in their numbers of lines",
                        where=str(next(iter(files.values())).parent), got=got)  # fmt: skip


def _splits(path: Path, counts: Mapping[Path, int]) -> tuple[dict[str, np.ndarray], list[str]]:
    """The rows of each split that the names tell, and a note where several files are one; {} where none is `train`."""
    if len(counts) == 1:
        return {}, []
    named = splits_of(counts, path)
    if "train" not in named.values():
        return {}, [f"{', '.join(_stem(file) for file in counts)}: one after another, as no name says `train`"]
    rows: dict[str, list[np.ndarray]] = {}
    files: dict[str, list[str]] = {}
    start = 0
    for file, count in counts.items():
        if (split := named[file]) is None:
            raise DataError("the name says no split, while others do", where=str(file),
                            expected="train, val or test in it", fix="move it elsewhere")  # fmt: skip
        rows.setdefault(split, []).append(np.arange(start, start := start + count))
        files.setdefault(split, []).append(_stem(file))
    several = [f"{split}: {', '.join(names)}, one after another" for split, names in files.items() if len(names) > 1]
    return {split: np.concatenate(each) for split, each in rows.items()}, several


def example(folder: Path) -> Path:
    """Numbers in words, English and German."""
    words = {"en": "zero one two three four five six seven eight nine", "de": "null eins zwei drei vier fünf sechs"}
    words["de"] += " sieben acht neun"
    (folder / "numbers").mkdir()
    for split, count in (("train", 24), ("val", 6), ("test", 6)):
        for language, digits in words.items():
            rows = [" ".join(digits.split()[place] for place in (k % 10, k % 7, k % 3)) for k in range(count)]
            (folder / "numbers" / f"{split}.{language}").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / "numbers"
