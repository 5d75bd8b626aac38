"""Nothing of the validation and test rows reaches what is fitted: for every kind there is; one without a case fails.

Each case opens some data, changes some of their splits and opens them again. If only validation and test rows change,
the fitted state is the same to the last bit; if training rows change, it is not, so the case would notice a leak.
"""

import io
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from weftnet.data import KINDS, Data, open_data

ROWS = 120
ASIDE = ("validation", "test")
Pair = tuple[Data, Data]


def column(spec: Any, value: Callable[[int], Any], other: Any, target: str = "y") -> Callable[..., Pair]:
    """A column of a table; changed rows hold `other`."""

    def case(path: Path, splits: Sequence[str]) -> Pair:
        columns = {"v": [value(row) for row in range(ROWS)], "n": list(range(ROWS)), "y": ["a", "b"] * (ROWS // 2)}
        kinds = {"v": spec} if target == "y" else {"v": spec, "y": "category"}
        first = open_data(columns, target=target, kinds=kinds)
        for row in rows_of(first, splits):
            columns["v"][row] = other(row) if callable(other) else other
        return first, open_data(columns, target=target, kinds=kinds)

    return case


def two_targets(path: Path, splits: Sequence[str]) -> Pair:
    """A table with two targets; changed rows are far out in both."""
    columns = {name: [(row * step) % 17 / 7 for row in range(ROWS)] for name, step in (("v", 3), ("a", 5), ("b", 11))}
    first = open_data(columns, target=["a", "b"])
    for row in rows_of(first, splits):
        columns["a"][row], columns["b"][row] = -1e9, 1e6
    return first, open_data(columns, target=["a", "b"])


def array(shape: tuple[int, ...], kind: str) -> Callable[..., Pair]:
    """Whole arrays."""

    def case(path: Path, splits: Sequence[str]) -> Pair:
        x, y = np.random.default_rng(0).normal(size=(ROWS, *shape)), np.arange(ROWS) % 2
        first = open_data({"x": x, "y": y}, kinds={"x": kind})
        changed = x.copy()
        changed[rows_of(first, splits)] = 1e6
        return first, open_data({"x": changed, "y": y}, kinds={"x": kind})

    return case


def files(path: Path, splits: Sequence[str]) -> Pair:
    """A folder of images; changed ones are larger, and of another colour."""
    for row in range(ROWS):
        (path / "ab"[row % 2]).mkdir(exist_ok=True)
        (path / "ab"[row % 2] / f"{row:03}.png").write_bytes(picture(row))
    first = open_data(path)
    names = sorted(path.rglob("*.png"))
    for row in rows_of(first, splits):
        names[row].write_bytes(red(row))
    return first, open_data(path)


def running(path: Path, splits: Sequence[str]) -> Pair:
    """A text, of which the first nine tenths train."""
    text = "".join(chr(97 + (n * n + 7 * n) % 23) for n in range(1000))
    (path / "a.txt").write_text(text)
    first = open_data(path / "a.txt", context=10)
    (path / "a.txt").write_text(text[:900] + "é" * 100 if splits == ASIDE else "é" * 900 + text[900:])
    return first, open_data(path / "a.txt", context=10)


def forecast(calendar: bool) -> Callable[..., Pair]:
    """Series, whose first split trains; with dates as inputs beside them."""

    def case(path: Path, splits: Sequence[str]) -> Pair:
        rng = np.random.default_rng(0)
        begin = datetime(2020, 2, 27)
        columns = {
            "date": [str(begin + timedelta(hours=row)) for row in range(200)],
            "load": rng.normal(40, 7, 200),
            "oil": rng.normal(size=200),
        }
        options: dict[str, Any] = {
            "horizon": 3,
            "context": 8,
            "time": "date",
            "target": "oil",
            "calendar": calendar,
            "truth": "filled",
        }
        first = open_data(columns, **options)
        last_trained = int(first.rows("train").max()) + 2
        changed = slice(last_trained + 1, None) if splits == ASIDE else slice(0, last_trained + 1)
        others = {name: columns[name].copy() for name in ("load", "oil")}
        others["load"][changed], others["oil"][changed] = -1e9, np.nan  # and a gap at the same time
        others["oil"][0] = columns["oil"][0]
        return first, open_data(columns | others, **options)

    return case


def rows_of(data: Data, splits: Sequence[str]) -> list[int]:
    return [row for split in splits for row in data.rows(split).tolist()]


def picture(row: int, size: int = 6) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(row).integers(0, 256, (size, size), dtype=np.uint8)).save(stream, "png")
    return stream.getvalue()


def red(row: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), (255, row, 0)).save(stream, "png")
    return stream.getvalue()


def clips(path: Path, splits: Sequence[str]) -> Pair:
    """Folders of frames; changed clips are longer, larger and of another colour."""
    for row in range(ROWS):
        folder = path / "ab"[row % 2] / f"{row:03}"
        folder.mkdir(parents=True)
        for frame in range(3):
            (folder / f"{frame}.png").write_bytes(picture(10 * row + frame))
    first = open_data(path)
    folders = sorted(each.parent for each in path.rglob("0.png"))
    for row in rows_of(first, splits):
        for frame in range(9):
            (folders[row] / f"{frame}.png").write_bytes(red(row))
    return first, open_data(path)


def sound(row: int, rate: int = 800, loud: float = 0.1) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, loud * np.random.default_rng(row).normal(size=rate // 4 + row), rate, format="WAV")
    return stream.getvalue()


def sentence(row: int) -> str:
    return f"once upon a time {row % 7} there was"


def shared_vocabulary(path: Path, splits: Sequence[str]) -> Pair:
    """A text whose target is a text, with one vocabulary; changed rows have other words on both sides."""
    columns = {"v": [f"{sentence(row)} {row}" for row in range(ROWS)]}
    columns["w"] = [f"{each} too" for each in columns["v"]]
    kinds = {"w": {"subwords": {"most": 280, "shared": True}}}
    first = open_data(columns, target="w", kinds=kinds)
    for row in rows_of(first, splits):
        columns["v"][row], columns["w"][row] = f"{row} unheard of " * 40, f"{row} never seen " * 30
    return first, open_data(columns, target="w", kinds=kinds)


def masks(path: Path, splits: Sequence[str]) -> Pair:
    """Pictures and their masks; changed ones have other classes and another size."""
    for row in range(ROWS):
        classes = np.random.default_rng(row).integers(0, 3, (6, 6), dtype=np.uint8)
        for name, content in (("images", picture(row)), ("masks", grey(classes))):
            (path / name).mkdir(exist_ok=True)
            (path / name / f"{row:03}.png").write_bytes(content)
    first = open_data(path)
    for row in rows_of(first, splits):
        (path / "masks" / f"{row:03}.png").write_bytes(grey(np.arange(81, dtype=np.uint8).reshape(9, 9) % 3))
    return first, open_data(path)


def boxes(path: Path, splits: Sequence[str]) -> Pair:
    """Pictures and their boxes; changed ones are larger, with many more boxes of another class."""
    cells, pixels = np.empty(ROWS, object), np.random.default_rng(0).integers(0, 255, (ROWS, 8, 8), dtype=np.uint8)
    cells[:] = [{"size": [8, 8], "boxes": [[1, 1, 5, 6]], "labels": ["ab"[row % 2]]} for row in range(ROWS)]
    kinds = {"boxes": {"boxes": {"most": 60}}}

    def opened() -> Data:
        return open_data({"image": list(pixels), "boxes": list(cells)}, target="boxes", kinds=kinds)

    first = opened()
    for row in rows_of(first, splits):
        count = 1 if splits == ASIDE else 12  # a class that is unknown would be refused
        cells[row] = {"size": [16, 12], "boxes": [[0, 0, 12, 16]] * count, "labels": ["a", "b"] * (count // 2) or ["a"]}
    return first, opened()


def grey(pixels: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue()


CASES: dict[str, dict[str, Callable[..., Pair]]] = {
    "number": {
        "plain": column("number", lambda row: row / 7, -1e9),
        "gaps": column("number", lambda row: row / 7, None),
        "bins": column({"number": {"bins": 4}}, lambda row: row / 7, 1e9),
        "target": column("number", lambda row: row / 7, -1e9, target="v"),
    },
    "category": {
        "input": column("category", lambda row: ["red", "blue"][row // 2 % 2], "never"),
        "most": column({"category": {"most": 1}}, lambda row: ["red", "blue", "red"][row % 3], "blue"),
    },
    "text": {
        "words": column("text", sentence, "unheard of " * 40),
        "characters": column({"text": {"level": "characters"}}, sentence, "UNHEARD " * 40),
        "target": column({"text": {"level": "characters"}}, sentence, "UNHEARD " * 40, target="v"),
    },
    "date": {
        "words": column("date", lambda row: f"2020-{1 + row % 12:02}-{1 + row % 28:02}", "1950-01-01 13:45"),
        "gaps": column("date", lambda row: f"2020-{1 + row % 12:02}-{1 + row % 28:02}", None),
    },
    "subwords": {
        "input": column({"subwords": {"most": 280}}, sentence, "unheard of " * 40),
        "target": column({"subwords": {"most": 280}}, sentence, "unheard of " * 40, target="v"),
        "shared": shared_vocabulary,
    },
    "word_pieces": {"input": column({"word_pieces": {"most": 80}}, sentence, "unheard of " * 40)},
    "labels": {
        "input": column("labels", lambda row: ["new", "big"][: 1 + row % 2], lambda _: ["never"]),
        "target": column(
            {"labels": {"unseen": "ignore"}}, lambda row: ["new", "big"][: 1 + row % 2], lambda _: ["never"], "v"
        ),
    },
    "word_list": {
        "letters": column("word_list", lambda row: sentence(row).split(), ["never"] * 90),
        "words": column({"word_list": {"letters": 0}}, lambda row: sentence(row).split(), ["never"] * 90),
    },
    "tag_list": {"target": column("tag_list", lambda row: ["O", "B", "O", "O"][: 3 + row % 2], ["O", "B"] * 45, "v")},
    "video": {"frames": clips},
    "image": {
        "files": files,
        "bytes": column("image", picture, red),
        "arrays": array((3, 6, 6), "image"),
    },
    "audio": {"bytes": column("audio", sound, lambda row: sound(row, rate=1200, loud=0.9))},
    "vector": {"arrays": array((5,), "vector")},
    "several": {"targets": two_targets},
    "series": {"arrays": array((6, 2), "series")},
    "mask": {"files": masks},
    "boxes": {"sets": boxes},
    "characters": {"text": running},
    "window": {"table": forecast(calendar=False)},
    "forecast": {"table": forecast(calendar=False)},
    "calendar": {"dates": forecast(calendar=True)},
}
EVERY = [(kind, case) for kind, cases in CASES.items() for case in cases]


def test_every_kind_has_a_case() -> None:
    assert set(CASES) == set(KINDS.names())


@pytest.mark.parametrize(("kind", "case"), EVERY, ids=["-".join(each) for each in EVERY])
def test_only_the_training_rows_decide(kind: str, case: str, tmp_path: Path) -> None:
    first, second = CASES[kind][case](tmp_path, ASIDE)
    fitted = first.state()["preprocessing"]
    assert kind in [each["kind"] for each in (*fitted["columns"].values(), fitted["target"]) if each]
    assert first.fingerprint != second.fingerprint
    assert json.dumps(second.state()["preprocessing"]) == json.dumps(fitted)


@pytest.mark.parametrize(("kind", "case"), EVERY, ids=["-".join(each) for each in EVERY])
def test_a_case_would_notice(kind: str, case: str, tmp_path: Path) -> None:
    first, second = CASES[kind][case](tmp_path, ["train"])
    before, after = (json.dumps(data.state()["preprocessing"]) for data in (first, second))
    assert before != after
